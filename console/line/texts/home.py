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
    # One's pages ----------------------------------------------------------------------
    "rooms": ("您的栏目", "Your pages"),
    "rooms_none": ("这里没有您的页面", "There is no page for you here"),
    "rooms_of_apps": (
        "这个令牌供程序调用接口使用。要使用工作台，请向管理员要一个本人的员工令牌。",
        (
            "This token is for programs that call the API. To work in the console, ask "
            "an admin for a token of your own."
        ),
    ),
    "about_page_till": ("核销顾客的优惠券", "Redeem customers' coupons"),
    "about_page_find": (
        "输入对方报出的编号或码，找到会员、扫码、优惠券或瓶盖",
        "A member, a scan, a coupon or a cap, by whatever is read out",
    ),
    "about_page_plants": (
        "各工厂、产线的打印和损耗",
        "What plants and lines printed and spoilt",
    ),
    "about_page_codes": (
        "一枚瓶盖的一生，以及假冒举报",
        "The life of one cap, and reports of fakes",
    ),
    "about_page_recalls": (
        "召回和作废申请，由另一人批准",
        "Recalls and void requests, which a second person approves",
    ),
    "about_page_rules": (
        "查看、编写和启用风控规则",
        "Read the rules, write others, try them, and put them into force",
    ),
    "about_page_fraud": (
        "拦下了多少，每条规则如何，在哪里",
        "What is stopped, how each rule does, and where",
    ),
    "about_page_cases": (
        "扣下的奖励按案件处理：通过或拒绝",
        "Rewards that are held, case by case: approve or refuse them",
    ),
    "about_page_incidents": (
        "泄露、窜货、异常：谁在处理，结果如何",
        "Leaks, diversion and floods: who looks after them, and how they ended",
    ),
    "about_page_lists": (
        "拒绝、放行或免扣谁，到什么时候",
        "Whom to block or let through, and until when",
    ),
    "about_page_leaks": (
        "泄露的码出自哪里，谁下载过",
        "Where leaked codes come from, and who took them",
    ),
    "about_page_campaigns": (
        "扫码奖励：编写、批准、启用、暂停，以及花费",
        "What scans earn: written, approved, paused, and what was spent",
    ),
    "about_page_draws": (
        "抽奖：时间、奖品、中奖名单和公证",
        "Draws: their times, prizes, winners and proof",
    ),
    "about_page_card_sets": (
        "集卡：每张卡的几率，谁已集齐",
        "Cards to collect: their shares, and who has them all",
    ),
    "about_page_gifts": (
        "会员直接领取的礼品和库存",
        "What members claim directly, and its stock",
    ),
    "about_page_programme": (
        "积分的有效期和收回方式",
        "Until when points are good, and how they are taken back",
    ),
    "about_page_coupons": (
        "优惠券池、库存和门店",
        "Pools of coupons, their stock, and stores",
    ),
    "about_page_adjustments": (
        "等待您复核的积分调整",
        "Points that somebody asks to give or take",
    ),
    "about_page_parcels": (
        "要寄出或交付的礼品",
        "What is to be sent or handed over",
    ),
    "about_page_payouts": (
        "需要处理的红包，以及全部红包",
        "Those that need a person, and all others",
    ),
    "about_page_webhooks": (
        "把事件推送给其他系统",
        "Who is told of events, and how that went",
    ),
    "about_page_jobs": (
        "后台任务：到期的、进行中的、失败的",
        "What is due, what runs, and what failed",
    ),
}
