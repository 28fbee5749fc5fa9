"""What cases are handed: rewards that are posted or voided, and what scans were."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Verb
from anti_fraud.pipeline.cases.ports import CasePorts
from rewards.domain.holds import Resolution
from rewards.pipeline.holds import end_holds
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


def case_ports(timezone: ZoneInfo) -> CasePorts:
    """Give what cases are handed, on the brand's calendar."""
    return CasePorts(_settle, partial(show_scans, timezone=timezone))
