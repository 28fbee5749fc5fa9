"""A version of the rules that an analyst tries: in the shadow, and on the week."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.default_rules import shipped_rules
from anti_fraud.pipeline.rule_sets import commit_rule_set, write_rule_set
from anti_fraud.pipeline.shadows import start_shadow
from core.auth import Staff
from core.clock import to_ms
from core.ids import first_id_at
from crowncap.demo_week.calendar import DAYS, Week
from scan_api.pipeline.backtests import NewBacktest, start_backtest

_EARLIER: Final = 10
_SHADOW: Final = timedelta(days=14)


async def try_rules(
    conn: AsyncConnection, week: Week, analyst: Staff, *, now: datetime
) -> None:
    """Let a version that holds earlier run in the shadow, and on the week's scans."""
    document = shipped_rules()
    at = document["thresholds"]
    candidate = document | {
        "thresholds": {**at, "hold": at["hold"] - _EARLIER},
    }
    begin = week.at(DAYS - 1, 22)
    draft = await write_rule_set(
        conn,
        candidate,
        "hold a little earlier",
        analyst,
        now=begin,
        today=week.days[-1],
    )
    await commit_rule_set(conn, draft.version, analyst, now=begin)
    until = now + _SHADOW
    await start_shadow(conn, draft.version, analyst, until=until, now=now)
    wish = NewBacktest(draft.version, week.at(0, 0), week.at(DAYS, 0))
    number = first_id_at(to_ms(now))
    await start_backtest(conn, wish, analyst, backtest_id=number, now=now)
