"""What the page of plants says."""

from collections.abc import Mapping
from typing import Final

PLANT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "plants": ("工厂对账", "Plants, reconciled"),
    "by_plant": ("按工厂", "By plant"),
    "by_line": ("按产线", "By line"),
    "no_plant": ("尚未绑定工厂", "Bound to no plant yet"),
    "no_line": ("未指定产线", "no line"),
    "plants_none": (
        "这段时间没有批次。",
        "No batch was issued in these days.",
    ),
    "from_day": ("从", "From"),
    "to_day": ("到", "To"),
    "show": ("显示", "Show"),
    "batch_count": ("批次数", "Batches"),
    "details": ("详细", "Details"),
}
