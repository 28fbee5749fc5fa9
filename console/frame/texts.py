"""What staff read around every page, and words that several audiences share."""

from collections.abc import Mapping
from typing import Final

FRAME_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("瓶盖码工作台", "Crowncap console"),
    "console": ("工作台", "Console"),
    "skip": ("跳到正文", "Skip to the content"),
    "switch": ("English", "中文"),
    "switch_label": ("Switch to English", "切换到中文"),
    "pages": ("栏目", "Pages"),
    "page_home": ("首页", "Home"),
    "page_coupons": ("优惠券", "Coupons"),
    "page_till": ("收银核销", "Till"),
    "page_plants": ("工厂对账", "Plants"),
    "page_codes": ("查码", "Find a cap"),
    "page_recalls": ("召回与作废", "Recalls"),
    "page_leaks": ("泄露追查", "Leaks"),
    "page_webhooks": ("事件推送", "Webhooks"),
    "page_jobs": ("后台任务", "Jobs"),
    "sign_out": ("退出", "Sign out"),
    # Signing in -----------------------------------------------------------------------
    "sign_in": ("登录", "Sign in"),
    "sign_in_lead": (
        "请粘贴您的员工令牌。令牌不会保存在浏览器里，登录在 12 小时后失效。",
        (
            "Paste your staff token. The browser does not keep it; you stay "
            "signed in for 12 hours."
        ),
    ),
    "staff_token": ("员工令牌", "Staff token"),
    "token_refused": (
        "令牌不对、已过期或已被撤销。请向管理员要一个新的。",
        "This token is unknown, expired or revoked. Ask an admin for a new one.",
    ),
    "token_hint": (
        "由管理员发放：",
        "An admin makes one:",
    ),
    # Words ----------------------------------------------------------------------------
    "batch": ("批次", "Batch"),
    "package": ("码包", "Package"),
    "gtin": ("GTIN", "GTIN"),
    "lot": ("批号", "Lot"),
    "line": ("产线", "Line"),
    "unit": ("卷或箱", "Roll or box"),
    "caps": ("瓶盖数", "Caps"),
    "not_yet": ("尚未", "not yet"),
    "state": ("状态", "State"),
    "reason": ("原因", "Reason"),
    "grade": ("等级", "Grade"),
    "address": ("地址", "Address"),
    "indexes": ("码的序号", "Indexes"),
    "report": ("产线报告", "Line report"),
    "now": ("现状", "Now"),
    "why": ("原因", "Why"),
    # How caps stand -------------------------------------------------------------------
    "issued": ("已签发", "Issued"),
    "printed": ("已打印", "Printed"),
    "rejected": ("剔除", "Rejected"),
    "wasted": ("损耗", "Wasted"),
    "missing": ("缺失", "Missing"),
    "indeterminate": ("不确定", "Indeterminate"),
    "unprinted": ("未打印", "Unprinted"),
    "activated": ("已启用", "Activated"),
    "void": ("已作废", "Void"),
    "recalled": ("已召回", "Recalled"),
    "mixed": ("多种状态", "Mixed"),
    # Packages and voids, in a word ----------------------------------------------------
    "ordered": ("已下单", "Ordered"),
    "approved": ("已批准", "Approved"),
    "house": ("印刷厂", "Print house"),
    "downloads_none": ("还没有人下载。", "Nobody has taken it yet."),
    "claimed": ("已被领取", "Claimed"),
    "void_final": ("作废不能恢复。", "A void is final."),
    "void_asked": ("其余的码要由另一人批准：", "The others wait for a second person:"),
    "void_request": ("作废申请", "Void request"),
    # Faults ---------------------------------------------------------------------------
    "fault_401": ("请先登录", "Please sign in"),
    "fault_403": ("不允许", "Not allowed"),
    "fault_404": ("没有找到", "Not found"),
    "fault_409": ("现在不行", "Not now"),
    "fault_413": ("太大了", "Too large"),
    "fault_422": ("有一项不对", "Something is wrong"),
    "fault_429": ("次数太多，请稍后再来", "Too many; come back later"),
    "fault_503": ("稍后再试", "Try again soon"),
    "fault_500": ("我们这边出错了", "Something went wrong on our side"),
    "not_counted": ("没有计入：", "Not counted:"),
    "back_to_form": ("返回批次，重新提交", "Back to the batch, to send it again"),
    "wrong_line": ("行", "Line"),
    "wrong_column": ("列", "Column"),
    "wrong_message": ("问题", "What is wrong"),
}
