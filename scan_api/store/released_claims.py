"""The SQL of claims that end, and of those that begin again since that was wrong.

A claim ends with what its scan earned, so that another member may claim the code. Codes
are locked in order, as scans lock them: claims first, then sightings.
"""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import BigInteger, and_, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from core.db_arrays import write_numbers
from scan_api.domain.claims import RecordedClaim
from scan_api.domain.scans import Outcome
from scan_api.store.keys import is_scan_of
from scan_api.tables import released_claims, scans

# The scan is one of those now that claimed nothing.
_RELEASE: Final = text(
    """
    WITH gone AS MATERIALIZED (
        DELETE FROM claims AS k USING (
            SELECT s.code_id, s.scan_id FROM unnest(CAST(:ids AS bigint[])) AS u (id)
            CROSS JOIN LATERAL (SELECT code_id, scan_id FROM scans
                WHERE shard = 0 AND scan_id = u.id OFFSET 0) AS s) AS s
        WHERE k.shard = 0 AND k.code_id = s.code_id AND k.scan_id = s.scan_id
        RETURNING k.code_id, k.scan_id, k.member_no
    ), noted AS (
        INSERT INTO released_claims (shard, code_id, member_no, scan_id)
        SELECT 0, code_id, member_no, scan_id FROM gone ORDER BY code_id
        ON CONFLICT (shard, code_id, member_no) DO UPDATE
            SET scan_id = excluded.scan_id, taken_back = false
        RETURNING scan_id
    ), counted AS (
        INSERT INTO sightings AS v (shard, code_id, scans)
        SELECT 0, code_id, 1 FROM gone ORDER BY code_id
        ON CONFLICT (shard, code_id) DO UPDATE SET scans = v.scans + 1
    )
    SELECT scan_id FROM noted
    """
)


async def release_claims(
    conn: AsyncConnection, scan_ids: Collection[int]
) -> frozenset[int]:
    """End the claims of scans, whose rewards are about to be voided; tells of which.

    Nobody but these scans' members is kept from claiming the codes.
    """
    if not scan_ids:
        return frozenset()
    rows = await conn.execute(_RELEASE, {"ids": write_numbers(sorted(scan_ids))})
    return frozenset(rows.scalars())


async def load_released(conn: AsyncConnection, code_id: int) -> list[RecordedClaim]:
    """Read the claims of a code that ended, with what their scans came to, in order."""
    r = released_claims
    rows = await conn.execute(
        select(
            *(scans.c.scan_id, r.c.member_no, scans.c.outcome, scans.c.points),
            scans.c.campaign_no,
        )
        .join_from(r, scans, is_scan_of(r.c.scan_id))
        .where(r.c.shard == SHARD, r.c.code_id == code_id, ~r.c.taken_back)
        .order_by(scans.c.scan_id)
    )
    return [
        RecordedClaim(row[0], row[1], Outcome(row[2]), row[3], row[4]) for row in rows
    ]


async def find_denied(conn: AsyncConnection, scan_ids: Sequence[int]) -> frozenset[int]:
    """Tell which scans are of a member who had been denied the code, also if undone."""
    r = released_claims.c
    rows = await conn.execute(
        select(scans.c.scan_id)
        .join_from(
            scans,
            released_claims,
            and_(
                r.shard == SHARD,
                r.code_id == scans.c.code_id,
                r.member_no == scans.c.member_no,
                r.scan_id < scans.c.scan_id,
            ),
        )
        .where(
            scans.c.shard == SHARD,
            scans.c.scan_id == any_(bindparam("scan_ids", type_=ARRAY(BigInteger))),
        ),
        {"scan_ids": list(scan_ids)},
    )
    return frozenset(rows.scalars())


# Whoever claims one at this moment is waited for.
_CLAIM_AGAIN: Final = text(
    """
    WITH released AS MATERIALIZED (
        SELECT code_id, scan_id, member_no FROM released_claims
        WHERE scan_id = ANY(CAST(:ids AS bigint[])) AND NOT taken_back
    ), claimed AS (
        INSERT INTO claims (shard, code_id, scan_id, member_no)
        SELECT 0, code_id, scan_id, member_no FROM released ORDER BY code_id
        ON CONFLICT (shard, code_id) DO NOTHING
        RETURNING scan_id
    )
    SELECT r.scan_id, c.scan_id IS NOT NULL AS again
    FROM released AS r LEFT JOIN claimed AS c USING (scan_id)
    """
)
_LOCK_SIGHTINGS: Final = text(
    """
    SELECT code_id FROM sightings WHERE shard = 0 AND code_id IN (
        SELECT code_id FROM released_claims
        WHERE scan_id = ANY(CAST(:ids AS bigint[])) AND NOT taken_back)
    ORDER BY code_id FOR UPDATE
    """
)


async def claim_again(
    conn: AsyncConnection, scan_ids: Collection[int]
) -> dict[int, bool]:
    """Claim codes again for scans whose claims had ended, and lock them.

    Tells by scan_id whether it did; it did not where somebody else has claimed since.
    The caller keeps each claim or ends it again, and says so by `keep_claims` or
    `end_again`.
    """
    ids = {"ids": write_numbers(sorted(scan_ids))}
    found = {row.scan_id: row.again for row in await conn.execute(_CLAIM_AGAIN, ids)}
    if found:
        await conn.execute(_LOCK_SIGHTINGS, ids)
    return found


_KEEP: Final = text(
    """
    WITH kept AS (
        UPDATE released_claims SET taken_back = true
        WHERE scan_id = ANY(CAST(:ids AS bigint[])) RETURNING code_id)
    UPDATE sightings AS v SET scans = v.scans - 1 FROM kept
    WHERE v.shard = 0 AND v.code_id = kept.code_id
    """
)


async def keep_claims(conn: AsyncConnection, scan_ids: Collection[int]) -> None:
    """Let claims that began again be as if they had never ended."""
    if scan_ids:
        await conn.execute(_KEEP, {"ids": write_numbers(scan_ids)})


_END_AGAIN: Final = text(
    """
    DELETE FROM claims AS k USING released_claims AS r
    WHERE r.scan_id = ANY(CAST(:ids AS bigint[])) AND k.shard = r.shard
        AND k.code_id = r.code_id AND k.scan_id = r.scan_id
    """
)


async def end_again(conn: AsyncConnection, scan_ids: Collection[int]) -> None:
    """End claims that began again in this transaction, since not all of a case can."""
    if scan_ids:
        await conn.execute(_END_AGAIN, {"ids": write_numbers(scan_ids)})
