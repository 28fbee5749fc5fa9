"""What scans are told as, by whoever reads what happened."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.event_types import EventType, Happening
from rewards.domain.awards import AwardState, tell_awards
from rewards.store.awards import load_awards
from rewards.store.members import load_member_ids
from scan_api.domain.scans import Outcome

# The kind of row of the outbox that numbers scans which earned; the step that writes
# scans knows it too.
SCANS: Final = "scans"

_TELL: Final = text(
    """
    SELECT s.scan_id, s.outcome, s.member_no
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT scan_id, outcome, member_no
        FROM scans WHERE shard = 0 AND scan_id = u.id OFFSET 0) AS s
    """
)
# What a reward is by then; what became of a hold is an event of its own.
_TOLD: Final = {
    Outcome.REWARDED: (EventType.SCAN_REWARDED, AwardState.POSTED),
    Outcome.HELD: (EventType.SCAN_HELD, AwardState.PENDING),
}


async def tell_scans(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell what scans earned, as it stood when they were answered."""
    rows = (await conn.execute(_TELL, {"ids": list(scan_ids)})).all()
    members = await load_member_ids(conn, {row.member_no for row in rows})
    awards = await load_awards(conn, scan_ids)
    told = {}
    for scan_id, outcome, member_no in rows:
        of_type, state = _TOLD[Outcome(outcome)]
        data = {
            "scan_id": str(scan_id),
            "member_id": members[member_no],
            "rewards": tell_awards(awards.get(scan_id, ()), state),
        }
        told[scan_id] = Happening(of_type, data)
    return told
