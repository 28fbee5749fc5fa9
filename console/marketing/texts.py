"""What marketers read."""

from collections.abc import Mapping
from typing import Final

MARKETING_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # Coupons
    "pools": ("优惠券池", "Coupon pools"),
    "pools_none": ("还没有优惠券池。", "There are no pools yet."),
    "pool": ("优惠券池", "Pool"),
    "pool_benefit": ("优惠", "Benefit"),
    "pool_least": ("订单满", "From a basket of"),
    "pool_validity": ("有效期", "Good for"),
    "pool_stock": ("库存", "Stock"),
    "pool_issued": ("已发出", "Issued"),
    "pool_left": ("剩余", "Left"),
    "pool_daily": ("每天最多", "Most a day"),
    "pool_each": ("每人最多", "Most a member"),
    "pool_days": ("天（含领取当天）", "days, that of issue included"),
    "pool_to": ("截至", "until"),
    "pool_always": ("不限", "no end"),
    "pool_add": ("新建优惠券池", "Add a pool"),
    "pool_id": ("编号（英文、数字）", "Id, for programs"),
    "pool_name": ("名称（顾客看到）", "Name, as customers read it"),
    "pool_kind": ("优惠方式", "What it gives"),
    "pool_amount_off": ("立减金额", "An amount off"),
    "pool_percent_off": ("按比例减", "Percent off"),
    "pool_gift": ("赠品", "A gift"),
    "pool_amount": (
        "金额（元）；按比例减时为最多减",
        "Yuan off; with percent: the most",
    ),
    "pool_percent": ("百分比", "Percent"),
    "pool_gift_name": ("赠品名称", "The gift's name"),
    "pool_from": ("开始日期（可不填）", "First day, if any"),
    "pool_until": ("结束日期（可不填）", "Last day, if any"),
    "pool_valid_days": ("或：领取后有效天数", "Or: days from issue"),
    "pool_stores": (
        "适用门店编号，用逗号分开（可不填）",
        "Ids of stores, with commas; none means all",
    ),
    "pool_never_changes": (
        "除库存外，优惠券池建好后不能修改，已发出的优惠券因此不变。",
        "But for its stock a pool never changes, so that coupons keep their word.",
    ),
    "pool_change": ("增减库存", "Change the stock"),
    "pool_by": ("增加（减少写负数）", "By how many; fewer with a minus"),
    "pool_why": ("原因", "Why"),
    "stores": ("门店", "Stores"),
    "stores_none": ("还没有门店。", "There are no stores yet."),
    "store_add": ("新增门店", "Add a store"),
    "store_id": ("门店编号", "Store id"),
    "store_name": ("名称", "Name"),
    "store_kind": ("类型", "Kind"),
    "store_region": ("地区代码", "Region"),
    "store_shop": ("合作店", "Shop"),
    "store_own": ("直营店", "Own store"),
    "store_online": ("网店", "Online"),
    "store_station": ("奶站", "Station"),
    "store_hint": (
        "收银员的令牌要写明门店：",
        "A cashier's token names the store:",
    ),
    # Campaigns
    "campaigns": ("活动", "Campaigns"),
    "campaigns_lead": (
        (
            "每个版本由一人编写、另一人批准，启用后才会发放。"
            "暂停立即生效：之后的扫码不再发放，瓶盖保留，恢复后仍可领取。"
        ),
        (
            "One person writes a version and another approves it; it pays once it is "
            "activated. A pause works at once: no later scan is paid, and caps keep "
            "their worth until the campaign goes on."
        ),
    ),
    "campaigns_none": (
        "还没有活动。活动通过接口 POST /v1/campaigns 编写。",
        "There is no campaign yet. POST /v1/campaigns writes one.",
    ),
    "campaign_draft": ("草稿", "Draft"),
    "campaign_active": ("生效中", "Active"),
    "campaign_paused": ("已暂停", "Paused"),
    "campaign_stopped": ("已终止", "Stopped"),
    "campaign_begins": ("开始", "Begins"),
    "campaign_ends": ("结束", "Ends"),
    "campaign_never": ("长期有效", "never"),
    "campaign_pays": ("每枚瓶盖", "A cap earns"),
    "campaign_day_cap": ("每人每天最多", "Most a member a day"),
    "campaign_budget": ("预算", "Budget"),
    "campaign_unlimited": ("不限", "without limit"),
    "campaign_spent": ("已发放", "Paid"),
    "claims": ("次领取", "claims"),
    "pause_reason": ("原因", "Why"),
    "pause": ("暂停活动", "Pause the campaign"),
    "resume": ("恢复活动", "Let it go on"),
    "version": ("版本", "Version"),
    "version_waits": (
        "等待另一人批准；编写者：",
        "Waits for a second person; written by",
    ),
    "version_ready": (
        "已批准，尚未启用；批准者：",
        "Approved, not active; approved by",
    ),
    "approve_version": ("批准", "Approve"),
    "activate_version": ("启用", "Activate"),
}
