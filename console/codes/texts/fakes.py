"""What staff read of suspected fakes."""

from collections.abc import Mapping
from typing import Final

FAKE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "fakes": ("消费者的假冒举报", "Suspected fakes, as consumers reported them"),
    "fakes_none": ("还没有举报。", "Nothing has been reported."),
    "fake_reference": ("编号", "Reference"),
    "fake_at": ("时间", "When"),
    "fake_place": ("地点", "Where"),
    "fake_note": ("内容", "What"),
    "fake_seen": ("扫到的", "What was scanned"),
    "fake_ours": ("我们的码", "One of our codes"),
    "fake_open": ("查看这枚瓶盖", "See this cap"),
}
