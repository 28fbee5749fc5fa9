"""Guesses: judged and refused in memory, counted and sampled in the background."""

import asyncio
import contextlib
import struct
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

import msgspec
import structlog
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.entities import block_key, guess_key, opened_key
from anti_fraud.domain.guesses import (
    RIGHT_WINDOW_S,
    Admission,
    Block,
    GuessCounter,
    PendingGuesses,
    Treatment,
)
from anti_fraud.store.guesses import GuessSample, count_invalid, report_invalid
from anti_fraud.store.incidents import report_incidents
from codegen.domain.code_text import mask
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code
from core.clock import Clock, utc_datetime
from core.errors import Throttled
from core.redis import PackedBatch, RedisAway, RedisClient, Visit
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome
from scan_api.pipeline.metrics import OUTCOMES, THROTTLED
from scan_api.pipeline.worker_state import WorkerStateKeeper

FLUSH_INTERVAL_S = 0.1
_LEAST_INTERVAL_S = 0.01
REPORT_INTERVAL_S = 10.0
MAX_SAMPLES = 20
# The channel of who only looks at a page.
VIEW = "view"
# More wrong guesses than this a second, over a minute and all workers, is an incident.
ALARM_PER_S = 50.0
_FLOOD_WINDOW = timedelta(minutes=1)
_LONGEST_TIME = 20
# A stream in which workers tell each other of blocks. It is short: blocks that are
# long are stored with their entity too, and short ones are over soon.
NEWS_KEY = b"{guesses}blocks"
_NEWS_ENTRIES = b"1000"
_NEWS_FIELD = b"blocks"
_NEWS_AT_ONCE = 50
_FROM_THE_START = b"0"
_BLOCK = struct.Struct("<20sdd")

log = structlog.get_logger(logger_name=__name__)


class OpenedCode(msgspec.Struct, frozen=True, gc=False):
    """A code that opened; `gtin` is the one of its link, if it names one."""

    code_id: int
    code_text: str
    gtin: str | None


class TooManyGuesses(Throttled):
    """Too many wrong codes came from a caller, who is answered nothing for a while."""


class WrongGuess(TooManyGuesses):
    """A code is wrong, and of its caller only right ones are answered for a while."""


