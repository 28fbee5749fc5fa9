"""What is in the bottle, and until when it is good; pure."""

from dataclasses import dataclass
from datetime import date

from codegen.domain.ranges import Binding


@dataclass(frozen=True, slots=True)
class Product:
    """What is in the bottle."""

    gtin: str
    name: str
    brand: str
    shelf_life_days: int | None = None
    page_url: str | None = None


def sell_by(binding: Binding, product: Product | None) -> date | None:
    """Tell the last day on which goods may be sold; None when nobody said."""
    if product is None or product.shelf_life_days is None:
        return None
    if binding.produced_on is None:
        return None
    last = binding.produced_on.toordinal() + product.shelf_life_days
    # A day that no calendar has is told to nobody, and fails nobody's scan.
    return date.fromordinal(last) if 1 <= last <= date.max.toordinal() else None
