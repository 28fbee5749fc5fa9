"""Draws, tickets, prizes and cards to collect, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

DRAWS: Final[Mapping[str, tuple[str, str]]] = {
    "draws": ("抽奖", "Draws"),
    "draw": ("抽奖", "Draw"),
    "draw_at": ("开奖时间：{at}", "Drawn on {at}"),
    "draw_open_until": ("{until} 前都可以参与。", "You can take part until {until}."),
    "draw_look": ("奖品和规则", "Prizes and rules"),
    "draw_tickets": ("抽奖券和结果", "Tickets and results"),
    "take_part": ("参与抽奖", "Take part"),
    "take_part_more": ("参与抽奖，再得一张", "Get one more ticket"),
    "sign_in_take_part": ("登录并参与抽奖", "Sign in and take part"),
    "take_part_app": (
        "请使用品牌官方 App 或小程序登录后参与。",
        "To take part, sign in with the brand's own app.",
    ),
    "own_tickets_one": ("您有 {count} 张抽奖券。", "You have {count} ticket."),
    "own_tickets_many": ("您有 {count} 张抽奖券。", "You have {count} tickets."),
    "own_tickets_held": ("另有 {count} 张审核中", "{count} more under review"),
    "drawn_won": (
        "{at} 已开奖，您中了：{prizes}。",
        "Drawn on {at}. You won: {prizes}.",
    ),
    "drawn_nothing": (
        "{at} 已开奖，这次没有中奖。",
        "Drawn on {at}. Nothing won this time.",
    ),
    "nothing_won": ("这次没有中奖。", "Nothing won this time."),
    "no_tickets_here": (
        "您没有这次抽奖的抽奖券。",
        "You have no ticket in this draw.",
    ),
    # A draw's own page ---------------------------------------------------------------
    "draw_lead_not_begun": (
        "{begins} 开始，{at} 开奖。",
        "It begins on {begins} and is drawn on {at}.",
    ),
    "draw_lead_open": (
        "抽奖券收集至 {until}，{at} 开奖。",
        "Tickets come in until {until}; it is drawn on {at}.",
    ),
    "draw_lead_closed": (
        "已截止，{at} 开奖。",
        "Closed; it is drawn on {at}.",
    ),
    "draw_lead_drawn": ("{at} 已开奖。", "Drawn on {at}."),
    "your_tickets": ("您的抽奖券", "Your tickets"),
    "tickets_older": ("更早的抽奖券", "Older tickets"),
    "ticket": ("抽奖券号码", "Ticket"),
    "ticket_no": ("{no} 号", "No. {no}"),
    "ticket_nos": ("{first}–{last} 号", "Nos. {first}–{last}"),
    "ticket_held": ("审核中", "under review"),
    "ticket_void": ("未通过审核", "not granted after a review"),
    "ticket_late": (
        "审核通过时已开奖，未参与",
        "released after the draw, so it did not take part",
    ),
    "draw_prizes": ("奖品", "Prizes"),
    "draw_winners": ("中奖号码", "Winning tickets"),
    "draw_no_winners": (
        "没有人参与，因此没有人中奖。",
        "Nobody took part, so nobody won.",
    ),
    "draw_more_winners": (
        "其余中奖号码在下面的公示文件中。",
        "Further winning tickets stand in the published file below.",
    ),
    "draw_opens": ("开始", "Begins"),
    "draw_closes": ("截止", "Closes"),
    "draw_draws": ("开奖", "Drawn"),
    "draw_claims_until": ("领奖截止", "Prizes claimed until"),
    "draw_claim_days": ("领奖期限", "Time to claim a prize"),
    "days_one": ("开奖后 {days} 天", "{days} day after the draw"),
    "days_many": ("开奖后 {days} 天", "{days} days after the draw"),
    "draw_tickets_in": ("抽奖券总数", "Tickets"),
    "draw_most_tickets": ("每人最多", "At most for each member"),
    "draw_entry": ("怎样获得抽奖券", "How to get tickets"),
    "draw_entry_awarded": ("通过活动获得", "Earned in campaigns"),
    "draw_entry_open": ("参与即得一张，也可通过活动获得", "By taking part, and earned"),
    "proof": ("怎样保证公平", "How you can check it"),
    "proof_before": (
        "中奖号码由一个种子按公开的规则算出。种子在第一张抽奖券之前就已选定并封存，下面是它的指纹（SHA-256）。记下它，就没有人能换掉种子而不被发现。",
        (
            "Winners are computed by a public rule from a seed, which was chosen and "
            "sealed before the first ticket. This is its fingerprint (SHA-256): note "
            "it down, and nobody can change the seed unseen."
        ),
    ),
    "proof_after": (
        "开奖后公布种子，以及含全部抽奖券的文件，任何人都可以重新开奖核对。",
        (
            "After the draw the seed and a file with all tickets are published, and "
            "anybody can draw again from them."
        ),
    ),
    "proof_seed": ("开奖后公布的种子：", "The seed, published after the draw:"),
    "proof_file": (
        "公示文件含种子、全部抽奖券和中奖号码。您的抽奖券号码和券码也在其中。",
        (
            "The published file has the seed, all tickets and the winners. Your "
            "tickets stand in it with their numbers and codes."
        ),
    ),
    "proof_download": ("下载公示文件", "Download the file"),
    "proof_verify": (
        (
            "用开源程序核对，无需联网，也不用我们的密钥。"
            "规则见其文档 draws.md，您也可以自己写一个："
        ),
        (
            "Check it with the open program, without our servers or keys; its "
            "draws.md has the rule, for a program of your own:"
        ),
    ),
    # What was won in draws -----------------------------------------------------------
    "prizes": ("抽中的奖品", "Prizes you won"),
    "won_in": ("{draw} · 中奖", "Won in {draw}"),
    "prize_claim": ("领取奖品", "Claim it"),
    "prize_gives": ("领取后到账", "Claiming it gives you"),
    "prize_open": (
        "请在 {until} 前领取，逾期作废。",
        "Claim it until {until}; after that it lapses.",
    ),
    "prize_later": (
        "现在暂时发不了。奖品仍归您所有，请稍后再来领取。",
        (
            "It cannot be given just now. The prize stays yours: please come back and "
            "claim it later."
        ),
    ),
    "prize_claimed": ("{at} 已领取。", "You claimed it on {at}."),
    "prize_lapsed": (
        "领取期限已于 {until} 结束。",
        "It could be claimed until {until}.",
    ),
    # Cards to collect ----------------------------------------------------------------
    "cards": ("收集卡", "Cards"),
    "cards_lead": ("每套卡还差哪些，一目了然。", "What you have, and what is missing."),
    "cards_none": (
        "还没有卡。打开一瓶，扫一扫瓶盖内的码。",
        "No card yet. Open a bottle, and scan the code inside its cap.",
    ),
    "cards_look": ("查看卡片", "Look at the cards"),
    "cards_missing": (
        "已有 {have} / {all} 种，还差 {missing} 种。",
        "{have} of {all}; {missing} missing.",
    ),
    "cards_complete": ("{all} 种全部集齐（{at}）。", "All {all}, complete on {at}."),
    "cards_completing_gives": ("集齐可得：{given}", "Complete it for: {given}"),
    "cards_completed_gives": ("集齐奖励：{given}", "It gave you: {given}"),
    "card_missing": ("还没有", "missing"),
    "card_times": ("{count} 张", "{count} of them"),
}
