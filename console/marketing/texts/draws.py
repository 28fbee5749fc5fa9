"""What marketers read of draws."""

from collections.abc import Mapping
from typing import Final

DRAW_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "draws": ("抽奖", "Draws"),
    "draws_lead": (
        "抽奖按公开的规则进行：开始前公布种子的指纹，开奖后任何人都能用公示文件重算一遍。",
        (
            "A draw follows a published rule: the fingerprint of its seed is told "
            "before the first ticket, and anybody can draw again from the file."
        ),
    ),
    "draws_none": ("还没有抽奖。", "There is no draw yet."),
    "draw": ("抽奖", "Draw"),
    "draw_new": ("新建抽奖", "New draw"),
    "draw_opens": ("开始", "Opens"),
    "draw_closes": ("截止", "Closes"),
    "draw_draws": ("开奖", "Is drawn"),
    "draw_tickets": ("抽奖券", "Tickets"),
    "draw_prizes": ("奖品", "Prizes"),
    "draw_phase_not_begun": ("未开始", "Not begun"),
    "draw_phase_open": ("进行中", "Open"),
    "draw_phase_closed": ("待开奖", "Closed"),
    "draw_phase_drawn": ("已开奖", "Drawn"),
    "draw_entry": ("参与方式", "Entry"),
    "draw_entry_awarded": (
        "只有活动发放的抽奖券",
        "Tickets are earned by scans alone",
    ),
    "draw_entry_open": (
        "会员也可以直接参与，每人一张",
        "Members may also just take part, with one ticket each",
    ),
    "draw_most": ("每人最多抽奖券", "Most tickets a member"),
    "draw_claim_days": ("领奖期限（天）", "Days to claim a prize"),
    # What happens next ----------------------------------------------------------------
    "draw_next": ("接下来", "What happens next"),
    "draw_next_not_begun": (
        "{opens} 开始发放抽奖券，无需操作。",
        "Tickets are given from {opens} on. Nothing is left to do.",
    ),
    "draw_next_open": (
        "抽奖券发放到 {closes}，系统在 {draws} 自动开奖。",
        "Tickets are given until {closes}; it is drawn by itself at {draws}.",
    ),
    "draw_next_closed": (
        "不再发放抽奖券，系统在 {draws} 自动开奖。",
        "No more tickets are given; it is drawn by itself at {draws}.",
    ),
    "draw_next_due": (
        "已到开奖时间，几分钟内自动开奖。如果没有，请管理员查看“后台任务”。",
        (
            "It is time: it is drawn within minutes. If it is not, an admin finds out "
            "why at Jobs."
        ),
    ),
    "draw_next_drawn": (
        "中奖者在 {until} 前领奖，逾期作废。",
        "Winners claim until {until}; what is not claimed by then lapses.",
    ),
    "draw_next_over": (
        "领奖已于 {until} 结束，{lapsed:,} 份奖品无人领取。",
        "Claims ended at {until}; {lapsed:,} prizes were not claimed.",
    ),
    # Figures --------------------------------------------------------------------------
    "draw_given": ("已发放的抽奖券", "Tickets given, over time"),
    "draw_given_none": ("还没有抽奖券。", "No ticket was given yet."),
    "draw_given_by": ("截至", "By"),
    "draw_taking_part": ("参与开奖", "Take part"),
    "draw_by_prize": ("奖品去向", "What became of the prizes"),
    "draw_prize": ("奖品", "Prize"),
    "draw_quantity": ("数量", "How many"),
    "draw_claimed": ("已领取", "Claimed"),
    "draw_open": ("待领取", "Not claimed yet"),
    "draw_lapsed": ("逾期作废", "Lapsed"),
    "draw_unwon": ("无人中奖", "Not won"),
    "draw_prizes_wait": (
        "开奖后，这里显示谁中了奖、哪些奖品已领取。",
        "Once it is drawn, this tells who won, and what was claimed.",
    ),
    # Proof ----------------------------------------------------------------------------
    "draw_proof": ("公证", "Proof"),
    "draw_commitment": (
        "种子的 SHA-256（开始前公布）",
        "SHA-256 of the seed, told before",
    ),
    "draw_seed": ("种子（已公开）", "Seed, everybody's by now"),
    "draw_digest": ("抽奖券的 SHA-256", "SHA-256 of the tickets"),
    "draw_file": ("公示文件", "The published file"),
    "draw_file_take": ("下载公示文件", "Download the file"),
    "draw_verify": (
        "任何人都可以用此命令重新计算结果：",
        "Anybody computes the result again with:",
    ),
    "draw_public": ("公开信息", "What anybody sees of it"),
    # Winners --------------------------------------------------------------------------
    "draw_winners": ("中奖名单", "Winners"),
    "draw_winners_none": (
        "没有人中奖：没有参与开奖的抽奖券。",
        "Nobody won: no ticket took part.",
    ),
    "draw_ticket_no": ("券号", "Ticket"),
    "draw_member": ("会员", "Member"),
    "draw_address": ("寄送地址", "Sent to"),
    "draw_address_given": ("已填写，客服可见", "given; support sees it"),
    "draw_claimed_at": ("领取时间", "Claimed at"),
    "draw_from_first": ("从头显示", "From the first"),
    # The form -------------------------------------------------------------------------
    "draw_form_lead": (
        "抽奖建好后不能修改，也不能删除。请仔细核对时间和奖品。",
        "A draw never changes once it is made. Look twice at its times and prizes.",
    ),
    "draw_id_hint": (
        "英文、数字，以后不能改，例如 spring-2027",
        "for programs; it never changes, such as spring-2027",
    ),
    "draw_id": ("编号", "Id"),
    "draw_name": ("名称（会员看到）", "Name, as members read it"),
    "draw_times": ("时间", "Times"),
    "draw_opens_on": ("开始日期", "Opens on"),
    "draw_closes_on": ("截止日期", "Closes on"),
    "draw_draws_on": ("开奖日期", "Drawn on"),
    "draw_from_midnight": ("不填为当天零点", "else from midnight on"),
    "draw_day_whole": ("不填为当天结束", "else at the end of the day"),
    "draw_whom": ("谁能参与", "Who takes part"),
    "draw_most_hint": ("不填为不限", "none: as many as one gets"),
    "draw_prizes_hint": (
        "按此顺序开奖，头奖在前。每张券最多中一次。",
        "They are drawn in this order, the first prize first. A ticket wins once.",
    ),
    "draw_prize_id": ("奖品编号", "Prize id"),
    "draw_prize_name": ("奖品名称", "Name of the prize"),
    "draw_add_prize": ("添加奖品", "Add a prize"),
    "draw_make": ("建立抽奖", "Make the draw"),
}
