"""The SQL of seals, and of what is still to be sealed."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.seals import FIRST_CHAIN, Seal
from rewards.domain.transfers import Transfer, TransferKind
from rewards.tables import points as t

# What is there is committed: whoever posts writes it in the same transaction.
_TAKE: Final = text(
    """
    WITH taken AS (
        DELETE FROM unsealed AS u USING (
            SELECT v.origin_id, v.transfer_id FROM unsealed AS v WHERE v.shard = 0
            ORDER BY v.origin_id, v.transfer_id LIMIT :limit FOR UPDATE SKIP LOCKED
        ) AS w
        WHERE u.shard = 0 AND u.origin_id = w.origin_id
            AND u.transfer_id = w.transfer_id
        RETURNING u.origins, u.transfers
    )
    SELECT o, t FROM taken, unnest(origins, transfers) AS p (o, t)
    """
)
_NAMED: Final = text(
    """
    SELECT t.origin_id, t.transfer_id, t.kind, t.debit_account, t.credit_account,
        t.unit, t.amount, nullif(t.expires_on, 'infinity')
    FROM unnest(CAST(:origins AS bigint[]), CAST(:ids AS bigint[])) AS u (o, t)
    CROSS JOIN LATERAL (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id = u.o AND transfer_id = u.t OFFSET 0) AS t
    ORDER BY t.origin_id, t.transfer_id
    """
)


async def take_unsealed(conn: AsyncConnection, *, limit: int) -> list[tuple[int, int]]:
    """Take what some postings named, (origin_id, transfer_id) each."""
    return [(o, i) for o, i in await conn.execute(_TAKE, {"limit": limit})]


async def load_named(
    conn: AsyncConnection, origins: Sequence[int], transfer_ids: Sequence[int]
) -> list[Transfer]:
    """Load what there is of transfers by number, in their order."""
    values = {"origins": write_numbers(origins), "ids": write_numbers(transfer_ids)}
    return [
        Transfer(origin_id, transfer_id, _KINDS[kind], *rest)
        for origin_id, transfer_id, kind, *rest in await conn.execute(_NAMED, values)
    ]


_KINDS: Final = {kind.value: kind for kind in TransferKind}


async def load_last(conn: AsyncConnection) -> tuple[int, bytes]:
    """Tell the number of the newest seal, 0 for none, and its chain."""
    s = t.seals.c
    found = await conn.execute(
        select(s.seal_no, s.chain).order_by(s.seal_no.desc()).limit(1)
    )
    row = found.one_or_none()
    return (0, FIRST_CHAIN) if row is None else (row.seal_no, row.chain)


async def insert_seal(conn: AsyncConnection, new: Seal) -> None:
    """Add a seal; raises IntegrityError where another is made at the same moment."""
    await conn.execute(
        insert(t.seals).values(
            seal_no=new.seal_no,
            sealed_at=new.sealed_at,
            transfers=new.transfers,
            root=new.root,
            chain=new.chain,
            entries=new.entries,
        )
    )


async def load_seals(conn: AsyncConnection, *, after: int, limit: int) -> list[Seal]:
    """Load seals in order."""
    s = t.seals
    rows = await conn.execute(
        select(s).where(s.c.seal_no > after).order_by(s.c.seal_no).limit(limit)
    )
    return [_read(row) for row in rows]


def _read(row: Row[Any]) -> Seal:
    return Seal(
        row.seal_no, row.sealed_at, row.transfers, row.root, row.chain, row.entries
    )
