"""The SQL of scans. The hot statement goes through the driver's own binary arrays."""

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final, LiteralString, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import psycopg
from psycopg.rows import args_row, tuple_row
from sqlalchemy import ARRAY, BigInteger, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards.domain.awards import Award
from rewards.domain.holds import Resolution
from rewards.store.holds import HOLDS_OF
from rewards.store.ledger import BALANCES_OF
from rewards.store.members import ENSURE_MEMBERS
from scan_api.domain.scans import Earned, Outcome, Plan, Scan, Settled
from scan_api.store import binary_arrays as arrays
from scan_api.store.kept_facts import late_ms_of, pack_facts
from scan_api.store.planned_rewards import (
    REWARD_TYPES,
    days_of,
    in_order,
    write_rewards,
)
from scan_api.store.prepared import PreparedStatement
from scan_api.tables import scans

# What `commit_scans_3` takes after the version; write_rewards gives the last of it.
_ARGUMENTS: Final = (
    arrays.INT4_ARRAY,
    *(arrays.INT8_ARRAY, arrays.INT8_ARRAY, arrays.INT8_ARRAY),
    *(arrays.TEXT_ARRAY, arrays.BOOL_ARRAY, arrays.BOOL_ARRAY),
    *(arrays.TEXT_ARRAY, arrays.BYTEA_ARRAY),
    *(arrays.INET_ARRAY, arrays.BYTEA_ARRAY, arrays.INT8_ARRAY),
    *(arrays.BYTEA_ARRAY, arrays.BYTEA_ARRAY),
    *REWARD_TYPES,
)
_NUMBERED: Final = ", ".join(f"${number}" for number in range(2, len(_ARGUMENTS) + 2))
_COMMIT: Final = PreparedStatement(
    b"commit_scans",
    f"""
    SELECT outcomes, points, availables, claim_scans, claim_owners, scan_counts,
        originals, original_others, waits, replays, replay_bodies, repeats, chosen,
        completed, refused
    FROM commit_scans_3(0::smallint, $1, {_NUMBERED})
    """.encode(),  # noqa: S608 - only numbers of arguments
    (arrays.INT8, *_ARGUMENTS),
)
# What find_absent says of a draw that has not begun.
BEGINS_LATER: Final = -3
_VERSION: Final = struct.Struct(">q")
_OUTCOMES: Final = {outcome.value.encode(): outcome for outcome in Outcome}

# What codes know of scans; what their members have is read by itself.
_COMMITTED: Final = """
    SELECT s.scan_id, s.code_id, s.member_no, s.outcome, s.points, s.claim_scan_id,
        CASE WHEN s.outcome = 'already_claimed' THEN k.member_no END AS claim_member_no,
        coalesce(v.scans, 0) + (k.code_id IS NOT NULL)::integer AS scan_count,
        o.scan_id AS own_claim, coalesce(o.points, 0) AS own_points,
        coalesce(o.others, 0) AS own_others
    FROM scans AS s
    LEFT JOIN claims AS k ON k.shard = 0 AND k.code_id = s.code_id
    LEFT JOIN sightings AS v ON v.shard = 0 AND v.code_id = s.code_id
    LEFT JOIN scans AS o ON o.shard = 0 AND o.scan_id = s.claim_scan_id
        AND o.member_no = s.member_no
    WHERE s.shard = 0 AND s.scan_id = ANY(%b::bigint[])
"""

_RECORD_ANSWERS: Final = PreparedStatement(
    b"record_answers",
    b"""
    UPDATE idempotency_keys AS k SET status = 200, response = u.response
    FROM unnest($1, $2) AS u (key_hash, response)
    WHERE k.shard = 0 AND k.key_hash = u.key_hash
    """,
    (arrays.BYTEA_ARRAY, arrays.BYTEA_ARRAY),
)

_ENSURE_MEMBERS: Final = PreparedStatement(
    b"ensure_members", ENSURE_MEMBERS.encode(), (arrays.TEXT_ARRAY, arrays.INT8_ARRAY)
)


class Committed(msgspec.Struct, frozen=True, gc=False):
    """What PostgreSQL made of one scan of a batch."""

    outcome: Outcome
    points: int
    available: int | None
    claim_scan_id: int | None
    claim_member_no: int | None
    scan_count: int | None
    original_points: int = 0
    original_others: int = 0
    original_waits: bool = False
    replay: bytes | None = None
    replay_body: bytes | None = None
    # The scan that is kept, where this one equals it and is neither counted nor kept.
    repeats: int | None = None
    earned: tuple[Earned, ...] = ()
    # Whether the member has had all of what campaigns ever give one.
    is_full: bool = False


