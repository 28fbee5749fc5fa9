"""The SQL of holds that wait again, since what ended them is taken back.

All that they took from is locked before anything is judged, in the order of locks:
holds, red packets, members' limits, lots, coupons and gifts, everybody's limits, sets
of cards, counters of draws.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.bounds import MAX_POINTS
from core.db_arrays import write_numbers
from rewards.domain.holds import Resolution
from rewards.domain.limits import EVERYBODY, Counts
from rewards.domain.plans import RewardKind
from rewards.domain.reopening import (
    BALANCED,
    POSTED,
    EndedHold,
    EndedReward,
    LotKey,
    Room,
    Taking,
)
from rewards.domain.reversals import Use
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.holds import HeldTakes, takes_of
from rewards.store.limits import OwnedLimit, load_owned_limits
from rewards.store.reversals import lock_uses

_LOCK_HOLDS: Final = text(
    """
    SELECT h.transfer_id, h.member_no, h.amount, h.day, h.limits, h.takes, h.holders,
        h.resolution, h.resolved_at
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM holds
        WHERE shard = 0 AND transfer_id = u.id AND resolution IS NOT NULL
        FOR NO KEY UPDATE) AS h
    """
)
# What a reward is now against what its end left it as. A set that was paid keeps its
# cards, and tickets their draw once that is frozen.
_REWARDS: Final = text(
    """
    SELECT f.origin_id, f.transfer_id, f.debit_account, f.credit_account, f.unit,
        f.amount, nullif(f.expires_on, 'infinity') AS expires_on, o.kind, e.kind AS end,
        NOT EXISTS (SELECT FROM reversals
            WHERE shard = 0 AND origin_id = f.origin_id)
        AND CASE o.kind
            WHEN 'coupon' THEN (SELECT state
                    = CASE WHEN e.posted THEN 'issued' ELSE 'denied' END
                FROM coupons WHERE shard = 0 AND coupon_no = f.transfer_id)
            WHEN 'gift' THEN (SELECT state
                    = CASE WHEN e.posted THEN 'won' ELSE 'void' END
                FROM member_gifts WHERE shard = 0 AND transfer_id = f.transfer_id)
            WHEN 'red_packet' THEN (SELECT sent_at IS NULL AND fault IS NULL
                    AND NOT cancelling AND state
                    = CASE WHEN e.posted THEN 'waiting' ELSE 'cancelled' END
                FROM payouts WHERE shard = 0 AND payout_id = f.transfer_id)
            WHEN 'ticket' THEN d.state = 'void'
                OR d.state = 'valid' AND c.frozen_at IS NULL
            WHEN 'card' THEN NOT e.posted OR NOT EXISTS (
                SELECT FROM cards AS k JOIN collected_sets AS s ON s.set_no = k.set_no
                WHERE k.unit = f.unit AND s.shard = 0
                    AND s.member_no = f.credit_account AND s.awarded_at IS NOT NULL)
            ELSE true END AS is_there,
        EXISTS (SELECT FROM transfers WHERE shard = 0 AND origin_id = f.origin_id
            AND debit_account = f.debit_account
            AND kind IN ('unpost', 'unvoid')) AS again,
        d.draw_no
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id = u.id AND kind = 'pending' OFFSET 0) AS f
    CROSS JOIN LATERAL (SELECT kind, kind IN ('post', 'repost') AS posted FROM ends
        WHERE shard = 0 AND origin_id = f.origin_id
            AND debit_account = f.debit_account LIMIT 1) AS e
    JOIN offers AS o ON o.offer_no = f.debit_account
    LEFT JOIN LATERAL (SELECT draw_no, state FROM draw_tickets
        WHERE shard = 0 AND transfer_id = f.transfer_id AND o.kind = 'ticket'
        OFFSET 0) AS d ON true
    LEFT JOIN draw_counters AS c ON c.draw_no = d.draw_no
    ORDER BY f.credit_account, f.unit, f.transfer_id
    """
)


async def lock_ended(
    conn: AsyncConnection, scan_ids: Collection[int]
) -> tuple[list[EndedHold], Room]:
    """Lock holds that have ended, and all that they took from; tells what is there.

    What is locked first is looked at last, so that it is as it stays.
    """
    numbers = write_numbers(sorted(scan_ids))
    held = (await conn.execute(_LOCK_HOLDS, {"ids": numbers})).all()
    values = {"ids": write_numbers(row.transfer_id for row in held)}
    rows = (await conn.execute(_REWARDS, values)).all()
    limits = await load_owned_limits(conn, {no for row in held for no in row.limits})
    takes = {row.transfer_id: _takings(row, limits) for row in held}
    room = await _lock(conn, rows, [each for of in takes.values() for each in of])
    rewards: dict[int, list[EndedReward]] = {}
    for row in await conn.execute(_REWARDS, values):
        rewards.setdefault(row.origin_id, []).append(_read(row))
    ended = [
        EndedHold(
            *(row.transfer_id, row.member_no, Resolution(row.resolution)),
            row.resolved_at,
            tuple(rewards.get(row.transfer_id, ())),
            tuple(takes[row.transfer_id]),
        )
        for row in held
    ]
    return ended, room


async def load_posted(
    conn: AsyncConnection, scan_ids: Collection[int]
) -> tuple[list[EndedReward], dict[LotKey, int]]:
    """Read what was posted of scans that were held, and what lots have; locks nothing.

    What somebody spends meanwhile is seen or not.
    """
    numbers = {"ids": write_numbers(scan_ids)}
    rows = [
        row
        for row in await conn.execute(_REWARDS, numbers)
        if TransferKind(row.end) in POSTED
    ]
    balanced = [row for row in rows if RewardKind(row.kind) in BALANCED]
    found = await conn.execute(_LOTS, _lots_of(balanced))
    lots = {LotKey(*key): available for *key, available in found}
    return [_read(row) for row in rows], lots


def _read(row: Row[Any]) -> EndedReward:
    paid = Transfer(
        *(row.origin_id, row.transfer_id, TransferKind.PENDING, row.debit_account),
        *(row.credit_account, row.unit, row.amount, row.expires_on),
    )
    end = TransferKind(row.end)
    return EndedReward(
        RewardKind(row.kind), paid, end, bool(row.is_there), row.again, row.draw_no
    )


def _takings(row: Row[Any], limits: Mapping[int, OwnedLimit]) -> list[Taking]:
    held = HeldTakes(
        *(row.transfer_id, row.member_no, row.amount, row.day),
        *(row.limits, row.takes, row.holders),
    )
    return [
        Taking(Use(taken.holder, taken.limit_no, taken.period), taken.amount, most)
        for owned, taken in takes_of(held, limits)
        for most in (_most(owned),)
    ]


def _most(owned: OwnedLimit) -> int:
    """Tell how much a limit lets; that which counts a member's claims lets any."""
    counts_claims = owned.limit.counts is Counts.CLAIMS and owned.campaign_no is None
    return MAX_POINTS if counts_claims else owned.limit.most


