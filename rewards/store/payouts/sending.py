"""The SQL of payouts under way: taken to be looked after, and what was heard of them.

Rows are locked before they are judged, in the order of their numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.ledger import MONEY_UNIT
from rewards.domain.payouts import PayoutState


@dataclass(frozen=True, slots=True)
class Due:
    """A payout that somebody looks after now; `account` is closed."""

    payout_id: int
    member_no: int
    origin_id: int
    minor: int
    currency: str
    state: PayoutState
    attempts: int
    cancelling: bool
    provider_ref: str | None
    confirmation: str | None
    sent_at: datetime | None
    account: bytes | None


_ADD: Final = text(
    """
    SELECT add_payouts(0::smallint, :now, ARRAY[CAST(:number AS bigint)],
        ARRAY[CAST(:member_no AS bigint)], ARRAY[CAST(:number AS bigint)],
        ARRAY[CAST(:account AS bigint)], ARRAY[CAST(:account AS bigint)],
        ARRAY[CAST(:minor AS bigint)], ARRAY[false])
    """
)


async def add_payout(
    conn: AsyncConnection,
    payout_id: int,
    *,
    member_no: int,
    account: int,
    minor: int,
    now: datetime,
) -> None:
    """Add a red packet that no scan earned: its account's, which is no campaign's.

    Raises IntegrityError for a number that there is.
    """
    values = {"number": payout_id, "member_no": member_no, "account": account}
    await conn.execute(_ADD, values | {"minor": minor, "now": now})


_COLUMNS: Final = (
    "payout_id, member_no, origin_id, minor, currency, state, attempts, cancelling,"
    " provider_ref, confirmation, sent_at, account"
)
# Read in the order of the index, whatever statistics say of a table that was empty.
_IN_ORDER: Final = text(
    "SELECT set_config('enable_seqscan', 'off', true),"
    " set_config('enable_sort', 'off', true)"
)
_LOCK_DUE: Final = text(
    f"""
    SELECT {_COLUMNS} FROM payouts
    WHERE shard = 0 AND next_at IS NOT NULL AND next_at <= :now
    ORDER BY next_at, payout_id LIMIT :limit FOR UPDATE SKIP LOCKED
    """  # noqa: S608 - constants
)
_LOCK: Final = text(
    f"""
    SELECT {_COLUMNS} FROM payouts
    WHERE shard = 0 AND payout_id = ANY (CAST(:ids AS bigint[]))
    ORDER BY payout_id FOR UPDATE
    """  # noqa: S608 - constants
)


async def lock_due(conn: AsyncConnection, *, now: datetime, limit: int) -> list[Due]:
    """Lock what is due and what nobody else looks after, the longest due first."""
    await conn.execute(_IN_ORDER)
    rows = await conn.execute(_LOCK_DUE, {"now": now, "limit": limit})
    return [_read(row) for row in rows]


async def lock_payouts(
    conn: AsyncConnection, payout_ids: Sequence[int]
) -> dict[int, Due]:
    """Lock payouts by number, and read how they stand."""
    rows = await conn.execute(_LOCK, {"ids": write_numbers(payout_ids)})
    return {each.payout_id: each for each in map(_read, rows)}


def _read(row: Row[Any]) -> Due:
    values = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return Due(**values | {"state": PayoutState(row.state)})


_WAIT_FOR_PAYEE: Final = text(
    """
    UPDATE payouts SET next_at = NULL
    WHERE shard = 0 AND payout_id = ANY (CAST(:ids AS bigint[]))
    """
)


async def wait_for_payee(conn: AsyncConnection, payout_ids: Sequence[int]) -> None:
    """Leave locked payouts until their members say where to."""
    if payout_ids:
        await conn.execute(_WAIT_FOR_PAYEE, {"ids": write_numbers(payout_ids)})


_TAKE: Final = text(
    """
    UPDATE payouts SET next_at = :until
    WHERE shard = 0 AND payout_id = ANY (CAST(:ids AS bigint[]))
    """
)


async def take(
    conn: AsyncConnection, payout_ids: Sequence[int], *, until: datetime
) -> None:
    """Take locked payouts; who does not come back by `until` lost them."""
    if payout_ids:
        values = {"ids": write_numbers(payout_ids), "until": until}
        await conn.execute(_TAKE, values)


_TAKE_TO_SEND: Final = text(
    """
    UPDATE payouts AS p SET next_at = :until, state = 'sent', sent_at = :now,
        attempts = 0, version = p.version + 1, provider = :provider, account = u.account
    FROM unnest(CAST(:ids AS bigint[]), CAST(:accounts AS bytea[])) AS u (id, account)
    WHERE p.shard = 0 AND p.payout_id = u.id
    """
)


async def take_to_send(
    conn: AsyncConnection,
    accounts: Sequence[tuple[int, bytes]],
    *,
    provider: str,
    now: datetime,
    until: datetime,
) -> None:
    """Take locked payouts that wait, which count as sent from the commit of this on.

    `accounts` are (payout_id, closed account).
    """
    if accounts:
        values = {
            "ids": write_numbers(payout_id for payout_id, _ in accounts),
            "accounts": [account for _, account in accounts],
        }
        times = {"now": now, "until": until, "provider": provider}
        await conn.execute(_TAKE_TO_SEND, values | times)
        await tell_payouts(conn, [payout_id for payout_id, _ in accounts])


_SEND_AGAIN: Final = text(
    """
    UPDATE payouts SET sent_at = :now
    WHERE shard = 0 AND payout_id = :payout_id AND NOT cancelling
        AND state IN ('sent', 'unknown')
    """
)


async def send_again(conn: AsyncConnection, payout_id: int, *, now: datetime) -> bool:
    """Note that a payout is sent again; tells whether it still may be."""
    values = {"payout_id": payout_id, "now": now}
    return (await conn.execute(_SEND_AGAIN, values)).rowcount == 1


@dataclass(frozen=True, slots=True)
class Noted:
    """How a payout stands by what was heard of it, and when to ask next."""

    payout_id: int
    state: PayoutState
    attempts: int
    next_at: datetime
    provider_ref: str | None
    fault: str | None
    confirmation: str | None


_NOTE: Final = text(
    """
    UPDATE payouts AS p SET state = u.state, attempts = u.attempts, next_at = u.next_at,
        provider_ref = u.ref, fault = u.fault, confirmation = u.confirmation,
        version = p.version + 1
    FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]),
        CAST(:attempts AS smallint[]), CAST(:nexts AS timestamptz[]),
        CAST(:refs AS text[]), CAST(:faults AS text[]), CAST(:confirmations AS text[]))
        AS u (id, state, attempts, next_at, ref, fault, confirmation)
    WHERE p.shard = 0 AND p.payout_id = u.id
    """
)


async def note(conn: AsyncConnection, noted: Sequence[Noted]) -> None:
    """Write down how locked payouts stand that go on."""
    if noted:
        values = {
            "ids": write_numbers(each.payout_id for each in noted),
            "states": [each.state.value for each in noted],
            "attempts": write_numbers(each.attempts for each in noted),
            "nexts": [each.next_at for each in noted],
            "refs": [each.provider_ref for each in noted],
            "faults": [each.fault for each in noted],
            "confirmations": [each.confirmation for each in noted],
        }
        await conn.execute(_NOTE, values)


_TELL: Final = text("SELECT tell_payouts(0::smallint, CAST(:ids AS bigint[]))")


async def tell_payouts(conn: AsyncConnection, payout_ids: Sequence[int]) -> None:
    """Tell others how payouts stand by now, in the transaction that changed them."""
    if payout_ids:
        await conn.execute(_TELL, {"ids": write_numbers(payout_ids)})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a payout ends; `transfer_id` takes its reward back if it is unpaid.

    `day` is the business day of its scan, counted from 1970.
    """

    payout_id: int
    state: PayoutState
    fault: str | None
    transfer_id: int
    day: int