class _Found(NamedTuple):
    """What codes know of a committed scan; `own_claim` is a claim of its own member."""

    scan_id: int
    code_id: int
    member_no: int | None
    outcome: str
    points: int
    claim_scan_id: int | None
    claim_member_no: int | None
    scan_count: int
    own_claim: int | None
    own_points: int
    own_others: int


class Decided(msgspec.Struct, frozen=True, gc=False):
    """A scan, the plan for it and who asked; what the hot statement takes.

    `transfers` are the numbers of its rewards, as `in_order` gives them; a single one
    has its scan's where there are none.
    """

    scan: Scan
    plan: Plan
    member_no: int
    transfers: tuple[int, ...] = ()


async def commit_scans(
    conn: psycopg.AsyncConnection[Any],
    decided: Sequence[Decided],
    *,
    version: int,
    timezone: ZoneInfo,
) -> list[Committed]:
    """Commit a batch; an outcome a scan, in order. Days are those of `timezone`.

    Raises psycopg.Error: CC001 for a stale `version`, CC002 when the batch must be
    split, CC006 when a member claimed another code since this was planned,
    UniqueViolation when it was committed before.
    """
    scan_ids = [d.scan.scan_id for d in decided]
    days = days_of(scan_ids, timezone)
    result = await _COMMIT.run(
        conn,
        _VERSION.pack(version),
        arrays.int4_array(days),
        arrays.int8_array(scan_ids),
        arrays.int8_array([d.scan.code_id for d in decided]),
        arrays.int8_array([d.member_no for d in decided]),
        arrays.text_array([d.plan.outcome.value for d in decided]),
        arrays.bool_array([d.plan.claims for d in decided]),
        arrays.bool_array([d.plan.later for d in decided]),
        arrays.text_array([d.plan.hold_reason or "" for d in decided]),
        arrays.bytea_array(
            [
                pack_facts(
                    *(d.plan.decision, d.scan.context, d.plan.made_on),
                    late_ms_of(d.scan),
                )
                for d in decided
            ]
        ),
        arrays.inet_array([d.scan.address for d in decided]),
        arrays.bytea_array([(d.scan.device_id or "").encode() for d in decided]),
        arrays.int8_array([d.scan.cell or 0 for d in decided]),
        arrays.bytea_array([d.scan.key_hash for d in decided]),
        arrays.bytea_array([d.scan.body_hash for d in decided]),
        *write_rewards(decided, days, timezone),
    )
    columns = (
        read(result.get_value(0, number) or b"") for number, read in enumerate(_READ)
    )
    chosen, completed = (
        arrays.read_bool_array(result.get_value(0, len(_READ) + more) or b"")
        for more in (0, 1)
    )
    # Where there are points alone, nothing is said of cards.
    told = zip_longest(chosen, completed, fillvalue=False)
    earned = [_earned(each, told) for each in decided]
    refused = iter(arrays.read_int4_array(result.get_value(0, len(_READ) + 2) or b""))
    full = [_is_full(each, refused) for each in decided]
    return [Committed(*row) for row in zip(*columns, earned, full, strict=True)]


def _earned(
    decided: "Decided", told: Iterator[tuple[bool, bool]]
) -> tuple[Earned, ...]:
    """Take the rewards of a plan that are paid off the list of a batch's.

    Of each reward is told whether it is paid, and whether it completed a set.
    """
    if not decided.plan.rewards:
        return ()
    transfers = decided.transfers or (decided.scan.scan_id,)
    planned = zip(in_order(decided.plan.rewards), transfers, strict=True)
    earned = []
    for (reward, _), number in planned:
        is_paid, completes = next(told)
        if is_paid:
            earned.append(Earned(reward, number, completes))
    return tuple(earned)


def _is_full(decided: "Decided", refused: Iterator[int | None]) -> bool:
    """Tell whether limits of a member for all time stand between a scan and rewards.

    Takes what refused each reward off the list of a batch's: the number of a limit,
    or below zero, what no limit is.
    """
    if not decided.plan.rewards:
        return False
    rewards = [reward for reward, _ in in_order(decided.plan.rewards)]
    why = [(reward, next(refused)) for reward in rewards]
    full = [
        limit
        for reward, limit_no in why
        if limit_no
        for limit in reward.limits
        if limit.limit_no == limit_no
    ]
    stands = any(limit.of_member for limit in full)
    return (
        stands
        and not any(limit.by_day for limit in full)
        and all(limit_no != BEGINS_LATER for _, limit_no in why)
    )


def _read_outcomes(content: bytes) -> list[Outcome]:
    return [_OUTCOMES[outcome or b""] for outcome in arrays.read_bytea_array(content)]


