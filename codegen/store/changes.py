"""The SQL of changes of a batch: who, when and why, and what they did to goods."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.ranges import (
    ActivationRecord,
    Goods,
    GoodsChange,
    Interval,
    RangeState,
    StateChange,
)
from core.auth import Staff
from core.event_types import EventType, Happening
from core.outbox import write_events


async def insert_change(
    conn: AsyncConnection,
    *,
    batch_id: int,
    kind: str,
    person: str,
    reason: str,
    detail: dict[str, Any],
    changed: int,
    now: datetime,
) -> int:
    """Write down a change of a batch, and its event; returns change_id."""
    change_id = int(
        (
            await conn.execute(
                insert(t.range_changes)
                .values(
                    batch_id=batch_id,
                    kind=kind,
                    person=person,
                    reason=reason,
                    detail=detail,
                    changed=changed,
                    at=now,
                )
                .returning(t.range_changes.c.change_id)
            )
        ).scalar_one()
    )
    await tell_change(conn, batch_id, kind, change_id=change_id, changed=changed)
    return change_id


async def tell_change(
    conn: AsyncConnection, batch_id: int, kind: str, *, change_id: int, changed: int
) -> None:
    """Write the event of a change: no code, and nothing that a person typed."""
    data = {
        "batch_id": batch_id,
        "change": kind,
        "change_id": change_id,
        "changed": changed,
    }
    await write_events(conn, [Happening(EventType.BATCH_CHANGED, data)])


async def next_change_id(conn: AsyncConnection) -> int:
    """Draw the id of a change whose size is known only after its ranges are cut."""
    return int(
        (
            await conn.execute(
                text(
                    "SELECT nextval(pg_get_serial_sequence("
                    "'range_changes', 'change_id'))"
                )
            )
        ).scalar_one()
    )


async def record_change(
    conn: AsyncConnection,
    change_id: int,
    *,
    goods: Sequence[Goods],
    moved: Sequence[Interval],
    staff: Staff,
    batch_id: int,
    kind: str,
    changed: int,
    **fields: Any,
) -> None:
    """Write down a change under the id that was drawn for it, and its event.

    `moved` are the code_ids that it moved as ranges; single voids stand in void_codes.
    """
    worded = [
        asdict(each)
        | {"produced_on": each.produced_on and each.produced_on.isoformat()}
        for each in goods
    ]
    await conn.execute(
        text(
            "INSERT INTO range_changes (change_id, batch_id, kind, person, reason,"
            " detail, changed, goods, moved, token_id, at)"
            " OVERRIDING SYSTEM VALUE"
            " VALUES (:change_id, :batch_id, :kind, :person, :reason, :detail,"
            " :changed, :goods, CAST(:moved AS int8multirange), :token_id,"
            # The moment of the fence, not of the request: the audit compares claims.
            " clock_timestamp())"
        ).bindparams(
            bindparam("detail", type_=t.range_changes.c.detail.type),
            bindparam("goods", type_=t.range_changes.c.goods.type),
        ),
        {
            "change_id": change_id,
            "batch_id": batch_id,
            "kind": kind,
            "changed": changed,
            "goods": worded,
            "moved": _multirange(moved),
            "person": staff.person,
            "token_id": staff.token_id or None,
        }
        | fields,
    )
    await tell_change(conn, batch_id, kind, change_id=change_id, changed=changed)


def _multirange(intervals: Sequence[Interval]) -> str:
    """Write inclusive intervals as PostgreSQL reads them."""
    return "{" + ",".join(f"[{first},{last}]" for first, last in intervals) + "}"


async def find_fresh_changes(
    conn: AsyncConnection, change_ids: Sequence[int], token_id: str
) -> frozenset[int]:
    """Tell which of these changes a token made within the last 24 hours."""
    rows = await conn.execute(
        text(
            "SELECT change_id FROM range_changes"
            " WHERE change_id = ANY(CAST(:change_ids AS bigint[]))"
            " AND token_id = :token_id"
            " AND at > clock_timestamp() - interval '24 hours'"
        ),
        {"change_ids": list(change_ids), "token_id": token_id},
    )
    return frozenset(rows.scalars())


async def count_fresh_voids(conn: AsyncConnection, token_id: str) -> int:
    """Count the codes that a token has voided within the last hour.

    Exact under the fence, which whoever voids holds: no row is on its way.
    """
    found = await conn.execute(
        text(
            "SELECT coalesce(sum(changed), 0) FROM range_changes"
            " WHERE token_id = :token_id AND kind = 'void' AND changed > 0"
            " AND at > clock_timestamp() - interval '1 hour'"
        ),
        {"token_id": token_id},
    )
    return int(found.scalar_one())


async def find_state_changes(
    conn: AsyncConnection, batch_id: int, code_id: int
) -> list[StateChange]:
    """Tell what moved a code after its issue, oldest first.

    A range may be activated over a code that was voided singly; that moved it nowhere.
    """
    rows = await conn.execute(
        text(
            """
            SELECT c.kind, c.person, c.reason, c.at
            FROM range_changes AS c LEFT JOIN void_codes AS v
                ON v.shard = 0 AND v.code_id = :code_id
            WHERE c.batch_id = :batch_id AND (c.change_id = v.change_id
                OR c.moved @> CAST(:code_id AS bigint)
                    AND (v.change_id IS NULL OR c.change_id < v.change_id))
            ORDER BY c.change_id
            """
        ),
        {"batch_id": batch_id, "code_id": code_id},
    )
    return [StateChange(**row._mapping) for row in rows]  # noqa: SLF001 - its public spelling


_ACTIVATIONS: Final = """
    WITH chosen AS (
        SELECT change_id, batch_id, person, reason, at, changed FROM range_changes
        WHERE kind = 'activate' AND {where}
        ORDER BY change_id DESC LIMIT :limit
    )
    SELECT c.change_id AS activation_id, c.batch_id, c.person, c.reason, c.at,
        c.changed, max(r.effective_at) AS effective_at,
        coalesce(sum(r.last_code_id - r.first_code_id + 1), 0) AS active
    FROM chosen AS c LEFT JOIN ranges AS r
        ON r.batch_id = c.batch_id AND r.change_id = c.change_id
            AND r.state = 'activated'
    GROUP BY c.change_id, c.batch_id, c.person, c.reason, c.at, c.changed
    ORDER BY c.change_id DESC