_IN_LOTS: Final = """
    SELECT b.unit, nullif(b.expires_on, 'infinity'), b.member_no, b.available
    FROM (SELECT DISTINCT m, n FROM unnest(CAST(:members AS bigint[]),
        CAST(:units AS integer[])) AS u (m, n)) AS u
    JOIN balances AS b ON b.shard = 0 AND b.member_no = u.m AND b.unit = u.n
"""
_LOTS: Final = text(_IN_LOTS)
_LOCK_LOTS: Final = text(
    f"{_IN_LOTS} ORDER BY b.unit, b.expires_on, b.member_no FOR UPDATE OF b"
)
_LOCK_SETS: Final = text(
    """
    SELECT FROM collected_sets AS s
    WHERE s.shard = 0 AND (s.member_no, s.set_no) IN (SELECT u.m, c.set_no
        FROM unnest(CAST(:members AS bigint[]), CAST(:units AS integer[])) AS u (m, n)
        JOIN cards AS c ON c.unit = u.n)
    ORDER BY s.member_no, s.set_no FOR UPDATE
    """
)


def _locking(table: str, key: str) -> TextClause:
    return text(
        f"SELECT FROM {table} WHERE shard = 0"
        f" AND {key} = ANY (CAST(:ids AS bigint[])) ORDER BY {key} FOR UPDATE"
    )


_LOCK_PAYOUTS: Final = _locking("payouts", "payout_id")
_LOCK_COUPONS: Final = _locking("coupons", "coupon_no")
_LOCK_GIFTS: Final = _locking("member_gifts", "transfer_id")
_LOCK_COUNTERS: Final = text(
    """
    SELECT FROM draw_counters WHERE draw_no = ANY (CAST(:ids AS integer[]))
    ORDER BY draw_no FOR UPDATE
    """
)


async def _lock(
    conn: AsyncConnection, rows: Sequence[Row[Any]], takes: Sequence[Taking]
) -> Room:
    """Lock all that rewards are or took from, in the order of locks."""

    async def lock(statement: TextClause, ids: Iterable[int]) -> None:
        numbers = write_numbers(sorted(set(ids)))
        if numbers != "{}":
            await conn.execute(statement, {"ids": numbers})

    def of(kind: RewardKind) -> Iterable[int]:
        return [row.transfer_id for row in rows if row.kind == kind]

    room = Room()
    uses = {each.use for each in takes}
    of_members = {use for use in uses if use.holder > EVERYBODY}
    await lock(_LOCK_PAYOUTS, of(RewardKind.RED_PACKET))
    room.used = await lock_uses(conn, of_members)
    balanced = [row for row in rows if RewardKind(row.kind) in BALANCED]
    found = await conn.execute(_LOCK_LOTS, _lots_of(balanced))
    room.lots = {LotKey(*key): available for *key, available in found}
    await lock(_LOCK_COUPONS, of(RewardKind.COUPON))
    await lock(_LOCK_GIFTS, of(RewardKind.GIFT))
    room.used |= await lock_uses(conn, uses - of_members)
    cards = [row for row in balanced if row.kind == RewardKind.CARD]
    if cards:
        await conn.execute(_LOCK_SETS, _lots_of(cards))
    await lock(_LOCK_COUNTERS, [row.draw_no for row in rows if row.draw_no])
    return room


