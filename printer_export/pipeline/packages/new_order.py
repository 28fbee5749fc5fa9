"""What somebody orders of a batch, worked out to indexes and days; pure."""

from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from codegen.domain.batches import Batch, Selection
from codegen.domain.code_text import LinkForm
from core.bounds import Body
from core.errors import InvalidInput
from core.fields import Text64
from core.moments import When, read_end
from printer_export.domain.messages import message
from printer_export.domain.packages.orders import (
    Encryption,
    PackageOrder,
    Sheet,
    Unwind,
)
from printer_export.domain.packages.rows import Preset
from printer_export.files.archive import check_recipients
from printer_export.files.images import MIN_MODULE_MM

ModuleMm = Annotated[float, msgspec.Meta(ge=MIN_MODULE_MM, le=2)]


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """How a package is closed."""

    kind: Encryption
    age_recipients: Annotated[tuple[str, ...], msgspec.Meta(max_length=20)] = ()


class NewPackage(Body, frozen=True, kw_only=True):
    """An order for a package of a batch's codes."""

    preset: Annotated[Preset, msgspec.Meta(examples=["csv"])]
    unit: Text64 | None = None
    from_index: Annotated[int, msgspec.Meta(ge=0)] | None = None
    to_index: Annotated[int, msgspec.Meta(ge=0)] | None = None
    quantity: Annotated[int, msgspec.Meta(ge=1)] | None = None
    overage_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0
    codes_per_roll: Annotated[int, msgspec.Meta(ge=1)] | None = None
    lanes: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    unwind: Unwind = Unwind.FORWARD
    link_form: LinkForm | None = None
    encryption: Closing | None = None
    sheet: Sheet = Sheet.NONE
    module_mm: ModuleMm | None = None
    printhouse: Text64 | None = None
    downloads_allowed: Annotated[int, msgspec.Meta(ge=1, le=20)] = 3
    expires_after_days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 7
    download_by: When | None = None
    activate_by: When | None = None


_ORDERED = (
    *("preset", "overage_percent", "codes_per_roll", "lanes", "unwind"),
    *("sheet", "module_mm"),
)


def order_of(data: NewPackage, batch: Batch, timezone: ZoneInfo) -> PackageOrder:
    """Work out which indexes and days an order means; raises InvalidInput."""
    link_form = data.link_form or batch.link_form
    if link_form is LinkForm.GS1 and batch.gtin is None:
        raise InvalidInput.field("/link_form", "no_gtin", message("link_needs_gtin"))
    first, last = _indexes(data, batch)
    closing = data.encryption or Closing(kind=Encryption.NONE)
    if (closing.kind is Encryption.AGE) != bool(closing.age_recipients):
        raise InvalidInput.field(
            "/encryption/age_recipients",
            "mismatch",
            message("recipients_of_age"),
        )
    check_recipients(closing.age_recipients)
    return PackageOrder(
        from_index=first,
        to_index=last,
        link_form=link_form,
        encryption=closing.kind,
        age_recipients=closing.age_recipients,
        download_by=read_end("/download_by", data.download_by, timezone),
        activate_by=read_end("/activate_by", data.activate_by, timezone),
        printhouse=data.printhouse,
        downloads_allowed=data.downloads_allowed,
        expires_after_days=data.expires_after_days,
        **{name: getattr(data, name) for name in _ORDERED},
    )


def _indexes(data: NewPackage, batch: Batch) -> tuple[int, int]:
    if data.quantity is None:
        selection = Selection(data.unit, data.from_index, data.to_index)
        selection.check()
        return selection.indexes(batch)
    if data.unit is not None or data.to_index is not None:
        raise InvalidInput.field("/quantity", "mismatch", message("quantity_or_end"))
    first = data.from_index or 0
    with_overage = -(-data.quantity * (100 + data.overage_percent) // 100)
    return first, first + with_overage - 1