@dataclass(slots=True)
class GuessThrottle:
    """Opens codes for who may guess, turns others away, and reports what came."""

    counter: GuessCounter
    redis: RedisClient
    engine: AsyncEngine
    clock: Clock
    states: WorkerStateKeeper
    _seen: int = 0
    _scanned: int = 0
    _throttled: int = 0
    _counted: tuple[int, int] = (0, 0)
    _samples: list[GuessSample] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def obey(self) -> None:
        """Judge by the throttles that this worker knows of now."""
        throttles = self.states.current.rule_set.throttles
        if self.counter.throttles is not throttles:
            self.counter.obey(throttles)

    def open(
        self, given: str, tags: tuple[bytes, ...], now_ms: int, channel: str
    ) -> OpenedCode | None:
        """Open a code or printed link; None for what is none of ours.

        Raises Throttled. What has not the 16 symbols of a code is no guess: nobody
        learns anything from it, so it counts nothing.
        """
        now_s = now_ms / 1000
        self.obey()
        admission = self.counter.admit(tags, now_s)
        if admission.treatment is Treatment.SHUT:
            self.refuse(admission.seconds)
        scanned = parse_scanned(given)
        if scanned.code_text is None:
            self._scanned += channel != VIEW
            return None
        code_id = open_code(self.states.keys, scanned.code_text)
        if code_id is None:
            self._note_wrong(scanned.code_text, tags, now_ms, channel, admission)
            return None
        if admission.treatment is Treatment.UNTOLD:
            self.refuse(admission.seconds)
        if admission.treatment is Treatment.WATCHED:
            self.counter.note_right(tags, code_id, now_s)
            self._hurry()
        return OpenedCode(code_id, scanned.code_text, scanned.gtin)

    def note_guess(
        self, code_text: str, tags: tuple[bytes, ...], now_ms: int, channel: str
    ) -> None:
        """Count a code that opened as a wrong guess after all.

        Raises Throttled for a caller who is blocked already.
        """
        admission = self.counter.admit(tags, now_ms / 1000)
        self._note_wrong(code_text, tags, now_ms, channel, admission)

    def _note_wrong(
        self,
        code_text: str,
        tags: tuple[bytes, ...],
        now_ms: int,
        channel: str,
        admission: Admission,
    ) -> None:
        """Count a wrong guess, and keep a few, masked, for people to look at.

        Raises Throttled for a caller who is blocked already: whoever goes on
        guessing is not told, and prolongs the block.
        """
        now_s = now_ms / 1000
        self.counter.note_guess(tags, now_s)
        self._hurry()
        if admission.treatment is not Treatment.FREE:
            seconds = self.counter.blocked_for(tags, now_s)
            kind = TooManyGuesses
            if admission.treatment is Treatment.WATCHED:
                kind = WrongGuess
            self.refuse(seconds, kind)
        self._seen += 1
        # Looking is not scanning: it counts as a guess, not as a scan.
        self._scanned += channel != VIEW
        if len(self._samples) < MAX_SAMPLES:
            sample = GuessSample(utc_datetime(now_ms), mask(code_text), channel)
            self._samples.append(sample)

    def _hurry(self) -> None:
        """Let the other workers hear of a new block now."""
        if self.counter.has_news:
            self._news.set()

    def refuse(
        self, seconds: int, kind: type[TooManyGuesses] = TooManyGuesses
    ) -> NoReturn:
        """Turn a guess away; raises Throttled."""
        self._throttled += 1
        raise kind(message("too_many_guesses", seconds=seconds), retry_after_s=seconds)

    async def run(self) -> None:
        """Flush and report until cancelled."""
        last_report_ms = self.clock.now_ms()
        while True:
            await self._wait_for_news()
            self.obey()
            self._count()
            now_s = self.clock.now_ms() / 1000
            await share_counts(self.counter, self.redis, now_s)
            await tell_blocks(self.counter, self.redis)
            elapsed_ms = self.clock.now_ms() - last_report_ms
            if not 0 <= elapsed_ms < REPORT_INTERVAL_S * 1000:
                last_report_ms = self.clock.now_ms()
                await self.report()

    async def listen(self) -> None:
        """Hear of the other workers' blocks until cancelled."""
        since = _FROM_THE_START
        while True:
            try:
                since = await hear_blocks(
                    self.counter, self.redis, self.clock, since=since
                )
            except RedisAway:
                # It may come back empty, and count its entries from an earlier time.
                since = _FROM_THE_START
                await asyncio.sleep(1)

    async def _wait_for_news(self) -> None:
        """Wait until it is time to flush, which a new block makes at once."""
        await asyncio.sleep(_LEAST_INTERVAL_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_INTERVAL_S):
                await self._news.wait()
        self._news.clear()

    def _count(self) -> None:
        """Bring the metrics up to date; one by one would cost more than refusing."""
        OUTCOMES[Outcome.INVALID].inc(self._scanned - self._counted[0])
        THROTTLED.inc(self._throttled - self._counted[1])
        self._counted = (self._scanned, self._throttled)

    async def report(self) -> None:
        """Write down what came since the last report, and raise what is an incident."""
        seen, throttled, samples = self._seen, self._throttled, self._samples
        self._count()
        leaked = self.states.take_never_issued()
        self._counted = (0, 0)
        self._seen, self._throttled, self._samples = 0, 0, []
        self._scanned = 0
        if leaked:
            log.error("key_leak_sign", codes=len(leaked), mend="docs/key-leak.md")
        now = utc_datetime(self.clock.now_ms())
        try:
            if leaked:
                async with self.engine.begin() as conn:
                    subjects = [f"code:{code_id}" for code_id in leaked]
                    await report_incidents(conn, "key_leak", subjects, now=now)
                leaked = []
            if seen or throttled:
                async with self.engine.begin() as conn:
                    await report_invalid(
                        conn,
                        seen=seen,
                        throttled=throttled,
                        samples=samples,
                        now=now,
                    )
                    await report_flood(conn, now)
        except Exception as fault:  # noqa: BLE001 - counts are lost, scans go on
            # That somebody has the key is told as soon as it can be.
            self.states.keep_never_issued(leaked)
            log.warning("invalid_report_lost", seen=seen, cause=fault)


