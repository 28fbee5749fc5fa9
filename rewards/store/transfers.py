"""The SQL of transfers: posted many at once, with the lots that they change."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.limits import ALWAYS
from rewards.domain.transfers import Transfer, TransferKind

_POST: Final = text(
    """
    SELECT post_transfers(0::smallint, CAST(:origins AS bigint[]),
        CAST(:ids AS bigint[]), CAST(:kinds AS text[]), CAST(:debits AS bigint[]),
        CAST(:credits AS bigint[]), CAST(:units AS integer[]),
        CAST(:expires AS integer[]), CAST(:amounts AS bigint[]))
    """
)


async def post_transfers(conn: AsyncConnection, posted: Sequence[Transfer]) -> None:
    """Write transfers down, and change the lots that they are of.

    Raises IntegrityError for what was posted before, and where a lot has too little.
    Locks lots by unit, end and member; takes the rows of other tables before them.
    """
    if not posted:
        return
    values = {
        "origins": write_numbers(each.origin_id for each in posted),
        "ids": write_numbers(each.transfer_id for each in posted),
        "kinds": f"{{{','.join(each.kind for each in posted)}}}",
        "debits": write_numbers(each.debit for each in posted),
        "credits": write_numbers(each.credit for each in posted),
        "units": write_numbers(each.unit for each in posted),
        "expires": write_numbers(_count_days(each.expires_on for each in posted)),
        "amounts": write_numbers(each.amount for each in posted),
    }
    await conn.execute(_POST, values)


def _count_days(days: Iterable[date | None]) -> list[int | None]:
    """Count days from 1970; None stays."""
    first = ALWAYS.toordinal()
    return [None if day is None else day.toordinal() - first for day in days]


_OF_ORIGINS: Final = text(
    """
    SELECT t.origin_id, t.transfer_id, t.kind, t.debit_account, t.credit_account,
        t.unit, t.amount, nullif(t.expires_on, 'infinity')
    FROM unnest(CAST(:origins AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id = u.id OFFSET 0) AS t
    ORDER BY t.origin_id, t.transfer_id
    """
)


async def load_transfers(
    conn: AsyncConnection, origin_ids: Sequence[int]
) -> dict[int, list[Transfer]]:
    """Load all that came of some origins, in the order of transfers."""
    rows = await conn.execute(_OF_ORIGINS, {"origins": write_numbers(origin_ids)})
    found: dict[int, list[Transfer]] = {}
    for origin_id, transfer_id, kind, *rest in rows:
        transfer = Transfer(origin_id, transfer_id, TransferKind(kind), *rest)
        found.setdefault(origin_id, []).append(transfer)
    return found
