"""Batches as staff see them, one or many."""

from datetime import date, datetime

import msgspec

from codegen.domain.batches import Batch, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.symbol_size import SymbolSize
from codegen.pipeline.issuing import Issuance


class BatchItem(msgspec.Struct, frozen=True, kw_only=True):
    """A batch, as staff see it in a list: without its units."""

    batch_id: int
    epoch: int
    first_serial: int
    quantity: int
    state: str
    counts: dict[str, int]
    gtin: str | None
    campaign_id: str | None
    brand: str | None
    placement: Placement
    lot: str | None
    produced_on: date | None
    sale_regions: tuple[str, ...]
    line: str | None
    link_base: str
    link_form: LinkForm
    symbol: SymbolSize | None
    issued_by: str
    issued_at: datetime


class BatchView(BatchItem, frozen=True, kw_only=True):
    """A batch, as staff see it, and what they should know before it is printed."""

    units: tuple[Unit, ...]
    warnings: tuple[str, ...]


def view_batch(batch: Batch, issuance: Issuance) -> BatchView:
    """Show a batch, with what should be known before it is printed."""
    names = (*BatchItem.__struct_fields__, "units")
    shown = {name: getattr(batch, name) for name in names}
    return BatchView(**shown, warnings=issuance.warnings_of(batch))


def list_item(batch: Batch) -> BatchItem:
    """Show a batch in a list."""
    return BatchItem(
        **{name: getattr(batch, name) for name in BatchItem.__struct_fields__}
    )