async def report_flood(conn: AsyncConnection, now: datetime) -> None:
    """Raise an incident if all workers met too many wrong codes in a minute."""
    came = await count_invalid(conn, since=now - _FLOOD_WINDOW)
    if came > ALARM_PER_S * _FLOOD_WINDOW.total_seconds():
        detail = {"all": {"codes_in_a_minute": came}}
        await report_incidents(conn, "invalid_flood", ["all"], now=now, details=detail)


async def share_counts(counter: GuessCounter, redis: RedisClient, now_s: float) -> None:
    """Meet the other workers' counts in Redis; while it is away each counts alone."""
    pending = counter.drain(now_s)
    if not pending:
        return
    batch = PackedBatch()
    handles = [_add(batch, entry, now_s) for entry in pending]
    try:
        results = await batch.run(redis)
    except RedisAway:
        return
    for entry, (wrong, right, block) in zip(pending, handles, strict=True):
        counter.learn(
            entry,
            () if wrong is None else results.count(wrong),
            now_s,
            right=() if right is None else results.count(right),
            stored_until_s=float(results.slice(block) or 0),
        )


def _add(
    batch: PackedBatch, entry: PendingGuesses, now_s: float
) -> tuple[Visit | None, Visit | None, int]:
    """Add to an entity's counters, read its block, and store a longer one."""
    wrong = right = None
    if entry.n:
        wrong = batch.count(guess_key(entry.tag), entry.n, entry.windows)
    if entry.right:
        right = batch.count(opened_key(entry.tag), entry.right, (RIGHT_WINDOW_S,))
    block = batch.slice(block_key(entry.tag), 0, _LONGEST_TIME)
    until_s = entry.blocked_until_s
    if until_s is not None:
        ttl_s = max(1, round(until_s - now_s))
        batch.swap(block_key(entry.tag), b"%d" % until_s, ttl_s)
    return wrong, right, block


async def tell_blocks(counter: GuessCounter, redis: RedisClient) -> None:
    """Tell the other workers of blocks; while Redis is away each knows its own."""
    told = counter.news()
    if not told:
        return
    packed = b"".join(_BLOCK.pack(*block) for block in told)
    trim = (b"MAXLEN", b"~", _NEWS_ENTRIES)
    with contextlib.suppress(RedisAway):
        await redis.call(b"XADD", NEWS_KEY, *trim, b"*", _NEWS_FIELD, packed)


async def hear_blocks(
    counter: GuessCounter,
    redis: RedisClient,
    clock: Clock,
    *,
    since: bytes,
    wait_ms: int = 2_000,
) -> bytes:
    """Hear of blocks told after `since`, or wait for some; returns where they end.

    A worker that has never met a caller learns so that another has blocked him.
    Raises RedisAway.
    """
    try:
        reply: Any = await redis.redis.xread(
            {NEWS_KEY: since}, count=_NEWS_AT_ONCE, block=wait_ms
        )
    except (RedisError, OSError) as fault:
        raise RedisAway(f"Redis: {fault or type(fault).__name__}") from fault
    now_s = clock.now_ms() / 1000
    for entry_id, fields in reply[0][1] if reply else ():
        since = entry_id
        for block in _blocks_of(fields):
            counter.hear(block, now_s)
    return since


def _blocks_of(fields: dict[bytes, bytes]) -> list[Block]:
    """Read the blocks of an entry; none of what another version wrote."""
    packed = fields.get(_NEWS_FIELD, b"")
    if len(packed) % _BLOCK.size:
        return []
    return [
        Block(tag.rstrip(b"\0"), blocked_until_s, shut_until_s)
        for tag, blocked_until_s, shut_until_s in _BLOCK.iter_unpack(packed)
    ]
