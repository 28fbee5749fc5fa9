"""Opening: what is forged is refused at once, and the rest becomes a scan."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.sealing import filter_hash
from core.auth.idempotency import is_answered
from core.clock import Clock, to_ms
from core.errors import Forbidden, InvalidInput
from core.ids import time_of_id
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome, Scan
from scan_api.pipeline.answered import Answered
from scan_api.pipeline.guess_throttle import GuessThrottle
from scan_api.pipeline.lateness import Lateness
from scan_api.pipeline.requests import (
    ScanBody,
    ScanContext,
    context_facts,
    locate,
    position_cell,
)
from scan_api.pipeline.responses import answer_invalid
from scan_api.pipeline.scans import ScanPipeline
from scan_api.pipeline.worker_lease import LeasedIds


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who scans, from where, by which door; `context` only if it may be believed.

    `store` is the one that a token is for.
    """

    member_id: str | None
    address: str | None
    language: str
    channel: str
    context: ScanContext | None = None
    app_token: str | None = None
    brand: str | None = None
    store: str | None = None


@dataclass(frozen=True, slots=True)
class ScanOpening:
    """Opens codes for whoever scans them; the one way into the pipeline."""

    pipeline: ScanPipeline
    throttle: GuessThrottle
    clock: Clock
    ids: LeasedIds
    lateness: Lateness

    async def open_scan(
        self, request: ScanBody, caller: Caller, once: tuple[bytes, bytes] = (b"", b"")
    ) -> Answered:
        """Answer a scan; raises Throttled, Unavailable, Forbidden or InvalidInput.

        `once` is the hash of an idempotency key and of the body sent with it.
        """
        member_id, language = caller.member_id, caller.language
        context = _context_of(caller)
        now_ms = self.clock.now_ms()
        scanned_at_ms = None
        if context is not None and context.scanned_at is not None:
            scanned_at_ms = await self._own_time(context.scanned_at, now_ms, once[0])
        origin = locate(
            address=caller.address,
            device_id=request.device_id,
            member_id=member_id,
            app_token=caller.app_token,
        )
        opened = self.throttle.open(
            request.code, origin.guess_tags, now_ms, caller.channel
        )
        if opened is None:
            answer = answer_invalid(self.ids.unstored_id(now_ms), language)
            return Answered(Outcome.INVALID, answer)
        scan_id = self.ids.next_id(now_ms)
        scan = Scan(
            scan_id=scan_id,
            # What its number tells for ever.
            at_ms=time_of_id(scan_id),
            code_id=opened.code_id,
            code_hash=filter_hash(opened.code_text),
            gtin=opened.gtin if opened.gtin is not None else _gtin(request.gtin),
            member_id=member_id,
            device_id=request.device_id,
            address=origin.address,
            cell=position_cell(request.position),
            language=language,
            brand=caller.brand,
            context=context_facts(context) if context else None,
            key_hash=once[0],
            body_hash=once[1],
            tags=origin.tags,
            scanned_at_ms=scanned_at_ms,
        )
        answered = await self.pipeline.submit(scan)
        if answered.outcome is Outcome.INVALID and not answered.foreign:
            # It opened, but nobody issued it, or its link names another product.
            self.throttle.note_guess(
                opened.code_text, origin.guess_tags, now_ms, caller.channel
            )
        return answered

    async def _own_time(
        self, scanned_at: datetime, now_ms: int, key_hash: bytes
    ) -> int:
        """Give a scan's own time in milliseconds since 1970; raises InvalidInput.

        What its key was answered when it came in time is told again, however late.
        """
        try:
            return self.lateness.own_time(scanned_at, now_ms)
        except InvalidInput:
            if not key_hash:
                raise
            async with self.pipeline.states.engine.connect() as conn:
                if not await is_answered(conn, key_hash):
                    raise
            return to_ms(scanned_at)


def _context_of(caller: Caller) -> ScanContext | None:
    """Say where a token that is for one store scans; raises Forbidden for another."""
    if caller.store is None:
        return caller.context
    context = caller.context or ScanContext()
    if context.store_id not in {None, caller.store}:
        raise Forbidden(message("other_store"), code="not_your_store")
    return msgspec.structs.replace(context, store_id=caller.store)


def _gtin(given: str | None) -> str | None:
    """Read a GTIN that stands beside the code; a wrong one equals no product's."""
    if given is None:
        return None
    try:
        return normalise_gtin(given)
    except GtinError:
        return ""
