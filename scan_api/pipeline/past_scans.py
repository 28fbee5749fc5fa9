"""Scans, shown later: to their member, to an app's backend, to staff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.figures import JudgedNow
from codegen.pipeline import may_see_code
from core.auth import Member, Principal, Role, Staff
from core.clock import business_day, utc_datetime
from core.errors import NotFound
from core.ids import time_of_id
from rewards.domain.awards import Award, AwardState, RewardView, view_awards
from rewards.store.awards import load_awards
from rewards.store.members import find_member_no, load_member_ids
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome
from scan_api.pipeline.case_scans import find_place
from scan_api.pipeline.replay import replay_scans
from scan_api.store import past_scans as store
from scan_api.store.case_scans import load_traced
from scan_api.store.kept_facts import unpack_facts
from scan_api.store.past_scans import RecordedScan

# Of these it is counted where they were.
_STOPPED: Final = frozenset({Outcome.HELD, Outcome.REFUSED})
_READERS: Final = frozenset({Role.ADMIN, Role.ANALYST, Role.SUPPORT, Role.APP})


class PastScan(msgspec.Struct, frozen=True):
    """A scan, as its member reads it later."""

    scan_id: str
    at: datetime
    outcome: str
    rewards: tuple[RewardView, ...]


class ScanPage(msgspec.Struct, frozen=True):
    """Some of a member's scans, newest first."""

    items: list[PastScan]
    next_cursor: str | None


async def list_member_scans(
    conn: AsyncConnection, member_id: str, *, before: int | None, limit: int
) -> ScanPage:
    """List a member's scans below the cursor `before`."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return ScanPage([], None)
    found = await store.load_member_scans(
        conn, member_no, before=before, limit=limit + 1
    )
    awards = await load_awards(conn, [scan.scan_id for scan in found[:limit]])
    items = [_view(scan, awards) for scan in found[:limit]]
    return ScanPage(items, items[-1].scan_id if len(found) > limit else None)


async def find_scan(
    conn: AsyncConnection, scan_id: int, principal: Principal
) -> PastScan:
    """Find a scan for who may see it; raises NotFound for who may not."""
    scan = await store.load_scan(conn, scan_id)
    if scan is None or not await _may_see(conn, principal, scan):
        raise NotFound(message("no_scan"))
    return _view(scan, await load_awards(conn, [scan_id]))


def _view(scan: RecordedScan, awards: Mapping[int, Sequence[Award]]) -> PastScan:
    """Show a recorded scan; a hold shows how it stands today."""
    rewards = view_awards(
        award
        for award in awards.get(scan.scan_id, ())
        if award.state is not AwardState.VOIDED
    )
    at = utc_datetime(time_of_id(scan.scan_id))
    return PastScan(str(scan.scan_id), at, scan.outcome, rewards)


# A member's newest held scans; whoever has more has a case of their own.
_HELD_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class SeenScan:
    """A scan as who helps its member sees it: all that it earned, void or not."""

    scan_id: int
    code_id: int
    at: datetime
    outcome: str
    member_id: str | None
    awards: Sequence[Award]

    @property
    def waits(self) -> bool:
        """Whether what it earned is still looked at."""
        return any(each.state is AwardState.PENDING for each in self.awards)


async def look_at_scan(conn: AsyncConnection, scan_id: int, staff: Staff) -> SeenScan:
    """Find a scan for who helps its member; raises NotFound for who may not see it."""
    scan = await store.load_scan(conn, scan_id)
    if scan is None or not await _may_see(conn, staff, scan):
        raise NotFound(message("no_scan"))
    (seen,) = await _see(conn, [scan])
    return seen


async def list_seen_scans(
    conn: AsyncConnection, member_no: int, *, before: int | None = None, limit: int
) -> list[SeenScan]:
    """List a member's scans below a cursor, newest first, as staff see them."""
    found = await store.load_member_scans(conn, member_no, before=before, limit=limit)
    return await _see(conn, found)


async def list_waiting_scans(conn: AsyncConnection, member_no: int) -> list[SeenScan]:
    """List a member's scans whose rewards wait for a review, newest first."""
    found = await store.load_held_scans(conn, member_no, limit=_HELD_SHOWN)
    return [each for each in await _see(conn, found) if each.waits]


async def _see(conn: AsyncConnection, found: Sequence[RecordedScan]) -> list[SeenScan]:
    awards = await load_awards(conn, [scan.scan_id for scan in found])
    numbers = {scan.member_no for scan in found if scan.member_no is not None}
    names = await load_member_ids(conn, numbers)
    return [
        SeenScan(
            scan.scan_id,
            scan.code_id,
            utc_datetime(time_of_id(scan.scan_id)),
            scan.outcome,
            None if scan.member_no is None else names.get(scan.member_no),
            awards.get(scan.scan_id, ()),
        )
        for scan in found
    ]


async def _may_see(
    conn: AsyncConnection, principal: Principal, scan: RecordedScan
) -> bool:
    if isinstance(principal, Member):
        member_no = await find_member_no(conn, principal.member_id)
        return member_no is not None and member_no == scan.member_no
    if not isinstance(principal, Staff) or principal.role not in _READERS:
        return False
    if principal.store is not None:
        context = unpack_facts(scan.facts).context
        if principal.store != context.get("store_id"):
            return False
    return await may_see_code(conn, scan.code_id, principal)


async def read_judged(
    conn: AsyncConnection, after: int, upto: int, *, timezone: ZoneInfo
) -> tuple[int, list[JudgedNow]]:
    """Read some of the scans after one, up to another at most, as they are counted.

    Tells up to which it came. Where it was is told of those that were held or refused.
    """
    end, scans = await store.load_judged(conn, after, upto)
    stopped = [scan.scan_id for scan in scans if scan.outcome in _STOPPED]
    traces = await load_traced(conn, stopped)
    replays = await replay_scans(conn, stopped, timezone)
    found = []
    for scan in scans:
        region = None
        if scan.outcome in _STOPPED:
            replay, trace = replays.get(scan.scan_id), traces.get(scan.scan_id)
            region = find_place(
                scan.kept.context,
                trace.cell if trace else None,
                replay.decision.facts if replay and replay.decision else {},
            )
        day = business_day(time_of_id(scan.scan_id), timezone)
        hits = tuple(scan.kept.hits)
        found.append(JudgedNow(day, scan.outcome, scan.kept.score, hits, region))
    return end, found
