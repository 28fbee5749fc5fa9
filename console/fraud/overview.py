"""How it goes: outcomes by day, scores, what each rule did, what waits, and where."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.figures import Figure
from anti_fraud.pipeline import figures, rule_sets
from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.charts import (
    lay_out_bars,
    lay_out_days,
    lay_out_scores,
    place_score,
)
from console.fraud.maps import HEIGHT, SIDE, WIDTH, lay_out_tiles
from core.auth import Role

PATH: Final = f"{HOME}/fraud"
_DAYS: Final = (7, 14, 30)
_USUAL: Final = 14
# What was stopped is a thousandth of all, so each has a plot of its own.
_STOPPED: Final[Mapping[str, tuple[str, ...]]] = {
    "held": ("held",),
    "refused": ("refused",),
}
_ALL: Final[Mapping[str, tuple[str, ...]]] = {
    "rewarded": ("rewarded",),
    "unpaid": ("no_reward", "limit_reached"),
    "repeated": ("already_claimed", "verified"),
    "unfit": ("not_active", "recalled"),
    "held": ("held",),
    "refused": ("refused",),
}


@staff_page(HttpMethod.GET, "/fraud", Role.ANALYST)
async def show_fraud(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show how it goes, over some days up to today."""
    asked = request.query_params.get("days", "")
    days = int(asked) if asked in {str(n) for n in _DAYS} else _USUAL
    first = context.today - timedelta(days=days - 1)
    async with context.engine.connect() as conn:
        # Figures, what is open and what is in force are those of one moment.
        await conn.execution_options(isolation_level="REPEATABLE READ")
        found = await figures.show_figures(conn, page.staff, since=first)
        waiting = await figures.count_open_cases(conn, page.staff, now=context.now)
        active = await rule_sets.find_active(conn, page.staff)
    outcomes = found.by_day(Figure.OUTCOME)
    scores = found.total(Figure.SCORE)
    places = Counter[str | None]()
    for name, n in found.total(Figure.PLACE).items():
        places[name or None] += n
    return render(
        context,
        page,
        "fraud.html",
        figures=found,
        days=days,
        choices=_DAYS,
        stopped=lay_out_days(outcomes, _STOPPED, first=first, days=days),
        outcomes=lay_out_days(outcomes, _ALL, first=first, days=days),
        scores=lay_out_scores(scores, "score"),
        scored=sum(scores.values()),
        thresholds=_place_thresholds(active.document["thresholds"]),
        sentences={r["id"]: r["sentence"] for r in active.document["rules"]},
        rules=found.rules,
        due=lay_out_bars({due.value: n for due, n in waiting.due.items()}),
        age=lay_out_bars({str(day): n for day, n in waiting.age_days.items()}),
        waiting=waiting,
        most_open=figures.MOST_OPEN,
        map=lay_out_tiles(places),
        tile=(SIDE, WIDTH, HEIGHT),
    )


def _place_thresholds(scores: Mapping[str, int]) -> list[tuple[str, int, float]]:
    return [
        (name, scores[at], place_score(scores[at]))
        for name, at in (("held", "hold"), ("refused", "refuse"))
    ]
