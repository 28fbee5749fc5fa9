"""The fields that several routes of codegen read, with their limits."""

from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from codegen.domain.gtin import GtinError, normalise_gtin
from core.bounds import MAX_INTEGER, MAX_PAGE, MAX_SENTENCE, MAX_TEXT
from core.errors import InvalidInput

Text64 = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Sentence = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SENTENCE)]
Codes = Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)]
# Which exist is known to codegen.domain.regions.
Regions = Annotated[tuple[Text64, ...], msgspec.Meta(max_length=100)]
QueryId = Annotated[int, QueryParameter(ge=0, le=MAX_INTEGER)]
OptionalId = Annotated[int | None, QueryParameter(ge=0, le=MAX_INTEGER)]
Cursor = OptionalId
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]


def read_gtin(given: str) -> str:
    """Normalise a GTIN to 14 digits; raises InvalidInput at /gtin."""
    try:
        return normalise_gtin(given)
    except GtinError as fault:
        raise InvalidInput.field("/gtin", "invalid_gtin", fault.detail) from None
