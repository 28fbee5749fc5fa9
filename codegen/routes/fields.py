"""The fields that several routes of codegen read, with their limits."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from litestar.params import QueryParameter

from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.ranges import ActivationTerms
from core.bounds import MAX_INTEGER, MAX_PAGE, MAX_SENTENCE, MAX_TEXT, Body
from core.errors import InvalidInput
from core.moments import When, read_start

Text64 = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SENTENCE)]
Codes = Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)]
# Which exist is known to codegen.domain.regions.
Regions = Annotated[tuple[Text64, ...], msgspec.Meta(max_length=100)]
QueryId = Annotated[int, QueryParameter(ge=0, le=MAX_INTEGER)]
OptionalId = Annotated[int | None, QueryParameter(ge=0, le=MAX_INTEGER)]
Cursor = OptionalId
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]


class Terms(Body, frozen=True, kw_only=True):
    """What codes stand for; what is left out comes from their batch."""

    gtin: str | None = None
    lot: Text64 | None = None
    produced_on: date | None = None
    plant: Text64 | None = None
    line: Text64 | None = None
    sale_regions: Regions | None = None
    campaign_id: Text64 | None = None
    effective_at: When | None = None

    def read(self, timezone: ZoneInfo) -> ActivationTerms:
        """Read when they begin in the brand's calendar; raises InvalidInput."""
        return ActivationTerms(
            self.gtin,
            self.lot,
            self.produced_on,
            self.plant,
            self.line,
            self.sale_regions,
            self.campaign_id,
            read_start("/effective_at", self.effective_at, timezone),
        )


def read_gtin(given: str) -> str:
    """Normalise a GTIN to 14 digits; raises InvalidInput at /gtin."""
    try:
        return normalise_gtin(given)
    except GtinError as fault:
        raise InvalidInput.field("/gtin", "invalid_gtin", fault.detail) from None
