"""Looking at a code: no scan row, no signal; early looks are counted beside it."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.lists import Subject
from codegen.store import find_void_codes
from core.auth.addresses import pack_address
from core.clock import Clock, business_day, utc_datetime
from core.ids import time_of_id
from rewards.domain.active_campaigns import Offer, OfferState, best_offer
from rewards.domain.remaining import Left, rows_of_member
from rewards.store.limits import load_uses
from rewards.store.members import find_member_no
from scan_api.domain.code_view import CodeView
from scan_api.domain.scans import CodeStatus, Outcome, look_up_code
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.early_scans import EarlyScanLog
from scan_api.pipeline.guess_throttle import VIEW, GuessThrottle
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.claims import find_claim


@dataclass(frozen=True, slots=True)
class CodeLookup:
    """Shows what a code is to somebody who only looks."""

    engine: AsyncEngine
    clock: Clock
    states: WorkerStateKeeper
    throttle: GuessThrottle
    timezone: ZoneInfo
    early: EarlyScanLog

    async def find_code(
        self,
        text: str,
        tags: tuple[bytes, ...],
        member_id: str | None = None,
        address: str | None = None,
    ) -> CodeView:
        """Look at a code or printed link; raises Throttled for who guesses.

        A member is told of a daily limit that is reached, too.
        """
        now_ms = self.clock.now_ms()
        opened = self.throttle.open(text, tags, now_ms, VIEW)
        if opened is None:
            return CodeView(Outcome.INVALID)
        code_id, code_text = opened.code_id, opened.code_text
        status, worker_state = await self._look_up(code_id, opened.gtin, now_ms)
        if status.outcome is Outcome.INVALID:
            # It opened, but nobody issued it, or its link names another product.
            self.throttle.note_guess(code_text, tags, now_ms, VIEW)
        if status.outcome is not None:
            if status.terms is not None:
                who = Subject(code_id, member_id, address=pack_address(address))
                at = utc_datetime(now_ms)
                self.early.note_look(status.terms, who, status.outcome, at)
            return CodeView(
                status.outcome,
                status.product,
                status.terms.instructions if status.terms else None,
                code_id=code_id,
                sell_by=status.sell_by,
            )
        async with self.engine.connect() as conn:
            if await find_void_codes(conn, [code_id]):
                return CodeView(
                    Outcome.NOT_ACTIVE, status.product, sell_by=status.sell_by
                )
            # The filter may not have heard yet of a claim made a moment ago, and this
            # page must not call such a cap unclaimed.
            claim = await find_claim(conn, code_id)
            offer = None
            if claim is None and status.pays:
                offer = await self._offer(conn, worker_state, status, member_id, now_ms)
        return CodeView(
            Outcome.VERIFIED if claim is None else Outcome.ALREADY_CLAIMED,
            status.product,
            claimed=claim is not None,
            pays=status.pays,
            first_claimed_ms=None if claim is None else time_of_id(claim),
            code_id=code_id,
            sell_by=status.sell_by,
            offer=offer,
        )

    async def _offer(
        self,
        conn: AsyncConnection,
        worker_state: WorkerState,
        status: CodeStatus,
        member_id: str | None,
        now_ms: int,
    ) -> Offer | None:
        """Tell what a claim would find: the look that follows a claim's own steps."""
        now = utc_datetime(now_ms)
        offer = worker_state.offer_of(status.terms, now)
        if member_id is None or offer is None or offer.state is not OfferState.OPEN:
            return offer
        member_no = await find_member_no(conn, member_id) or 0
        day = business_day(now_ms, self.timezone)
        there = worker_state.candidates(status.terms)
        rows = {row for each in there for row in rows_of_member(each, member_no, day)}
        uses = await load_uses(conn, rows)
        left = Left(worker_state.rooms, uses, member_no, day, now)
        return best_offer(
            left.narrow(each, each.offer(now, worker_state.spent)) for each in there
        )

    async def _look_up(
        self, code_id: int, gtin: str | None, now_ms: int
    ) -> tuple[CodeStatus, WorkerState]:
        now = utc_datetime(now_ms)
        worker_state = self.states.current
        status = look_up_code(
            worker_state, worker_state.table.find(code_id), code_id, gtin, now
        )
        if status.outcome is None:
            return status, worker_state
        # What looks wrong may only be news to this worker.
        worker_state = await self.states.of_codes([code_id])
        status = look_up_code(
            worker_state, worker_state.table.find(code_id), code_id, gtin, now
        )
        if status.terms is None:
            self.states.note_never_issued(code_id)
        return status, worker_state
