"""What a commit came to, read again when its answer was lost on the way."""

import pytest

from core.clock import utc_datetime
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.store.holds import resolve_holds
from scan_api.domain.scans import Outcome
from scan_api.store.scans import load_committed
from tests.fixtures.ground import CLOCK, Ground


@pytest.mark.parametrize("resolution", [None, *Resolution])
async def test_what_is_read_back_is_what_was_answered(
    ledger: Ground, resolution: Resolution | None
) -> None:
    """Of one's own claim, whatever became of its hold, of another's, and of nobody."""
    points = await ledger.campaign("points")
    mine, other = await ledger.live(2)
    ann, bob = await ledger.members("ann", "bob")
    wish = ledger.wish(mine, ann, points, outcome=Outcome.HELD)
    await ledger.commit(wish, ledger.wish(other, bob, points))
    if resolution is not None:
        hold = Hold(wish.scan.scan_id, mine, ann, 5, HoldReason.SIGNALS)
        async with ledger.engine.begin() as conn:
            await resolve_holds(
                conn,
                [hold],
                next_id=lambda: ledger.ids.next_id(CLOCK.now_ms()),
                resolution=resolution,
                now=utc_datetime(CLOCK.now_ms()),
            )
    wishes = [
        ledger.wish(mine, ann, points, outcome=Outcome.ALREADY_CLAIMED),
        ledger.wish(other, ann, points, outcome=Outcome.ALREADY_CLAIMED),
        ledger.wish(other, 0),
    ]
    done = await ledger.commit(*wishes)
    assert (done[0].original_points, done[0].original_waits) == (
        0 if resolution is Resolution.VOIDED else 5,
        resolution is None,
    )
    found = await load_committed(ledger.conn, wishes)
    assert [found[w.scan.scan_id] for w in wishes] == done