def _lots_of(rows: Sequence[Row[Any]]) -> dict[str, str]:
    return {
        "members": write_numbers(row.credit_account for row in rows),
        "units": write_numbers(row.unit for row in rows),
    }


# Letting them wait again: every row is locked ----------------------------------------

_REOPEN_HOLDS: Final = text(
    """
    UPDATE holds SET resolution = NULL, resolved_at = NULL
    WHERE shard = 0 AND transfer_id = ANY (CAST(:ids AS bigint[]))
    """
)
_TAKE_AGAIN: Final = text(
    """
    UPDATE limit_uses AS v SET used = v.used + u.amount,
        most = greatest(v.most, v.used + u.amount)
    FROM unnest(CAST(:limits AS integer[]), CAST(:holders AS bigint[]),
        CAST(:periods AS date[]), CAST(:amounts AS bigint[]))
        AS u (limit_no, holder, period, amount)
    WHERE v.shard = 0 AND v.limit_no = u.limit_no AND v.holder = u.holder
        AND v.period = u.period
    """
)
_HOLD_COUPONS: Final = text(
    """
    UPDATE coupons SET state = 'held'
    WHERE shard = 0 AND coupon_no = ANY (CAST(:ids AS bigint[]))
    """
)
_HOLD_GIFTS: Final = text(
    """
    UPDATE member_gifts SET state = 'held'
    WHERE shard = 0 AND transfer_id = ANY (CAST(:ids AS bigint[]))
    """
)
# It lapses as long after it is let go as it did before.
_HOLD_PAYOUTS: Final = text(
    """
    UPDATE payouts AS p SET state = 'held', version = p.version + 1, next_at = NULL,
        lapses_at = p.lapses_at - (u.ended_at - p.created_at)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:ended AS timestamptz[]))
        AS u (id, ended_at)
    WHERE p.shard = 0 AND p.payout_id = u.id
    """
)
_TELL_PAYOUTS: Final = text("SELECT tell_payouts(0::smallint, CAST(:ids AS bigint[]))")
_HOLD_TICKETS: Final = text(
    """
    WITH held AS (
        UPDATE draw_tickets AS t SET state = 'held' FROM draw_tickets AS old
        WHERE t.shard = 0 AND t.transfer_id = ANY (CAST(:ids AS bigint[]))
            AND old.shard = 0 AND old.draw_no = t.draw_no AND old.first_no = t.first_no
        RETURNING t.draw_no, t.amount, old.state
    )
    UPDATE draw_counters AS c SET tickets = c.tickets - h.amount
    FROM (SELECT draw_no, sum(amount) AS amount FROM held WHERE state = 'valid'
        GROUP BY 1) AS h
    WHERE c.draw_no = h.draw_no
    """
)


async def reopen(conn: AsyncConnection, holds: Sequence[EndedHold]) -> None:
    """Let locked holds wait again, and what they hold that has no balance."""
    rewards = [(hold, each) for hold in holds for each in hold.rewards]

    async def wait(statement: TextClause, kind: RewardKind) -> None:
        some = [each.paid.transfer_id for _, each in rewards if each.kind is kind]
        if some:
            await conn.execute(statement, {"ids": write_numbers(some)})

    numbers = write_numbers(hold.scan_id for hold in holds)
    await conn.execute(_REOPEN_HOLDS, {"ids": numbers})
    await wait(_HOLD_COUPONS, RewardKind.COUPON)
    await wait(_HOLD_GIFTS, RewardKind.GIFT)
    await wait(_HOLD_TICKETS, RewardKind.TICKET)
    packets = [
        (each.paid.transfer_id, hold.ended_at)
        for hold, each in rewards
        if each.kind is RewardKind.RED_PACKET
    ]
    if packets:
        ids = write_numbers(number for number, _ in packets)
        ended = [at for _, at in packets]
        await conn.execute(_HOLD_PAYOUTS, {"ids": ids, "ended": ended})
        await conn.execute(_TELL_PAYOUTS, {"ids": ids})


async def take_again(conn: AsyncConnection, needs: Mapping[Use, int]) -> None:
    """Take from limits, whose rows are locked, what was given back to them."""
    if needs:
        values = {
            "limits": write_numbers(use.limit_no for use in needs),
            "holders": write_numbers(use.holder for use in needs),
            "periods": [use.period for use in needs],
            "amounts": write_numbers(needs.values()),
        }
        await conn.execute(_TAKE_AGAIN, values)
