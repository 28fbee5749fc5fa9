"""What scans are told as, by whoever reads what happened."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.event_types import EventType, Happening
from rewards.store.members import load_member_ids
from scan_api.domain.scans import Outcome

# The kind of row of the outbox that numbers scans which earned; the step that writes
# scans knows it too.
SCANS: Final = "scans"

_TELL: Final = text(
    """
    SELECT s.scan_id, s.outcome, s.points, s.member_no, c.campaign_id
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT scan_id, outcome, points, member_no, campaign_no
        FROM scans WHERE shard = 0 AND scan_id = u.id OFFSET 0) AS s
    JOIN campaigns AS c ON c.campaign_no = s.campaign_no
    """
)
# What a reward is by then; what became of a hold is an event of its own.
_TOLD: Final = {
    Outcome.REWARDED: (EventType.SCAN_REWARDED, "posted"),
    Outcome.HELD: (EventType.SCAN_HELD, "pending"),
}


async def tell_scans(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell what scans earned, as it stood when they were answered."""
    rows = (await conn.execute(_TELL, {"ids": list(scan_ids)})).all()
    members = await load_member_ids(conn, {row.member_no for row in rows})
    told = {}
    for scan_id, outcome, points, member_no, campaign_id in rows:
        of_type, status = _TOLD[Outcome(outcome)]
        reward = {
            "kind": "points",
            "campaign_id": campaign_id,
            "amount": points,
            "status": status,
        }
        member_id = members[member_no]
        data = {"scan_id": str(scan_id), "member_id": member_id, "rewards": [reward]}
        told[scan_id] = Happening(of_type, data)
    return told
