"""What somebody orders: a batch of fresh codes."""

from datetime import date
from typing import Annotated

import msgspec

from codegen.domain.batches import BatchOrder, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.pipeline.issuing import Issuance
from codegen.pipeline.terms import Regions
from core.bounds import Body
from core.fields import Text64


class NewUnit(msgspec.Struct, frozen=True, kw_only=True):
    """A roll or box of a batch; indexes are 0-based and inclusive."""

    name: Text64
    from_index: int
    to_index: int


class NewBatch(Body, frozen=True, kw_only=True):
    """An order for codes."""

    quantity: Annotated[int, msgspec.Meta(examples=[100_000])]
    gtin: Annotated[str | None, msgspec.Meta(examples=["06901234567892"])] = None
    campaign_id: Annotated[Text64 | None, msgspec.Meta(examples=["demo-points"])] = None
    placement: Placement = Placement.INSIDE
    units: tuple[NewUnit, ...] = ()
    lot: Text64 | None = None
    produced_on: date | None = None
    sale_regions: Regions = ()
    line: Text64 | None = None
    link_base: Text64 | None = None
    link_form: LinkForm = LinkForm.SHORT


def order_from(data: NewBatch, issuance: Issuance) -> BatchOrder:
    """Check an order; raises InvalidInput naming each wrong field."""
    fields = {name: getattr(data, name) for name in NewBatch.__struct_fields__}
    return BatchOrder.check(
        **fields
        | {
            "units": tuple(Unit(u.name, u.from_index, u.to_index) for u in data.units),
            "link_base": data.link_base or issuance.link_base,
        }
    )
