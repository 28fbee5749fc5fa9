"""The SQL of what campaigns paid to whom, read backwards by the ledger's own key.

No index is kept for it, which each scan would pay for: a page looks at so many
transfers at most, and days on which the campaign gave nothing are passed over.
"""

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db_arrays import write_numbers
from rewards.domain.entries import PAID_KINDS, EntryKey, PaidEntry
from rewards.domain.transfers import TransferKind

_ACCOUNTS: Final = text("SELECT offer_no FROM offers WHERE campaign_no = :campaign_no")
_LAST_DAY: Final = text(
    """
    SELECT max(day) FROM offer_days
    WHERE offer_no = ANY (CAST(:accounts AS bigint[])) AND day <= :day
    """
)
_END: Final = text(
    """
    SELECT origin_id, transfer_id FROM transfers
    WHERE shard = 0 AND origin_id <= :scan_id
        AND (origin_id, transfer_id) < (:scan_id, :entry_id)
    ORDER BY origin_id DESC, transfer_id DESC OFFSET :look LIMIT 1
    """
)
_PAGE: Final = text(
    """
    SELECT t.origin_id, t.transfer_id, t.kind, m.member_id, o.offer_id, o.tier_id,
        o.kind AS reward, t.amount
    FROM (SELECT * FROM transfers
        WHERE shard = 0 AND origin_id BETWEEN :last_scan AND :scan_id
            AND (origin_id, transfer_id) < (:scan_id, :entry_id)
            AND (origin_id, transfer_id) >= (:last_scan, :last_entry)
            AND (debit_account = ANY (CAST(:accounts AS bigint[]))
                OR credit_account = ANY (CAST(:accounts AS bigint[])))
            AND kind = ANY (CAST(:kinds AS text[]))
        ORDER BY origin_id DESC, transfer_id DESC LIMIT :limit) AS t
    JOIN offers AS o ON o.offer_no IN (t.debit_account, t.credit_account)
    CROSS JOIN LATERAL (SELECT member_id FROM members WHERE shard = 0 AND member_no
        = abs(CASE o.offer_no WHEN t.debit_account THEN t.credit_account
            ELSE t.debit_account END) OFFSET 0) AS m
    ORDER BY t.origin_id DESC, t.transfer_id DESC
    """
)


async def load_accounts(conn: AsyncConnection, campaign_no: int) -> list[int]:
    """Load the accounts that a campaign pays from."""
    rows = await conn.execute(_ACCOUNTS, {"campaign_no": campaign_no})
    return list(rows.scalars())


async def find_last_day(
    conn: AsyncConnection, accounts: list[int], *, until: date
) -> date | None:
    """Find the last business day, as counted, on which accounts gave something."""
    values = {"accounts": write_numbers(accounts), "day": until}
    found: date | None = (await conn.execute(_LAST_DAY, values)).scalar_one()
    return found


async def load_page(
    conn: AsyncConnection,
    accounts: list[int],
    *,
    below: EntryKey,
    look: int,
    limit: int,
) -> tuple[list[PaidEntry], EntryKey | None]:
    """Load entries below a key, of so many transfers at most that are looked at.

    Gives the key down to which it looked too, None where there is nothing below.
    """
    start = {"scan_id": below.scan_id, "entry_id": below.entry_id}
    found = (await conn.execute(_END, start | {"look": look - 1})).one_or_none()
    end = None if found is None else EntryKey(*found)
    last = end or EntryKey(0, 0)
    values = start | {
        "last_scan": last.scan_id,
        "last_entry": last.entry_id,
        "accounts": write_numbers(accounts),
        "kinds": [each.value for each in PAID_KINDS],
        "limit": limit,
    }
    rows = await conn.execute(_PAGE, values)
    entries = [
        PaidEntry(scan_id, entry_id, PAID_KINDS[TransferKind(kind)], *rest)
        for scan_id, entry_id, kind, *rest in rows
    ]
    return entries, end