"""


async def list_activations(
    conn: AsyncConnection, batch_id: int, *, before_id: int | None, limit: int
) -> list[ActivationRecord]:
    """List the activations of a batch, newest first."""
    rows = await conn.execute(
        text(
            _ACTIVATIONS.format(
                where="batch_id = :batch_id AND change_id"
                " < coalesce(CAST(:before_id AS bigint), 9223372036854775807)"
            )
        ),
        {"batch_id": batch_id, "before_id": before_id, "limit": limit},
    )
    return [_activation_of(row) for row in rows]


async def find_activation(
    conn: AsyncConnection, activation_id: int
) -> ActivationRecord | None:
    """Find an activation of whatever batch."""
    rows = await conn.execute(
        text(_ACTIVATIONS.format(where="change_id = :activation_id")),
        {"activation_id": activation_id, "limit": 1},
    )
    row = rows.one_or_none()
    return None if row is None else _activation_of(row)


def _activation_of(row: Row[Any]) -> ActivationRecord:
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return ActivationRecord(**fields | {"active": int(fields["active"])})


async def list_goods_changes(
    conn: AsyncConnection, batch_id: int, *, after_id: int = 0, limit: int
) -> list[GoodsChange]:
    """List what made codes of a batch active or took them back, oldest first."""
    c = t.range_changes.c
    rows = await conn.execute(
        select(c.change_id, c.event_id, c.kind, c.at, c.goods)
        .where(c.batch_id == batch_id, c.change_id > after_id, c.goods != [])
        .order_by(c.change_id)
        .limit(limit)
    )
    return [
        GoodsChange(
            row.change_id,
            row.event_id,
            _STATE_AFTER[row.kind],
            row.at,
            tuple(_goods_of(each) for each in row.goods),
        )
        for row in rows
    ]


_STATE_AFTER = {
    "activate": RangeState.ACTIVATED,
    "void": RangeState.VOID,
    "recall": RangeState.RECALLED,
}


def _goods_of(stored: dict[str, Any]) -> Goods:
    produced_on = stored["produced_on"]
    return Goods(
        **stored
        | {
            "produced_on": None
            if produced_on is None
            else date.fromisoformat(produced_on)
        }
    )
