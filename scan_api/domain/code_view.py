"""A look at a code, which is no scan of it."""

from dataclasses import dataclass
from datetime import date

from codegen.domain.products import Product
from rewards.domain.active_campaigns import Offer
from scan_api.domain.scans import Outcome


@dataclass(frozen=True, slots=True)
class CodeView:
    """What a look at a code shows; looking is not scanning."""

    outcome: Outcome
    product: Product | None = None
    instructions: str | None = None
    claimed: bool | None = None
    pays: bool = True
    first_claimed_ms: int | None = None
    code_id: int | None = None
    sell_by: date | None = None
    offer: Offer | None = None