_END: Final = text(
    """
    SELECT end_payouts(0::smallint, CAST(:ids AS bigint[]), CAST(:states AS text[]),
        CAST(:faults AS text[]), CAST(:transfers AS bigint[]),
        CAST(:days AS integer[]), CAST(:unit AS smallint))
    """
)


async def end_payouts(conn: AsyncConnection, endings: Sequence[Ending]) -> list[int]:
    """End payouts, each once; gives those that had not ended before."""
    if not endings:
        return []
    values = {
        "ids": write_numbers(each.payout_id for each in endings),
        "states": [each.state.value for each in endings],
        "faults": [each.fault for each in endings],
        "transfers": write_numbers(each.transfer_id for each in endings),
        "days": write_numbers(each.day for each in endings),
        "unit": MONEY_UNIT,
    }
    ended: list[int] = (await conn.execute(_END, values)).scalar_one()
    return ended


_KICK: Final = text(
    """
    UPDATE payouts SET next_at = :now
    WHERE shard = 0 AND payout_id = :payout_id
        AND state IN ('sent', 'unknown', 'confirmed') AND next_at > :now
    """
)


async def look_now(conn: AsyncConnection, payout_id: int, *, now: datetime) -> None:
    """Let a payout that is under way be asked after now."""
    await conn.execute(_KICK, {"payout_id": payout_id, "now": now})


