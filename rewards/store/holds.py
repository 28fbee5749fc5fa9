"""The SQL of rewards that wait, and of how they end."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    Row,
    TextClause,
    not_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from core.outbox import write_happened
from rewards import tables as t
from rewards.domain.holds import (
    DrawFrozenError,
    Hold,
    HoldReason,
    HoldState,
    Resolution,
)
from rewards.domain.limits import EVERYBODY
from rewards.domain.plans import RewardKind
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.cards import complete_sets
from rewards.store.hold_events import HOLDS, HOLDS_AGAIN
from rewards.store.limits import OwnedLimit, load_owned_limits
from rewards.store.transfers import post_transfers

# What the hot path reads again when an answer was lost on its way.
HOLDS_OF: Final = """
    SELECT transfer_id, resolution FROM holds
    WHERE shard = 0 AND transfer_id = ANY(%b::bigint[])
"""


async def load_hold_states(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, HoldState]:
    """Tell how the holds of scans stand, by scan_id, of those that had one."""
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.resolution, h.resolved_at, h.reason).where(
            h.shard == SHARD, h.transfer_id.in_(scan_ids)
        )
    )
    return {
        row.transfer_id: HoldState(
            row.resolution and Resolution(row.resolution),
            row.resolved_at,
            HoldReason(row.reason),
        )
        for row in rows
    }


async def load_open_holds(
    conn: AsyncConnection, *, frozen: Sequence[tuple[int, int]], limit: int
) -> list[Hold]:
    """Lock the oldest holds that wait for no person and that nobody else works on.

    Rewards of the codes that are still frozen, (first, last) code_id, go on waiting.
    """
    h = t.holds.c
    rows = await conn.execute(
        select(h.transfer_id, h.code_id, h.member_no, h.amount, h.reason)
        .where(
            h.shard == SHARD,
            h.reason.in_([HoldReason.SIGNALS.value, HoldReason.EPOCH.value]),
            h.resolution.is_(None),
            *(not_(h.code_id.between(first, last)) for first, last in frozen),
        )
        .order_by(h.transfer_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [
        Hold(
            row.transfer_id,
            row.code_id,
            row.member_no,
            row.amount,
            HoldReason(row.reason),
        )
        for row in rows
    ]


async def keep_for_review(conn: AsyncConnection, transfer_ids: Sequence[int]) -> None:
    """Leave holds to a person: the rules, asked again, still say hold."""
    await conn.execute(
        update(t.holds)
        .where(t.holds.c.shard == SHARD, t.holds.c.transfer_id.in_(transfer_ids))
        .values(reason=HoldReason.RULES.value)
    )


_LOCK_OPEN: Final = text(
    """
    SELECT h.transfer_id FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT transfer_id FROM holds
        WHERE shard = 0 AND transfer_id = u.id AND resolution IS NULL
        FOR NO KEY UPDATE) AS h
    """
)


async def lock_open(conn: AsyncConnection, scan_ids: Collection[int]) -> list[int]:
    """Lock the holds of scans that have not ended, in order; tells which these are."""
    if not scan_ids:
        return []
    numbers = {"ids": write_numbers(sorted(scan_ids))}
    return list((await conn.execute(_LOCK_OPEN, numbers)).scalars())


# Locked in one order, whoever else ends some of them.
_END_HOLDS: Final = text(
    """
    WITH waiting AS MATERIALIZED (
        SELECT h.transfer_id, u.resolution
        FROM unnest(CAST(:ids AS bigint[]), CAST(:resolutions AS text[]))
            AS u (id, resolution)
        CROSS JOIN LATERAL (SELECT transfer_id FROM holds
            WHERE shard = 0 AND transfer_id = u.id AND resolution IS NULL
            FOR NO KEY UPDATE) AS h)
    UPDATE holds AS h SET resolution = w.resolution, resolved_at = :now
    FROM waiting AS w
    WHERE h.shard = 0 AND h.transfer_id = w.transfer_id
    RETURNING h.transfer_id, h.member_no, h.amount, h.day, h.limits, h.takes, h.holders
    """
)

# Tickets whose draw is frozen by now are too late, whatever becomes of the rest.
_LOAD_PENDING: Final = text(
    """
    SELECT f.origin_id, f.transfer_id, f.debit_account, f.credit_account, f.unit,
        f.amount, nullif(f.expires_on, 'infinity') AS expires_on, o.kind, o.campaign_no,
        d.draw_no, c.frozen_at IS NOT NULL AS is_late, EXISTS (SELECT FROM transfers
            WHERE shard = 0 AND origin_id = f.origin_id
                AND debit_account = f.debit_account
                AND kind IN ('unpost', 'unvoid')) AS again
    FROM unnest(CAST(:origins AS bigint[])) AS i (id)
    CROSS JOIN LATERAL (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id = i.id AND kind = 'pending' OFFSET 0) AS f
    JOIN offers AS o ON o.offer_no = f.debit_account
    LEFT JOIN LATERAL (SELECT draw_no FROM draw_tickets
        WHERE shard = 0 AND transfer_id = f.transfer_id AND o.kind = 'ticket'
        OFFSET 0) AS d ON true
    LEFT JOIN draw_counters AS c ON c.draw_no = d.draw_no
    ORDER BY f.credit_account, f.unit, f.transfer_id
    """
)

_GIVE_BACK: Final = text(
    """
    UPDATE limit_uses SET used = used - :amount
    WHERE shard = 0 AND limit_no = :limit_no AND holder = :holder AND period = :period
    """
)


async def resolve_holds(
    conn: AsyncConnection,
    holds: Sequence[Hold],
    *,
    next_id: Callable[[], int],
    resolution: Resolution,
    now: datetime,
) -> int:
    """Post or void all that held scans earned; returns how many, as `end_holds`."""
    resolutions = {hold.transfer_id: resolution for hold in holds}
    return len(await end_holds(conn, resolutions, next_id=next_id, now=now))


async def end_holds(
    conn: AsyncConnection,
    resolutions: Mapping[int, Resolution],
    *,
    next_id: Callable[[], int],
    now: datetime,
) -> list[int]:
    """Post or void all that held scans earned, by scan_id, in one go.

    What was resolved before stays so; tells which were not. What is voided gives back
    to each limit what it took, in the period that it was taken from. Tickets whose draw
    is frozen are void though all else is posted. `next_id` gives numbers for transfers.
    Locks are taken in the order of the hot statement: members' limits, balances,
    everybody's limits, what members collect, draws' counters. Raises DrawFrozenError:
    give it all up and begin it anew.
    """
    in_order = sorted(resolutions)
    words = ",".join(resolutions[scan_id].value for scan_id in in_order)
    rows = await conn.execute(
        _END_HOLDS,
        {"ids": write_numbers(in_order), "resolutions": f"{{{words}}}", "now": now},
    )
    ended = [HeldTakes(*row) for row in rows]
    if not ended:
        return []
    numbers = [hold.transfer_id for hold in ended]
    posted = {n for n in numbers if resolutions[n] is Resolution.POSTED}
    origins = write_numbers(numbers)
    pending = (await conn.execute(_LOAD_PENDING, {"origins": origins})).all()
    voids = frozenset(
        row.transfer_id for row in pending if row.is_late or row.origin_id not in posted
    )
    taken = await _what_was_taken(conn, ended, pending, voids)
    await _give_back(conn, [use for use in taken if use.holder > EVERYBODY])
    await post_transfers(conn, [_end_of(row, voids, next_id()) for row in pending])
    await _release(conn, pending, posted)
    await _give_back(conn, [use for use in taken if use.holder <= EVERYBODY])
    got = [
        (row.transfer_id, row.credit_account, row.unit)
        for row in pending
        if row.kind == RewardKind.CARD and row.origin_id in posted
    ]
    await complete_sets(conn, got, now=now)
    await _release_tickets(conn, pending, posted, voids)
    again = {row.origin_id for row in pending if row.again}
    await write_happened(conn, HOLDS, [n for n in numbers if n not in again])
    await write_happened(conn, HOLDS_AGAIN, [n for n in numbers if n in again])
    return numbers


# How what waits ends, by whether it is void, and has ended before.
_ENDS: Final = {
    (False, False): TransferKind.POST,
    (True, False): TransferKind.VOID,
    (False, True): TransferKind.REPOST,
    (True, True): TransferKind.REVOID,
}


def _end_of(row: Row[Any], voids: frozenset[int], transfer_id: int) -> Transfer:
    """End a transfer that waits by another."""
    kind = _ENDS[row.transfer_id in voids, row.again]
    return Transfer(
        *(row.origin_id, transfer_id, kind, row.debit_account),
        *(row.credit_account, row.unit, row.amount, row.expires_on),
    )


async def _release(
    conn: AsyncConnection, pending: Sequence[Row[Any]], posted: Collection[int]
) -> None:
    """Let what was held of each kind be there, or be void."""
    for kind, release in _RELEASES.items():
        rows = [row for row in pending if row.kind == kind]
        if rows:
            await conn.execute(release, _values(rows, posted))


async def _release_tickets(
    conn: AsyncConnection,
    pending: Sequence[Row[Any]],
    posted: Collection[int],
    voids: frozenset[int],
) -> None:
    """Let tickets take part, or be void, or late; raises if some are that only now."""
    tickets = [row for row in pending if row.kind == RewardKind.TICKET]
    if tickets:
        done = await conn.execute(_RELEASE_TICKETS, _values(tickets, posted))
        if not voids.issuperset(done.scalar_one()):
            raise DrawFrozenError


def _values(rows: Sequence[Row[Any]], posted: Collection[int]) -> dict[str, str]:
    words = [str(row.origin_id in posted).lower() for row in rows]
    return {
        "numbers": write_numbers(row.transfer_id for row in rows),
        "posted": f"{{{','.join(words)}}}",
    }


def _releasing(step: str) -> TextClause:
    return text(
        f"SELECT {step}(0::smallint, CAST(:numbers AS bigint[]),"
        " CAST(:posted AS boolean[]))"
    )


# Tells which were too late for their draw.
_RELEASE_TICKETS: Final = _releasing("release_tickets")
# By kind, the step that ends the waiting of what is there beside a balance.
_RELEASES: Final = {
    RewardKind.COUPON: _releasing("release_coupons"),
    RewardKind.GIFT: _releasing("release_gifts"),
    RewardKind.RED_PACKET: _releasing("release_payouts"),
}


class HeldTakes(NamedTuple):
    """What a hold took of limits, as _END_HOLDS gives it back.

    One of a worker of before offers took its amount of each limit, and has no takes.
    """

    transfer_id: int
    member_no: int
    amount: int
    day: date
    limits: Sequence[int]
    takes: Sequence[int]
    holders: Sequence[int]


class Taken(NamedTuple):
    """What holds took of a row of limit_uses."""

    holder: int
    limit_no: int
    period: date
    amount: int


def takes_of(
    hold: HeldTakes, limits: Mapping[int, OwnedLimit]
) -> Iterator[tuple[OwnedLimit, Taken]]:
    """Tell what a hold took of each of its limits."""
    of_hold = [limits[limit_no] for limit_no in hold.limits]
    takes = hold.takes or [hold.amount] * len(of_hold)
    holders = hold.holders or [e.limit.holder(hold.member_no) for e in of_hold]
    for owned, amount, holder in zip(of_hold, takes, holders, strict=True):
        limit = owned.limit
        yield owned, Taken(holder, limit.limit_no, limit.period(hold.day), amount)


async def _what_was_taken(
    conn: AsyncConnection,
    ended: Sequence[HeldTakes],
    pending: Sequence[Row[Any]],
    voids: frozenset[int],
) -> list[Taken]:
    """Add up by row of limit_uses what is not paid after all, in the order of locks.

    Of a hold that is posted without its tickets, what those took alone.
    """
    rewards: dict[int, list[Row[Any]]] = {}
    for row in pending:
        rewards.setdefault(row.origin_id, []).append(row)
    unpaid = {row.origin_id for row in pending if row.transfer_id in voids}
    some = [hold for hold in ended if hold.transfer_id in unpaid]
    limits = await load_owned_limits(conn, {no for hold in some for no in hold.limits})
    taken: Counter[tuple[int, int, date]] = Counter()
    for hold in some:
        paid = [r for r in rewards[hold.transfer_id] if r.transfer_id not in voids]
        for owned, each in takes_of(hold, limits):
            if not any(map(partial(_takes_from, owned), paid)):
                taken[each.holder, each.limit_no, each.period] += each.amount
    return [Taken(*row, amount) for row, amount in sorted(taken.items())]


def _takes_from(owned: OwnedLimit, row: Row[Any]) -> bool:
    return owned.counts(
        campaign_no=row.campaign_no, offer_no=row.debit_account, draw_no=row.draw_no
    )


async def _give_back(conn: AsyncConnection, taken: Sequence[Taken]) -> None:
    if taken:
        rows = [use._asdict() for use in taken]
        await conn.execute(_GIVE_BACK, rows)
