"""What the page of a batch says, and how the caps of any number of them stand."""

from collections.abc import Mapping
from typing import Final

BATCH_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # Words ----------------------------------------------------------------------------
    "status": ("状态", "Status"),
    "quantity": ("数量", "Quantity"),
    "share": ("占比", "Share"),
    "person": ("经手人", "Person"),
    "at": ("时间", "When"),
    "rows": ("行数", "Rows"),
    "wrong_rows": ("错误行", "Wrong rows"),
    "none_given": ("未填写", "not said"),
    # The batch ------------------------------------------------------------------------
    "produced_on": ("生产日期", "Produced on"),
    "issued_at": ("签发时间", "Issued"),
    "issued_by": ("签发人", "Issued by"),
    "placement": ("位置", "Placement"),
    "sale_regions": ("销售区域", "Sale regions"),
    "link": ("链接", "Link"),
    "campaign": ("活动", "Campaign"),
    "code_states": ("码的状态", "States of the codes"),
    "only_issued": ("已签发，未启用", "Issued, not active"),
    "batch_facts": ("批次资料", "About this batch"),
    "on_inside": ("盖内", "inside the cap"),
    "on_outside": ("瓶身或盖外", "outside"),
    "on_carton": ("箱", "on cartons"),
    "on_pallet": ("托盘", "on pallets"),
    "trial_codes": ("样码，供各码包试印", "trial codes, for samples in packages"),
    # How its caps stand ---------------------------------------------------------------
    "reconciliation": ("对账", "Reconciliation"),
    "adds_up": (
        "已签发 = 已打印 + 剔除 + 损耗 + 缺失 + 不确定 + 未打印。",
        "Issued = printed + rejected + wasted + missing + indeterminate + unprinted.",
    ),
    "why_lost": ("损失原因", "Why caps were lost"),
    "losses_none": ("没有报告过损失。", "No caps were reported lost."),
    "print_quality": ("报告的印刷等级", "Print quality, as reported"),
    "ungraded": ("未评级", "not graded"),
    "spoilage": ("损耗率", "Spoilage"),
    "spoilage_note": (
        "损耗率 =（剔除 + 损耗 + 不确定）÷ 产线已报告的数量。",
        "Spoilage = rejected, wasted and indeterminate among what lines reported.",
    ),
    "by_unit": ("按卷或箱报告的数量", "Quantities by roll or box"),
    # On a wall ------------------------------------------------------------------------
    "watch": ("大屏模式", "Wall screen"),
    "watch_pause": ("暂停刷新", "Pause"),
    "watch_paused": ("已暂停刷新", "Paused"),
    "watch_go_on": ("继续刷新", "Go on"),
    "watch_stop": ("退出大屏", "Leave the wall screen"),
    "watch_note": ("每 10 秒刷新", "Read again every 10 seconds"),
}
