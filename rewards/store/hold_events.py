"""How holds are told of: that they ended, wait again, and ended for good."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.event_types import EventType, Happening
from rewards.domain.awards import Award, AwardState, tell_awards
from rewards.domain.holds import Resolution
from rewards.store.awards import load_awards, load_awards_first

# The kinds of rows of the outbox that number holds: which ended, which wait again since
# that was taken back, and which ended once more. Each is so once at most.
HOLDS: Final = "holds"
REOPENED: Final = "holds_reopened"
HOLDS_AGAIN: Final = "holds_again"

_LOAD: Final = text(
    """
    SELECT h.transfer_id, h.resolution, m.member_id, EXISTS (SELECT FROM transfers
        WHERE shard = 0 AND origin_id = h.transfer_id
            AND kind IN ('unpost', 'unvoid')) AS reopened
    FROM unnest(CAST(:ids AS bigint[])) AS u (id)
    CROSS JOIN LATERAL (SELECT * FROM holds
        WHERE shard = 0 AND transfer_id = u.id OFFSET 0) AS h
    CROSS JOIN LATERAL (SELECT member_id FROM members
        WHERE shard = 0 AND member_no = h.member_no OFFSET 0) AS m
    """
)


async def _load(conn: AsyncConnection, scan_ids: Sequence[int]) -> Sequence[Row[Any]]:
    return (await conn.execute(_LOAD, {"ids": list(scan_ids)})).all()


async def tell_holds(
    conn: AsyncConnection, transfer_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell how holds ended the first time, by the scan whose rewards waited."""
    rows = await _load(conn, transfer_ids)
    awards = await load_awards_first(conn, [row.transfer_id for row in rows])
    return {
        row.transfer_id: _tell(row, awards, _first_end(row, awards)) for row in rows
    }


async def tell_reopened(
    conn: AsyncConnection, transfer_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell of holds that their rewards wait again."""
    rows = await _load(conn, transfer_ids)
    awards = await load_awards(conn, [row.transfer_id for row in rows])
    return {
        row.transfer_id: Happening(
            EventType.HOLD_REOPENED, _told(row, awards, AwardState.PENDING)
        )
        for row in rows
    }


async def tell_holds_again(
    conn: AsyncConnection, transfer_ids: Sequence[int]
) -> dict[int, Happening]:
    """Tell how holds ended that had waited again."""
    rows = await _load(conn, transfer_ids)
    awards = await load_awards(conn, [row.transfer_id for row in rows])
    return {
        row.transfer_id: _tell(row, awards, Resolution(row.resolution)) for row in rows
    }


_Awards = Mapping[int, Sequence[Award]]


def _first_end(row: Row[Any], awards: _Awards) -> Resolution:
    """Tell how a hold ended; one that waits again since was so as a whole."""
    if not row.reopened:
        return Resolution(row.resolution)
    first = awards[row.transfer_id]
    posted = any(each.state is AwardState.POSTED for each in first)
    return Resolution.POSTED if posted else Resolution.VOIDED


def _tell(row: Row[Any], awards: _Awards, end: Resolution) -> Happening:
    posted = end is Resolution.POSTED
    return Happening(
        EventType.HOLD_POSTED if posted else EventType.HOLD_VOIDED,
        _told(row, awards, AwardState(end.value)),
    )


def _told(row: Row[Any], awards: _Awards, state: AwardState) -> dict[str, Any]:
    return {
        "scan_id": str(row.transfer_id),
        "member_id": row.member_id,
        # Some came too late, and are void though their hold was posted.
        "rewards": tell_awards(awards.get(row.transfer_id, ()), state),
    }
