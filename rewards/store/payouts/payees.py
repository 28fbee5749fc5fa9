"""The SQL of payees: where a member's red packets go."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import any_, bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.payouts import PayeeProvider, PayoutState

_PUT: Final = text(
    """
    INSERT INTO payees AS y (shard, member_no, provider, account, changed_at)
    VALUES (0, :member_no, :provider, :account, :now)
    ON CONFLICT (shard, member_no) DO UPDATE SET provider = excluded.provider,
        account = excluded.account, changed_at = excluded.changed_at
    """
)


async def put_payee(
    conn: AsyncConnection,
    member_no: int,
    *,
    provider: PayeeProvider,
    account: bytes,
    now: datetime,
) -> None:
    """Keep where a member's red packets go, and let those that wait for it go now.

    In this order: who looked and found no payee holds the locks of these rows until
    that is written down, so that none of them waits on.
    """
    values = {"member_no": member_no, "provider": provider.value, "account": account}
    await conn.execute(_PUT, values | {"now": now})
    p = t.payouts.c
    await conn.execute(
        update(t.payouts)
        .where(
            p.shard == SHARD,
            p.member_no == member_no,
            p.state == PayoutState.WAITING.value,
        )
        .values(next_at=now)
    )


async def load_accounts(
    conn: AsyncConnection, member_nos: Collection[int]
) -> dict[int, bytes]:
    """Load the closed accounts of those of these members who have named one."""
    if not member_nos:
        return {}
    y = t.payees.c
    rows = await conn.execute(
        select(y.member_no, y.account).where(
            y.shard == SHARD, y.member_no == any_(bindparam("members"))
        ),
        {"members": list(member_nos)},
    )
    return {row.member_no: row.account for row in rows}
