"""Cases of little worth that no weighty rule supports are approved by themselves.

What that means is data (`CaseSettings`); a person is asked for the rest.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Verb
from anti_fraud.pipeline.cases.deciding import Wish, decide_cases
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.cases.working import Work
from anti_fraud.store import case_settings
from anti_fraud.store.cases import resolving as store
from core.auth.principal import SYSTEM
from core.fence import share_fence

_AT_ONCE: Final = 200
# What the timeline says of it; pages know it by this word.
BY_ITSELF: Final = "by_itself"


async def resolve_some(
    conn: AsyncConnection,
    ports: CasePorts,
    *,
    next_id: Callable[[], int],
    now: datetime,
) -> int:
    """Approve some cases that nobody needs to look at; returns how many."""
    await share_fence(conn)
    settings = await case_settings.load_settings(conn)
    quiet = timedelta(hours=settings.resolve_after_hours)
    cases = await store.lock_light(
        conn, settings, quiet_since=now - quiet, now=now, limit=_AT_ONCE
    )
    wishes = [Wish(case.case_id, case.version, Verb.APPROVE) for case in cases]
    work = Work(conn, SYSTEM, next_id, now)
    await decide_cases(work, ports, wishes, note=BY_ITSELF)
    return len(cases)
