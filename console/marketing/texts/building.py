"""What marketers read in the form of a campaign."""

from collections.abc import Mapping
from typing import Final

BUILDING_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "campaign_new": ("新建活动", "New campaign"),
    "version_new": ("编写新版本", "Write a new version"),
    "form_lead": (
        "写好后保存为草稿。草稿不会发放任何奖励：要由另一人批准，再启用。",
        (
            "What you keep is a draft, which pays nothing: somebody else approves it, "
            "and then it is activated."
        ),
    ),
    "form_check": ("检查", "Check"),
    "form_save": ("保存草稿", "Keep as a draft"),
    "form_save_version": ("保存为新版本", "Keep as a new version"),
    "form_two": (
        "保存后由另一位营销人员批准；编写者不能自己批准。",
        "Another marketer approves what you keep; nobody approves what they wrote.",
    ),
    "form_frame": ("名称和时间", "Name and time"),
    "form_id": ("编号（英文、数字，以后不能改）", "Id, for programs; it never changes"),
    "form_id_hint": ("例如 spring-2027", "such as spring-2027"),
    "form_starts_on": ("开始日期", "First day"),
    "form_ends_on": ("结束日期", "Last day"),
    "form_starts_hint": ("不填为当天零点", "else from midnight on"),
    "form_ends_hint": ("不填为当天结束", "else the last day counts whole"),
    "form_ends_none": ("不填为长期有效", "none: it does not end"),
    "form_whom": ("谁能得到", "Who earns"),
    "form_no_conditions": (
        "没有条件：每次领取都能得到。",
        "There are no conditions: every claim earns.",
    ),
    "hint_weekday": ("1 至 7，星期一为 1", "1 to 7, Monday is 1"),
    "hint_hour": ("0 至 23", "0 to 23"),
    "hint_date": ("写成 20270501", "written 20270501"),
    "hint_tier": ("等级编号，多个用逗号分开", "ids of tiers, with commas"),
    "hint_channel": ("例如 wechat，多个用逗号分开", "such as wechat, with commas"),
    "hint_segments": ("分群编号", "the id of a segment"),
    "offer_id": ("奖励编号", "Offer id"),
    "asks_amount": ("数量", "How many"),
    "asks_pool_id": ("优惠券池编号", "Coupon pool"),
    "asks_draw_id": ("抽奖编号", "Draw id"),
    "asks_set_id": ("卡组编号", "Card set id"),
    "asks_minor": ("金额（元）", "Yuan"),
    "asks_name": ("礼品名称", "The gift's name"),
    "asks_stock": ("总数", "How many in all"),
    "asks_daily_stock": ("每天最多", "Most a day"),
    "none_is_no_limit": ("不填为不限", "none: no limit"),
    "chance_hint": (
        (
            "各奖级中奖率之和不超过 100%，其余为未中奖。"
            "奖级发完后，由其后有库存的奖级代替。"
        ),
        (
            "The odds add up to 100 % at most; what is left wins nothing. A tier that "
            "is out of stock gives its place to the next that has some."
        ),
    ),
    "tier": ("奖级", "Tier"),
    "tier_id": ("奖级编号", "Tier id"),
    "tier_name": ("奖级名称", "Name of the tier"),
    "tier_percent": ("中奖率（%）", "Odds in percent"),
    "form_add_offer_of": ("添加奖励：发什么", "Add an offer of"),
    "form_add_offer": ("添加奖励", "Add the offer"),
    "form_remove_offer": ("删除此奖励", "Remove this offer"),
    "form_add_tier_of": ("添加奖级：发什么", "Add a tier that gives"),
    "form_add_tier": ("添加奖级", "Add the tier"),
    "form_remove_tier": ("删除此奖级", "Remove this tier"),
    "form_limits": ("预算和上限", "Budget and caps"),
    "budget_points": ("积分预算", "Budget in points"),
    "budget_minor": ("金额预算（元）", "Budget in yuan"),
    "form_per": ("按什么合计", "Most for"),
    "form_of": ("限制什么", "Counting"),
    "form_most": ("最多", "At most"),
    "form_add_cap": ("添加上限", "Add a cap"),
    "form_beside": ("与其他活动的关系", "Beside other campaigns"),
    "order_hint": ("小的在前，一般不用改", "Lower comes first; 100 will do"),
    "exclusive_label": (
        "发放后，不再看后面的活动",
        "Once it pays, no later campaign does",
    ),
    "in_words": ("用文字说明", "In words"),
    "in_words_later": (
        "填好后按“检查”，这里会用文字说明活动怎样发放。",
        "Fill in the form and press Check: this tells in words what it says.",
    ),
    "changes": ("与现行版本的差别", "What changes"),
    "changes_none": ("与现行版本相同。", "Nothing; it says what the active one says."),
}
