"""What marketers read of the programme."""

from collections.abc import Mapping
from typing import Final

PROGRAMME_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "programme": ("积分规则", "The programme"),
    "programme_lead": (
        "积分的有效期，以及奖励收回的方式。一人编写、另一人批准后生效；已经获得的积分保持原有效期。",
        (
            "Until when points are good, and how rewards are taken back. One person "
            "writes a version, another one approves it; points that were earned keep "
            "the end they have."
        ),
    ),
    "programme_holds": ("现行规则", "What holds now"),
    "programme_versions": ("版本", "Versions"),
    "programme_none": (
        "还没有版本：积分长期有效。",
        "There is no version yet: points never expire.",
    ),
    "programme_of_one_brand": (
        "积分规则涵盖所有品牌；您的账号只限其中之一，因此只能查看。",
        "The programme is of all brands and you work for one, so you only look.",
    ),
    "programme_end": ("积分有效期", "Points are good"),
    "programme_end_never": ("长期有效", "for ever"),
    "programme_end_months": (
        "获得后若干个月（到月底）",
        "for months, to a month's end",
    ),
    "programme_end_day": ("每年的某一天", "until a day of each year"),
    "programme_months": (
        "{months} 个月，到月底",
        "{months} months, to a month's end",
    ),
    "programme_day": ("每年 {day} 止", "until {day} of each year"),
    "programme_how_many_months": ("几个月", "How many months"),
    "programme_which_day": ("哪一天（月-日，例如 12-31）", "Which day (MM-DD)"),
    "programme_clawback": ("奖励收回", "Taking rewards back"),
    "clawback_pending_only": ("只收回待审的", "only what still waits"),
    "clawback_within_balance": ("收回会员还有的", "as much as the member still has"),
    "clawback_debt": ("全部收回，不足的记为欠分", "all, and what is missing is owed"),
    "programme_write": ("编写新版本", "Write a version"),
    "programme_write_do": ("提交批准", "Ask for approval"),
    "programme_approve": ("批准并生效", "Approve; it holds at once"),
    "programme_yours": (
        "由您编写，请另一人批准",
        "You wrote it; another approves",
    ),
}