_READ: Final[tuple[Callable[[bytes], Sequence[Any]], ...]] = (
    _read_outcomes,
    *(arrays.read_int8_array,) * 5,
    *(arrays.read_int4_array,) * 2,
    arrays.read_bool_array,
    *(arrays.read_bytea_array,) * 2,
    arrays.read_int8_array,
)


async def load_committed(
    conn: psycopg.AsyncConnection[Any], decided: Sequence[Decided]
) -> dict[int, Committed]:
    """Read back what an earlier attempt committed, by scan_id.

    A row of another code or member is not this worker's, whatever its number.
    """
    wanted = {d.scan.scan_id: (d.scan.code_id, d.member_no) for d in decided}
    cursor = conn.cursor(binary=True, row_factory=args_row(_Found))
    await cursor.execute(_COMMITTED, (list(wanted),))
    rows = [
        row
        for row in await cursor.fetchall()
        if wanted[row.scan_id] == (row.code_id, row.member_no or 0)
    ]
    available = await _load_pairs(conn, BALANCES_OF, [row.member_no for row in rows])
    held = await _load_pairs(conn, HOLDS_OF, [row.own_claim for row in rows])
    return {
        row.scan_id: Committed(
            Outcome(row.outcome),
            row.points,
            None if row.member_no is None else available.get(row.member_no, 0),
            row.claim_scan_id,
            row.claim_member_no,
            row.scan_count,
            *_unless_void(row, held.get(row.own_claim)),
            row.own_claim in held and held[row.own_claim] is None,
        )
        for row in rows
    }


def _unless_void(row: _Found, resolution: str | None) -> tuple[int, int]:
    """Tell how many points and other rewards a member's own claim has paid."""
    is_void = resolution == Resolution.VOIDED
    return (0, 0) if is_void else (row.own_points, row.own_others)


async def _load_pairs(
    conn: psycopg.AsyncConnection[Any], query: LiteralString, of: Sequence[int | None]
) -> dict[int | None, Any]:
    """Read what members have, by the numbers that there are."""
    cursor = conn.cursor(binary=True, row_factory=tuple_row)
    await cursor.execute(query, ([number for number in of if number is not None],))
    return dict(await cursor.fetchall())


async def find_kept(conn: AsyncConnection, scan_ids: Sequence[int]) -> frozenset[int]:
    """Tell which of these scans are written down."""
    rows = await conn.execute(
        select(scans.c.scan_id).where(
            scans.c.shard == SHARD,
            scans.c.scan_id == any_(bindparam("scan_ids", type_=ARRAY(BigInteger))),
        ),
        {"scan_ids": list(scan_ids)},
    )
    return frozenset(rows.scalars())


async def record_answers(
    conn: psycopg.AsyncConnection[Any], answers: Sequence[tuple[bytes, bytes]]
) -> None:
    """Record (key_hash, answer) in the scan's own transaction."""
    keys, bodies = zip(*answers, strict=True) if answers else ((), ())
    await _RECORD_ANSWERS.run(
        conn, arrays.bytea_array(keys), arrays.bytea_array(bodies)
    )


async def ensure_members(
    conn: psycopg.AsyncConnection[Any], wanted: Sequence[tuple[str, int]]
) -> dict[str, int]:
    """Find or make members; returns their numbers.

    Each comes with a time-ordered id, which becomes its number if it is new.
    """
    found: dict[str, int] = {}
    # A member made by someone else between the two halves is there the second time.
    while missing := [each for each in wanted if each[0] not in found]:
        result = await _ENSURE_MEMBERS.run(
            conn,
            arrays.text_array([member_id for member_id, _ in missing]),
            arrays.int8_array([number for _, number in missing]),
        )
        for row in range(result.ntuples):
            member_id, number = result.get_value(row, 0), result.get_value(row, 1)
            assert member_id is not None, "identities.member_id is never null"
            assert number is not None, "nor is its number"
            found[member_id.decode()] = int.from_bytes(number, "big", signed=True)
    return found


def settle(
    committed: Committed, decided: Decided, originals: tuple[Award, ...] = ()
) -> Settled:
    """Tell a caller's own earlier claim from somebody else's.

    `originals` is what that earned, or this scan itself whose answer was lost.
    """
    mine = bool(decided.member_no) and committed.claim_member_no == decided.member_no
    return Settled(
        committed.outcome,
        committed.points,
        committed.available if decided.member_no else None,
        committed.claim_scan_id,
        mine,
        committed.scan_count,
        committed.original_points,
        committed.original_others,
        committed.original_waits,
        committed.repeats,
        committed.earned,
        originals,
        committed.is_full,
    )
