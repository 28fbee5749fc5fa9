"""The SQL of which of its member's claims one is, while a campaign asks for it."""

from collections.abc import Collection
from typing import Any, Final

import psycopg
from psycopg.rows import tuple_row

from rewards.domain.holds import Resolution
from rewards.store.claim_facts import begin_claim_counts, load_claim_counts
from rewards.store.holds import HOLDS_OF

# Who is new is made by a scan, so that no scan of theirs is much older than they are: a
# number tells when it was chosen, and clocks are less than a day apart.
_EARNING: Final = """
    SELECT u.member_no, s.paid, s.held FROM unnest(%b::bigint[]) AS u (member_no)
    CROSS JOIN LATERAL (
        SELECT count(*) AS paid, array_agg(scan_id) FILTER (WHERE outcome = 'held')
        AS held FROM scans
        WHERE shard = 0 AND member_no = u.member_no
            AND scan_id > u.member_no - (86400000::bigint << 22)
            AND outcome IN ('rewarded', 'held')) AS s
"""


async def number_claims(
    conn: psycopg.AsyncConnection[Any], counter: int, members: Collection[int]
) -> dict[int, int]:
    """Tell each member's next claim its place, from 1, as it stands at this moment.

    Who was never counted has all earlier scans looked at, once. Nobody's claim goes
    uncounted meanwhile: whoever is claimed for is counted first.
    """
    counts = await load_claim_counts(conn, counter, members)
    missing = [member for member in members if member not in counts]
    if missing:
        await begin_claim_counts(conn, counter, await count_claims(conn, missing))
        # Another worker may have been quicker, and have had a claim counted since.
        counts |= await load_claim_counts(conn, counter, missing)
    return {member: count + 1 for member, count in counts.items()}


async def count_claims(
    conn: psycopg.AsyncConnection[Any], members: Collection[int]
) -> dict[int, int]:
    """Count all claims of members that earned something and were not denied."""
    rows = conn.cursor(binary=True, row_factory=tuple_row)
    await rows.execute(_EARNING, (list(members),))
    found = await rows.fetchall()
    held = [scan_id for _, _, scan_ids in found for scan_id in scan_ids or ()]
    void: set[int] = set()
    if held:
        await rows.execute(HOLDS_OF, (held,))
        ended = await rows.fetchall()
        void = {scan_id for scan_id, how in ended if how == Resolution.VOIDED}
    return {
        member_no: paid - len(void.intersection(scan_ids or ()))
        for member_no, paid, scan_ids in found
    }
