"""Members take part in open draws: concurrent requests become one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import idempotency
from core.auth.idempotency import Replay, SentKey
from core.batching import Batcher
from core.clock import Clock, utc_datetime
from core.errors import Fault, NotFound
from core.ids import TimeIds
from core.messages import Message
from rewards.domain.draws.terms import Draw, DrawPhase, Entry, TakeOutcome
from rewards.domain.draws.tickets import number_tickets
from rewards.domain.messages import message
from rewards.pipeline.coupons.crowding import ask
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.draws.views import TakenTicket
from rewards.store.draws import tickets as store
from rewards.store.draws.draws import load_draws
from rewards.store.members import ensure_members

# Of a limit that had no room any more, and of somebody who took part meanwhile.
_RACED: Final = frozenset({"CC005", "23505"})
_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class TakeRequest:
    """A member who would take part in a draw, and under which key."""

    draw_id: str
    member_id: str
    key: SentKey | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a request; `body` is the answer, as JSON, where it succeeded."""

    outcome: TakeOutcome
    body: bytes = b""
    replayed: bool = False


def tell_outcome(outcome: TakeOutcome) -> Message:
    """Say why somebody got no ticket."""
    return _REFUSALS[outcome]


_REFUSALS: Final = {
    TakeOutcome.ALREADY: message("ticket_taken"),
    TakeOutcome.NOT_BEGUN: message("draw_not_begun"),
    TakeOutcome.CLOSED: message("draw_closed"),
    TakeOutcome.NOT_OPEN: message("draw_not_open"),
    TakeOutcome.FULL: message("most_tickets"),
}


@dataclass(slots=True)
class TicketTaking:
    """Adds a ticket for each who takes part, in batches; an outcome for each."""

    engine: AsyncEngine
    clock: Clock
    ids: TimeIds
    secrets: DrawSecrets
    batcher: Batcher[TakeRequest, Taken] = field(init=False)

    def __post_init__(self) -> None:
        self.batcher = Batcher(self.take, lone_keys=_lone_keys)

    async def ask(self, asked: TakeRequest) -> Taken:
        """Take part in whatever batch it comes to; raises Unavailable in a crowd."""
        return await ask(self.batcher, asked)

    async def take(
        self, requests: Sequence[TakeRequest]
    ) -> Sequence[Taken | Exception]:
        """Add what may be added; a batch names each member and key once.

        Whoever takes the same place meanwhile, on another worker, is seen at the next
        try.
        """
        for _ in range(_TRIES):
            try:
                return await self._take(requests)
            except DBAPIError as fault:
                if getattr(fault.orig, "sqlstate", None) not in _RACED:
                    raise
        raise RuntimeError("Somebody else was first, each time.")

    async def _take(
        self, requests: Sequence[TakeRequest]
    ) -> Sequence[Taken | Exception]:
        now_ms = self.clock.now_ms()
        now = utc_datetime(now_ms)
        ids = [self.ids.next_id(now_ms) for _ in requests]
        async with self.engine.begin() as conn:
            keys = [each.key for each in requests]
            taken = await idempotency.begin_many(conn, keys, ids)
            draws = await load_draws(conn, sorted({e.draw_id for e in requests}))
            ended = [
                _ended(request, before, draws.get(request.draw_id), now)
                for request, before in zip(requests, taken, strict=True)
            ]
            asked = {
                place: request
                for place, request in enumerate(requests)
                if ended[place] is None
            }
            told = await self._enter(conn, asked, draws, ids, now)
            answers = [
                told[place] if each is None else each
                for place, each in enumerate(ended)
            ]
            await idempotency.finish_many(
                conn,
                [
                    (request.key, getattr(answer, "body", b"") or None)
                    for request, before, answer in zip(
                        requests, taken, answers, strict=True
                    )
                    if before is None
                ],
            )
        return answers

    async def _enter(
        self,
        conn: AsyncConnection,
        asked: Mapping[int, TakeRequest],
        draws: Mapping[str, Draw],
        ids: Sequence[int],
        now: datetime,
    ) -> dict[int, Taken]:
        """Let members take part; tells by the place of the request what came of it."""
        if not asked:
            return {}
        members = await ensure_members(
            conn, {request.member_id: ids[place] for place, request in asked.items()}
        )
        entries = {
            place: _entry(
                ids[place], members[request.member_id], draws[request.draw_id]
            )
            for place, request in asked.items()
        }
        there = await store.load_entries(conn, list(entries.values()))
        full = await store.find_full(conn, list(entries.values()))
        told: dict[int, Taken] = {}
        new: dict[int, store.NewEntry] = {}
        for place, entry in entries.items():
            who = entry.draw_no, entry.member_no
            if who in there:
                told[place] = Taken(TakeOutcome.ALREADY)
            elif who in full:
                told[place] = Taken(TakeOutcome.FULL)
            else:
                new[place] = entry
        if new:
            told |= await self._add(conn, new, asked, draws, now)
        return told

    async def _add(
        self,
        conn: AsyncConnection,
        new: Mapping[int, store.NewEntry],
        asked: Mapping[int, TakeRequest],
        draws: Mapping[str, Draw],
        now: datetime,
    ) -> dict[int, Taken]:
        entries = list(new.values())
        added = await store.add_entries(conn, entries, now=now)
        numbers = await store.load_entries(conn, entries)
        by_number = {draw.draw_no: draw for draw in draws.values()}
        keys = await self.secrets.ticket_keys(
            conn, {each.draw_no: by_number[each.draw_no] for each in entries}
        )
        told = {}
        for (place, entry), is_added in zip(new.items(), added, strict=True):
            # It was drawn between: what its limit lost matters to nobody any more.
            told[place] = Taken(TakeOutcome.CLOSED)
            if is_added:
                number = numbers[entry.draw_no, entry.member_no]
                [(_, code)] = number_tickets(keys[entry.draw_no], [(number, 1)])
                view = TakenTicket(
                    draw_id=asked[place].draw_id, ticket_no=number, ticket_code=code
                )
                body = msgspec.json.encode(view)
                told[place] = Taken(TakeOutcome.TAKEN, body)
        return told


def _lone_keys(request: TakeRequest) -> Sequence[object]:
    if request.key is None:
        return (request.member_id,)
    return request.member_id, request.key.key_hash


def _ended(
    request: TakeRequest,
    before: Replay | Fault | None,
    draw: Draw | None,
    now: datetime,
) -> Taken | Exception | None:
    """Tell what adds no ticket: what was answered before, and what is not open."""
    if isinstance(before, Replay):
        return Taken(TakeOutcome.TAKEN, before.response, replayed=True)
    if before is not None:
        return before
    if draw is None:
        return NotFound(message("no_draw", draw_id=request.draw_id))
    phase = draw.phase(now)
    if phase is DrawPhase.NOT_BEGUN:
        return Taken(TakeOutcome.NOT_BEGUN)
    if phase is not DrawPhase.OPEN:
        return Taken(TakeOutcome.CLOSED)
    return Taken(TakeOutcome.NOT_OPEN) if draw.entry is not Entry.OPEN else None


def _entry(transfer_id: int, member_no: int, draw: Draw) -> store.NewEntry:
    limit = draw.limit
    return store.NewEntry(
        transfer_id,
        member_no,
        draw.draw_no,
        None if limit is None else limit.limit_no,
        0 if limit is None else limit.most,
    )