_DISPUTE: Final = text(
    """
    UPDATE payouts SET disputed = true, version = version + 1
    WHERE shard = 0 AND payout_id = :payout_id AND NOT disputed
    """
)


async def dispute(conn: AsyncConnection, payout_id: int) -> None:
    """Note that a provider says of what has ended that it ended otherwise."""
    await conn.execute(_DISPUTE, {"payout_id": payout_id})


_CANCEL: Final = text(
    """
    UPDATE payouts SET cancelling = true, next_at = :now, version = version + 1
    WHERE shard = 0 AND payout_id = :payout_id
    """
)


async def want_cancelled(
    conn: AsyncConnection, payout_id: int, *, now: datetime
) -> None:
    """Let a locked payout that is under way be cancelled, if its provider still can."""
    await conn.execute(_CANCEL, {"payout_id": payout_id, "now": now})


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A payout whose time is over, and whether its member has said where to."""

    payout_id: int
    origin_id: int
    has_payee: bool


_LOCK_LAPSED: Final = text(
    """
    SELECT p.payout_id, p.origin_id, EXISTS (SELECT FROM payees AS y
        WHERE y.shard = 0 AND y.member_no = p.member_no)
    FROM payouts AS p
    WHERE p.shard = 0 AND p.state = 'waiting' AND p.lapses_at <= :now
    ORDER BY p.lapses_at, p.payout_id LIMIT :limit FOR UPDATE OF p SKIP LOCKED
    """
)
_PUT_OFF: Final = text(
    """
    UPDATE payouts SET lapses_at = :until
    WHERE shard = 0 AND payout_id = ANY (CAST(:ids AS bigint[]))
    """
)


async def lock_lapsed(
    conn: AsyncConnection, *, now: datetime, limit: int
) -> list[Lapsed]:
    """Lock payouts that wait and whose time is over, the longest over first."""
    await conn.execute(_IN_ORDER)
    rows = await conn.execute(_LOCK_LAPSED, {"now": now, "limit": limit})
    return [Lapsed(*row) for row in rows]


async def put_off_lapsing(
    conn: AsyncConnection, payout_ids: Sequence[int], *, until: datetime
) -> None:
    """Give locked payouts more time."""
    if payout_ids:
        values = {"ids": write_numbers(payout_ids), "until": until}
        await conn.execute(_PUT_OFF, values)
