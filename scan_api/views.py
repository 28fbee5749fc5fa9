"""Looking at a code: no scan row, no signal, no count."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.store import find_void_codes
from core.clock import Clock, utc_datetime
from core.ids import time_of_id
from scan_api.domain import Outcome, Standing, View, stand
from scan_api.guess_throttle import VIEW, GuessThrottle
from scan_api.snapshots import SnapshotKeeper
from scan_api.store import find_claim


@dataclass(frozen=True, slots=True)
class ViewDesk:
    """Shows what a code is to somebody who only looks."""

    engine: AsyncEngine
    clock: Clock
    snapshots: SnapshotKeeper
    throttle: GuessThrottle

    async def look(self, text: str, tags: tuple[bytes, ...]) -> View:
        """Look at a code or printed link; raises Throttled for who guesses."""
        now_ms = self.clock.now_ms()
        opened = self.throttle.open(text, tags, now_ms, VIEW)
        if opened is None:
            return View(Outcome.INVALID)
        code_id, code_text = opened.code_id, opened.code_text
        standing = await self._stand(code_id, opened.gtin, now_ms)
        if standing.outcome is Outcome.INVALID:
            # It opened, but nobody issued it, or its link names another product.
            self.throttle.note_guess(code_text, tags, now_ms, VIEW)
        if standing.outcome is not None:
            return View(
                standing.outcome,
                standing.product,
                standing.terms.instructions if standing.terms else None,
                code_text=code_text,
                sell_by=standing.sell_by,
            )
        async with self.engine.connect() as conn:
            if await find_void_codes(conn, [code_id]):
                return View(
                    Outcome.NOT_ACTIVE, standing.product, sell_by=standing.sell_by
                )
            # The filter may not have heard yet of a claim made a moment ago, and this
            # page must not call such a cap unclaimed.
            claim = await find_claim(conn, code_id)
        return View(
            Outcome.VERIFIED if claim is None else Outcome.ALREADY_CLAIMED,
            standing.product,
            claimed=claim is not None,
            pays=standing.pays,
            first_claimed_ms=None if claim is None else time_of_id(claim),
            code_text=code_text,
            sell_by=standing.sell_by,
        )

    async def _stand(self, code_id: int, gtin: str | None, now_ms: int) -> Standing:
        now = utc_datetime(now_ms)
        snapshot = self.snapshots.current
        standing = stand(snapshot, snapshot.table.find(code_id), code_id, gtin, now)
        if standing.outcome is None:
            return standing
        # What looks wrong may only be news to this worker.
        snapshot = await self.snapshots.of_codes([code_id])
        standing = stand(snapshot, snapshot.table.find(code_id), code_id, gtin, now)
        if standing.terms is None:
            self.snapshots.note_never_issued(code_id)
        return standing
