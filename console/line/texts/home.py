"""What the first page says."""

from collections.abc import Mapping
from typing import Final

HOME_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "waiting": ("等待批准的码包", "Packages that wait for approval"),
    "waiting_none": ("没有码包在等待批准。", "No package waits for approval."),
    "late": ("逾期提醒", "Late"),
    "late_download": ("应下载而未下载", "Not downloaded in time"),
    "late_activation": ("应启用而未启用", "Not activated in time"),
    "all_packages": ("码包", "Packages"),
    "packages_none": ("还没有码包。", "There is no package yet."),
    "batches": ("批次", "Batches"),
    "batches_none": (
        "还没有批次。用 POST /v1/batches 或 crowncap batch issue 签发。",
        (
            "There is no batch yet. Issue one with POST /v1/batches or crowncap batch "
            "issue."
        ),
    ),
    "older": ("更早的批次", "Older batches"),
}
