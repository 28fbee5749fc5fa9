"""What rewards has to say of draws."""

from typing import Final

from core.messages import Sentences

DRAWS: Final[Sentences] = {
    "draw_closes_early": (
        "抽奖的截止时间必须晚于开始时间。",
        "A draw closes after it opens.",
    ),
    "draw_before_close": (
        "开奖时间不能早于截止时间。",
        "A draw is drawn when it has closed, or later.",
    ),
    "draw_closed_already": (
        "截止时间已经过去，请填写以后的时间。",
        "That time is over; name a later one.",
    ),
    "draw_without_prizes": (
        "抽奖至少要有一种奖品。",
        "A draw has at least one prize.",
    ),
    "prize_twice": (
        "有两种奖品的编号都是 {prize_id}。",
        "Two prizes are called {prize_id}.",
    ),
    "too_many_prizes": (
        "一次抽奖最多 {most:,} 份奖品。",
        "A draw has at most {most:,} prizes.",
    ),
    "draw_exists": (
        "已有抽奖 {draw_id}。",
        "There is a draw {draw_id} already.",
    ),
    "draw_takes_none": (
        "抽奖 {draw_id} 现在不接受抽奖券。",
        "The draw {draw_id} takes no tickets now.",
    ),
    "tickets_full": (
        "抽奖 {draw_id} 每人最多 {most:,} 张券，没有空余。",
        "The draw {draw_id} lets a member have {most:,} tickets; there is no room.",
    ),
    "prize_of_closed_draw": (
        "抽奖 {draw_id} 在本次开奖之前就已截止，没有人能得到它的券。",
        (
            "The draw {draw_id} closes before this one is drawn: nobody could get "
            "its tickets."
        ),
    ),
    "no_draw": (
        "没有抽奖 {draw_id}。",
        "There is no draw {draw_id}.",
    ),
    "draw_never_open": (
        "活动期间抽奖 {draw_id} 不开放（{opens} 至 {closes}），没有人能得到抽奖券。",
        (
            "The draw {draw_id} is open from {opens} to {closes}, at no time of the "
            "campaign, so that nobody could get a ticket."
        ),
    ),
    "not_drawn_yet": (
        "抽奖 {draw_id} 还没有开奖，开奖后才有公示文件。",
        "The draw {draw_id} is not drawn yet; its file comes with the result.",
    ),
    "ticket_taken": (
        "您已参与这次抽奖。",
        "You take part in this draw already.",
    ),
    "draw_not_begun": (
        "抽奖还没有开始。",
        "The draw has not begun yet.",
    ),
    "draw_closed": (
        "抽奖已截止。",
        "The draw has closed.",
    ),
    "draw_not_open": (
        "这次抽奖不能直接参与，抽奖券由活动发放。",
        "One cannot just take part in this draw; tickets are earned.",
    ),
    "most_tickets": (
        "您在这次抽奖中的抽奖券已达上限。",
        "You have as many tickets as this draw lets you have.",
    ),
    "no_won_prize": (
        "您没有中得奖品 {won_id}。",
        "You have won no prize {won_id}.",
    ),
    "prize_claimed": (
        "奖品已领取。",
        "The prize is claimed already.",
    ),
    "prize_lapsed": (
        "领奖期限已过。",
        "The time to claim the prize is over.",
    ),
}
