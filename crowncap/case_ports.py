"""What cases are handed: rewards that are posted or voided, and what scans were."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.cases import Value, Verb
from anti_fraud.pipeline.cases.ports import (
    CLAIMED_SINCE,
    CasePorts,
    Gone,
    Settled,
    Undoing,
)
from crowncap.action_ports import ACTION_PORTS
from rewards.domain.holds import Resolution
from rewards.domain.reopening import Refusal, ReopenWish
from rewards.pipeline.holds import end_holds
from rewards.pipeline.reopening import reopen_holds, show_spent
from rewards.store.holds import load_hold_states, lock_open
from scan_api.pipeline.case_scans import show_scans
from scan_api.pipeline.replay import replay_scans
from scan_api.store.released_claims import (
    claim_again,
    end_again,
    keep_claims,
    release_claims,
)

_RESOLUTIONS: Final = {
    Verb.APPROVE: Resolution.POSTED,
    Verb.DENY: Resolution.VOIDED,
}


async def _settle(
    conn: AsyncConnection,
    decisions: Mapping[int, Verb],
    *,
    releases: Collection[int],
    next_id: Callable[[], int],
    now: datetime,
) -> Settled:
    """End claims first, as scans lock codes before balances, under locked holds."""
    released = await release_claims(conn, await lock_open(conn, releases))
    resolutions = {scan_id: _RESOLUTIONS[verb] for scan_id, verb in decisions.items()}
    ended = await end_holds(conn, resolutions, next_id=next_id, now=now)
    return Settled(ended, released)


async def _reopen(
    conn: AsyncConnection,
    wishes: Mapping[int, Undoing],
    *,
    next_id: Callable[[], int],
) -> Mapping[int, Gone | Collection[int]]:
    every = [scan_id for wish in wishes.values() for scan_id in wish.scan_ids]
    claimed = await claim_again(conn, every)
    gone = {
        key: Gone(CLAIMED_SINCE, others=lost)
        for key, wish in wishes.items()
        if (lost := sum(claimed.get(scan_id) is False for scan_id in wish.scan_ids))
    }
    asked = [
        ReopenWish(key, wish.scan_ids, wish.ended_at)
        for key, wish in wishes.items()
        if key not in gone
    ]
    told = await reopen_holds(conn, asked, next_id=next_id)
    again = {key: each for key, each in told.items() if not isinstance(each, Refusal)}
    gone |= {
        key: Gone(each.fault.value, each.points, each.others, each.most)
        for key, each in told.items()
        if isinstance(each, Refusal)
    }
    begun = {scan_id for scan_id, is_back in claimed.items() if is_back}
    kept = begun.intersection(chain.from_iterable(again.values()))
    await keep_claims(conn, kept)
    await end_again(conn, begun - kept)
    return {**gone, **again}


async def _show_spent(conn: AsyncConnection, scan_ids: Sequence[int]) -> Value:
    spent = await show_spent(conn, scan_ids)
    return Value(points=spent.points, others=spent.others)


async def find_ended(conn: AsyncConnection, scan_ids: Sequence[int]) -> set[int]:
    """Tell which of some scans had holds that have ended."""
    states = await load_hold_states(conn, scan_ids) if scan_ids else {}
    return {scan_id for scan_id, hold in states.items() if hold.resolution is not None}


async def find_network_kinds(
    conn: AsyncConnection, scan_ids: Sequence[int], *, timezone: ZoneInfo
) -> dict[int, str]:
    """Tell from which sort of network scans came, as their rules were told."""
    replays = await replay_scans(conn, scan_ids, timezone)
    kinds = {
        scan_id: each.decision.facts.get("network_kind")
        for scan_id, each in replays.items()
        if each.decision is not None
    }
    return {scan_id: kind for scan_id, kind in kinds.items() if isinstance(kind, str)}


def case_ports(timezone: ZoneInfo) -> CasePorts:
    """Give what cases are handed, on the brand's calendar."""
    return CasePorts(
        _settle,
        _reopen,
        partial(show_scans, timezone=timezone),
        _show_spent,
        ACTION_PORTS,
    )
