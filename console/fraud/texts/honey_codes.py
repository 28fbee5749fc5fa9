"""What analysts read of honey codes."""

from collections.abc import Mapping
from typing import Final

HONEY_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "honey_codes": ("诱饵码", "Honey codes"),
    "honey_lead": (
        "从不付印、从不启用的真码：有人查看或扫描，就一定外泄了，首次即报事件。",
        (
            "Genuine codes that are on no cap and never active: whoever looks at one "
            "or scans it has it from a leak, and the first time is an incident."
        ),
    ),
    "honey_told": ("这些码只在此显示一次", "These codes are shown this once"),
    "honey_lay_out": (
        "放进看似真实的文件，放在窃贼会找的地方，记下哪些序号给了谁；切勿交给产线。",
        (
            "Lay them out in files that look like yours, where a thief would look, and "
            "note who got which indexes. Never give them to a line."
        ),
    ),
    "honey_ask": ("设诱饵码", "Watch more codes"),
    "honey_quantity": ("数量", "How many"),
    "honey_most": ("一次最多", "At once, at most"),
    "honey_which": (
        "取该批次末尾已签发、且不在任何码包、卷和产线报告里的码，从此作废，不可撤销。",
        (
            "The batch's last codes that are issued and in no package, roll or line "
            "report. They are void from then on, which nothing undoes."
        ),
    ),
    "honey_index": ("序号", "Index"),
    "honey_link": ("链接", "Link"),
    "honey_looks": ("查看", "Looks"),
    "honey_scans": ("扫描", "Scans"),
    "honey_none": ("还没有诱饵码。", "No code is watched yet."),
    "honey_to": ("查看诱饵码", "Honey codes that are watched"),
}
