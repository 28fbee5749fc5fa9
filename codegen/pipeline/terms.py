"""What somebody says that codes stand for, read by the brand's calendar; pure."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from codegen.domain.ranges import ActivationTerms
from core.bounds import Body
from core.fields import Text64
from core.moments import When, read_start

# Which exist is known to codegen.domain.regions.
Regions = Annotated[tuple[Text64, ...], msgspec.Meta(max_length=100)]


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
