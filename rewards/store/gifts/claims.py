"""The SQL of gifts that members have: claimed, sent, handed over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, case, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.clock import utc_datetime
from core.db import SHARD
from core.db_arrays import write_numbers
from core.ids import time_of_id
from rewards import tables as t
from rewards.domain.gifts import (
    GIFT_STEPS,
    WAITING,
    Gift,
    GiftState,
    GiftStep,
    MemberGift,
    Parcel,
)
from rewards.store.members import is_member


@dataclass(frozen=True, slots=True)
class GiftClaim:
    """A gift that a member claims directly, and where it is sent, closed, if it is."""

    transfer_id: int
    member_no: int
    gift: Gift
    address: bytes | None = None


_CLAIM: Final = text(
    """
    SELECT claim_gifts(0::smallint, :now, CAST(:transfers AS bigint[]),
        CAST(:members AS bigint[]), CAST(:gifts AS integer[]),
        CAST(:addresses AS bytea[]), CAST(:requests AS integer[]),
        CAST(:rows AS integer[]), CAST(:limit_nos AS integer[]),
        CAST(:holders AS bigint[]), CAST(:periods AS integer[]))
    """
)


async def claim_gifts(
    conn: AsyncConnection, claims: Sequence[GiftClaim], *, now: datetime
) -> list[int]:
    """Give gifts in their order; tells for each 0, or the limit that had no room."""
    places: dict[tuple[int, int], int] = {}
    requests, rows = [], []
    for request, each in enumerate(claims, 1):
        for limit in each.gift.limits:
            key = limit.limit_no, limit.holder(each.member_no)
            requests.append(request)
            rows.append(places.setdefault(key, len(places) + 1))
    values = {
        "now": now,
        "transfers": write_numbers(each.transfer_id for each in claims),
        "members": write_numbers(each.member_no for each in claims),
        "gifts": write_numbers(each.gift.gift_no for each in claims),
        "addresses": [each.address for each in claims],
        "requests": write_numbers(requests),
        "rows": write_numbers(rows),
        "limit_nos": write_numbers(limit_no for limit_no, _ in places),
        "holders": write_numbers(holder for _, holder in places),
        "periods": write_numbers(0 for _ in places),
    }
    refused: list[int] = (await conn.execute(_CLAIM, values)).scalar_one()
    return refused


_ADD: Final = text(
    """
    SELECT add_gifts(0::smallint, :now, ARRAY[CAST(:number AS bigint)],
        ARRAY[CAST(:member_no AS bigint)], ARRAY[CAST(:number AS bigint)],
        ARRAY[CAST(:gift_no AS integer)], ARRAY[false])
    """
)


async def add_gift(
    conn: AsyncConnection,
    transfer_id: int,
    *,
    member_no: int,
    gift_no: int,
    now: datetime,
) -> None:
    """Give a member a gift that is theirs to claim; raises IntegrityError if twice."""
    values = {"number": transfer_id, "member_no": member_no, "gift_no": gift_no}
    await conn.execute(_ADD, values | {"now": now})


_WITH_GIFT: Final[Select[Any]] = (
    select(
        t.member_gifts,
        *(t.gifts.c.gift_id, t.gifts.c.name, t.gifts.c.brand, t.members.c.member_id),
    )
    .join_from(t.member_gifts, t.gifts, t.gifts.c.gift_no == t.member_gifts.c.gift_no)
    .join(t.members, is_member(t.member_gifts.c.member_no))
)


def _read(row: Row[Any]) -> MemberGift:
    return MemberGift(
        row.transfer_id,
        row.member_no,
        row.member_id,
        row.gift_id,
        row.name,
        row.brand,
        GiftState(row.state),
        utc_datetime(time_of_id(row.transfer_id)),
        row.changed_at,
        row.address,
        None if row.carrier is None else Parcel(row.carrier, row.tracking_no),
    )


async def lock_gift(conn: AsyncConnection, transfer_id: int) -> MemberGift | None:
    """Lock a gift that a member has and read it; None where there is none."""
    m = t.member_gifts.c
    found = await conn.execute(
        _WITH_GIFT.where(
            m.shard == SHARD, m.transfer_id == transfer_id
        ).with_for_update(of=t.member_gifts)
    )
    row = found.one_or_none()
    return None if row is None else _read(row)


async def take_step(
    conn: AsyncConnection,
    gift: MemberGift,
    step: GiftStep,
    *,
    address: bytes | None = None,
    parcel: Parcel | None = None,
    now: datetime,
) -> None:
    """Bring a locked gift into the state that a step leads to."""
    m = t.member_gifts.c
    values: dict[str, Any] = {"state": GIFT_STEPS[step][1].value, "changed_at": now}
    if address is not None or step is GiftStep.TAKE_BACK:
        values["address"] = address
    if parcel is not None:
        values |= {"carrier": parcel.carrier, "tracking_no": parcel.tracking_no}
    await conn.execute(
        update(t.member_gifts)
        .where(m.shard == SHARD, m.transfer_id == gift.transfer_id)
        .values(values)
    )


async def list_of_member(
    conn: AsyncConnection, member_id: str, *, before: int | None, limit: int
) -> list[MemberGift]:
    """List the gifts of a member that are not void, newest first."""
    m, i = t.member_gifts.c, t.identities.c
    owner = select(i.member_no).where(i.shard == SHARD, i.member_id == member_id)
    return await _list(
        conn,
        m.member_no == owner.scalar_subquery(),
        m.state != GiftState.VOID.value,
        before=before,
        limit=limit,
    )


async def load_gifts(
    conn: AsyncConnection, member_id: str, transfer_ids: Sequence[int]
) -> list[MemberGift]:
    """Load gifts by number; those that another member has are left out."""
    m = t.member_gifts.c
    rows = await conn.execute(
        _WITH_GIFT.where(
            m.shard == SHARD,
            m.transfer_id.in_(transfer_ids),
            t.members.c.member_id == member_id,
        )
    )
    return [_read(row) for row in rows]


async def list_in_state(
    conn: AsyncConnection,
    state: GiftState,
    *,
    brand: str | None,
    before: int | None,
    limit: int,
) -> list[MemberGift]:
    """List the gifts of a brand in a state, newest first."""
    which = [t.member_gifts.c.state == state.value]
    if brand is not None:
        which.append(t.gifts.c.brand == brand)
    return await _list(conn, *which, before=before, limit=limit)


async def _list(
    conn: AsyncConnection,
    *which: ColumnElement[bool],
    before: int | None,
    limit: int,
) -> list[MemberGift]:
    m = t.member_gifts.c
    older = [] if before is None else [m.transfer_id < before]
    rows = await conn.execute(
        _WITH_GIFT.where(m.shard == SHARD, *which, *older)
        .order_by(m.transfer_id.desc())
        .limit(limit)
    )
    return [_read(row) for row in rows]


async def count_waiting(
    conn: AsyncConnection, *, brand: str | None, most: int
) -> dict[GiftState, int]:
    """Count the gifts of a brand that staff has still to do something about.

    Of each state so many at most.
    """
    m, g = t.member_gifts.c, t.gifts.c
    counts = {}
    for state in WAITING:
        some = (
            select(m.transfer_id)
            .join_from(t.member_gifts, t.gifts, g.gift_no == m.gift_no)
            .where(m.shard == SHARD, m.state == state.value)
            .limit(most)
        )
        if brand is not None:
            some = some.where(g.brand == brand)
        counted = await conn.execute(select(func.count()).select_from(some.subquery()))
        counts[state] = counted.scalar_one()
    return counts


async def forget_addresses(conn: AsyncConnection, member_no: int) -> None:
    """Forget where a member's gifts are sent; what was not yet is collected."""
    m = t.member_gifts.c
    await conn.execute(
        update(t.member_gifts)
        .where(m.shard == SHARD, m.member_no == member_no, m.address.is_not(None))
        .values(
            address=None,
            state=case(
                (m.state == GiftState.TO_SEND.value, GiftState.TO_COLLECT.value),
                else_=m.state,
            ),
        )
    )
