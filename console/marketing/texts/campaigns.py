"""What marketers read of campaigns as they are."""

from collections.abc import Mapping
from typing import Final

CAMPAIGN_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
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
        "还没有活动。",
        "There is no campaign yet.",
    ),
    "campaign_draft": ("草稿", "Draft"),
    "campaign_active": ("生效中", "Active"),
    "campaign_paused": ("已暂停", "Paused"),
    "campaign_stopped": ("已终止", "Stopped"),
    "campaign_begins": ("开始", "Begins"),
    "campaign_ends": ("结束", "Ends"),
    "campaign_never": ("长期有效", "never"),
    "campaign_budget": ("预算", "Budget"),
    "campaign_unlimited": ("不限", "without limit"),
    "campaign_spent": ("已发放", "Paid"),
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
    "campaign_like": ("照此新建", "Copy to a new one"),
    "waits_approval": ("等待批准", "waits for approval"),
    "waits_activation": ("等待启用", "waits for activation"),
    "version_yours": (
        "这是您写的版本；请另一位营销人员批准。",
        "You wrote it; ask another marketer to approve it.",
    ),
    "activate_does": (
        "启用后，之后的扫码立即按此版本发放；已发放的不变。",
        "From then on scans earn by this version; what was paid stays.",
    ),
    "pause_does": (
        "立即生效：此后的扫码不再发放，瓶盖不作废，恢复后仍可领取。已发放的不变。",
        (
            "At once: no later scan is paid, and no cap is used up; they can be "
            "claimed once it goes on. What was paid stays."
        ),
    ),
    "resume_does": (
        "立即生效：此后的扫码重新发放。",
        "At once: scans earn again.",
    ),
    "stop": ("终止活动", "Stop for good"),
    "stop_does": (
        "立即生效，而且不能恢复：之后的扫码不再发放，会被告知活动已结束。",
        "At once, and for good: no later scan is paid, and people read that it ended.",
    ),
    "stop_sure": ("确定：不能恢复", "I mean it: this cannot be undone"),
    "versions": ("版本", "Versions"),
    "written_by": ("编写", "Written by"),
    "approved_by": ("批准", "Approved by"),
    "activated_by": ("启用", "Activated by"),
    "version_draft": ("草稿", "Draft"),
    "version_approved": ("已批准", "Approved"),
    "version_active": ("现行", "Active"),
    "version_retired": ("已被取代", "Replaced"),
    "version_from": ("以此为底稿", "Start from it"),
    # Figures
    "timeline": ("时间表", "Timeline"),
    "timeline_now": ("现在", "now"),
    "figures": ("数据", "Figures"),
    "figures_none": (
        "还没有人领取。",
        "Nobody has claimed anything yet.",
    ),
    "entries_csv": (
        "下载发放明细（CSV，最新 5,000 条）",
        "Download who got what (CSV, the newest 5,000)",
    ),
    "figures_hint": (
        "每分钟统计一次；待审的奖励计入已发放，每位会员只计一次。统计至",
        (
            "Counted once a minute; what waits for review counts as paid, and each "
            "member once. Counted up to"
        ),
    ),
    "figure_scans": ("扫码", "Scans"),
    "figure_claims": ("领取", "Claims"),
    "figure_awards": ("奖励", "Rewards"),
    "figure_members": ("会员", "Members"),
    "figure_newcomers": ("新参与会员", "New members"),
    "figure_points": ("积分", "Points"),
    "figure_minor": ("金额", "Money"),
    "plot_spend": ("累计发放与预算", "Paid in all, against the budget"),
    "plot_pace": (
        "按最近 7 天的速度，预算可用到：",
        "At the pace of the last seven days the budget lasts until",
    ),
    "tier_frozen": ("已冻结，发下一奖级", "frozen: the next one is given"),
    "by_offer": ("按奖励", "By offer"),
    "by_day": ("按天", "By day"),
    "kind": ("类型", "Kind"),
    "day": ("日期", "Day"),
}
