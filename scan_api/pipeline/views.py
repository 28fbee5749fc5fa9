"""Looking at a code: no scan row, no signal, no count."""

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.store import find_void_codes
from core.clock import Clock, business_day, utc_datetime
from core.ids import time_of_id
from rewards.domain import Offer, OfferState
from rewards.store import load_earned
from scan_api.domain.scans import Outcome, Snapshot, Standing, View, stand
from scan_api.pipeline.guess_throttle import VIEW, GuessThrottle
from scan_api.pipeline.snapshots import SnapshotKeeper
from scan_api.store.scans import find_claim


@dataclass(frozen=True, slots=True)
class ViewDesk:
    """Shows what a code is to somebody who only looks."""

    engine: AsyncEngine
    clock: Clock
    snapshots: SnapshotKeeper
    throttle: GuessThrottle
    timezone: ZoneInfo

    async def look(
        self, text: str, tags: tuple[bytes, ...], member_id: str | None = None
    ) -> View:
        """Look at a code or printed link; raises Throttled for who guesses.

        A member is told of a daily limit that is reached, too.
        """
        now_ms = self.clock.now_ms()
        opened = self.throttle.open(text, tags, now_ms, VIEW)
        if opened is None:
            return View(Outcome.INVALID)
        code_id, code_text = opened.code_id, opened.code_text
        standing, snapshot = await self._stand(code_id, opened.gtin, now_ms)
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
            offer = None
            if claim is None and standing.pays:
                offer = await self._offer(conn, snapshot, standing, member_id, now_ms)
        return View(
            Outcome.VERIFIED if claim is None else Outcome.ALREADY_CLAIMED,
            standing.product,
            claimed=claim is not None,
            pays=standing.pays,
            first_claimed_ms=None if claim is None else time_of_id(claim),
            code_text=code_text,
            sell_by=standing.sell_by,
            offer=offer,
        )

    async def _offer(
        self,
        conn: AsyncConnection,
        snapshot: Snapshot,
        standing: Standing,
        member_id: str | None,
        now_ms: int,
    ) -> Offer | None:
        """Tell what a claim would find: the look that follows a claim's own steps."""
        offer = snapshot.offer_of(standing.terms, utc_datetime(now_ms))
        campaign = snapshot.campaign_of(standing.terms)
        if offer is None or campaign is None or offer.state is not OfferState.OPEN:
            return offer
        cap = campaign.daily_cap
        if member_id is None or cap is None:
            return offer
        earned = await load_earned(
            conn,
            member_id=member_id,
            cap=cap,
            day=business_day(now_ms, self.timezone),
        )
        if campaign.is_full(earned):
            return replace(offer, state=OfferState.FULL_TODAY)
        return offer

    async def _stand(
        self, code_id: int, gtin: str | None, now_ms: int
    ) -> tuple[Standing, Snapshot]:
        now = utc_datetime(now_ms)
        snapshot = self.snapshots.current
        standing = stand(snapshot, snapshot.table.find(code_id), code_id, gtin, now)
        if standing.outcome is None:
            return standing, snapshot
        # What looks wrong may only be news to this worker.
        snapshot = await self.snapshots.of_codes([code_id])
        standing = stand(snapshot, snapshot.table.find(code_id), code_id, gtin, now)
        if standing.terms is None:
            self.snapshots.note_never_issued(code_id)
        return standing, snapshot
