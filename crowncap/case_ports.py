"""What cases are handed: rewards that are posted or voided, and what scans were."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Verb
from anti_fraud.pipeline.cases.ports import CasePorts, Gone, Undoing
from crowncap.action_ports import ACTION_PORTS
from rewards.domain.holds import Resolution
from rewards.domain.reopening import Refusal, ReopenWish
from rewards.pipeline.holds import end_holds
from rewards.pipeline.reopening import reopen_holds
from scan_api.pipeline.case_scans import show_scans

_RESOLUTIONS: Final = {
    Verb.APPROVE: Resolution.POSTED,
    Verb.DENY: Resolution.VOIDED,
}


async def _settle(
    conn: AsyncConnection,
    decisions: Mapping[int, Verb],
    *,
    next_id: Callable[[], int],
    now: datetime,
) -> Collection[int]:
    resolutions = {scan_id: _RESOLUTIONS[verb] for scan_id, verb in decisions.items()}
    return await end_holds(conn, resolutions, next_id=next_id, now=now)


async def _reopen(
    conn: AsyncConnection,
    wishes: Mapping[int, Undoing],
    *,
    next_id: Callable[[], int],
) -> Mapping[int, Gone | Collection[int]]:
    asked = [
        ReopenWish(key, wish.scan_ids, wish.ended_at) for key, wish in wishes.items()
    ]
    told = await reopen_holds(conn, asked, next_id=next_id)
    return {
        key: Gone(each.fault.value, each.points, each.others, each.most)
        if isinstance(each, Refusal)
        else each
        for key, each in told.items()
    }


def case_ports(timezone: ZoneInfo) -> CasePorts:
    """Give what cases are handed, on the brand's calendar."""
    return CasePorts(
        _settle, _reopen, partial(show_scans, timezone=timezone), ACTION_PORTS
    )
