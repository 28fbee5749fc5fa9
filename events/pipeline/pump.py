"""The pump of webhooks: gives events out to endpoints, and sends what is due.

Several processes may pump. One at a time gives out; each endpoint is sent to by itself,
over connections of its own, so that none waits for another that is slow or down.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import httpcore
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from standardwebhooks import Webhook

from core.clock import Clock, utc_datetime
from core.errors import Conflict
from core.ids import random_below
from core.secret_box import SecretBox
from events.domain.events import Event, EventId, Teller
from events.domain.webhooks import (
    DeliveryState,
    Endpoint,
    Reach,
    read_target,
    retry_after,
)
from events.pipeline.connecting import CONNECTIONS, open_connections, post
from events.pipeline.events import MAX_EVENTS, end_of_events, read_events
from events.pipeline.webhooks import load_secrets
from events.store import webhooks as store
from events.store.webhooks import Due, NewDelivery, Try

# How soon something that happened is given out, or tried again; while nobody asks for
# it, how soon it is seen that somebody does.
LOOK_S: Final = 0.25
LOOK_FOR_SOMEBODY_S: Final = 1.0
SENT_AT_ONCE: Final = 32
# Longer than it takes to send them, four after each other on each connection.
TAKEN_FOR: Final = timedelta(seconds=60)
_DICE: Final = 1 << 20

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class WebhookPump:
    """One process's pump."""

    engine: AsyncEngine
    clock: Clock
    box: SecretBox
    tellers: Mapping[str, Teller]
    reach: Reach
    _sending: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Give out and send until cancelled."""
        try:
            while True:
                try:
                    while await self.give_out() == MAX_EVENTS:
                        pass
                    await self._follow_endpoints()
                except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away
                    log.warning("events_not_given_out", cause=fault)
                await asyncio.sleep(LOOK_S if self._sending else LOOK_FOR_SOMEBODY_S)
        finally:
            await self._stop(list(self._sending))

    async def give_out(self) -> int:
        """Let events wait for who asked for them; tells how many there were."""
        async with self.engine.begin() as conn:
            cursor = await store.lock_cursor(conn)
            if cursor is None:
                return 0
            endpoints = [
                each
                for each in await store.list_endpoints(conn)
                if each.ended_at is None
            ]
            if not endpoints:
                await store.move_cursor(conn, str(await end_of_events(conn)))
                return 0
            events = await self._read(conn, cursor[0])
            await store.add_deliveries(
                conn, _for_whom(events, endpoints), now=self._now()
            )
            if events:
                await store.move_cursor(conn, events[-1].event_id)
        return len(events)

    async def _read(self, conn: AsyncConnection, after: str | None) -> list[Event]:
        seen = None if after is None else EventId.parse(after)
        try:
            return await read_events(conn, self.tellers, after=seen, limit=MAX_EVENTS)
        except Conflict as fault:
            # No process has pumped for weeks: what is left is given out.
            log.error("events_forgotten_before_given_out", cause=fault)
            return await read_events(conn, self.tellers, after=None, limit=MAX_EVENTS)

    async def _follow_endpoints(self) -> None:
        """Send to each endpoint that is live, and to none that has ended."""
        async with self.engine.connect() as conn:
            endpoints = await store.list_endpoints(conn)
        live = {each.endpoint_id: each for each in endpoints if each.ended_at is None}
        for endpoint_id in live.keys() - self._sending.keys():
            self._sending[endpoint_id] = asyncio.create_task(
                self._send_to(live[endpoint_id])
            )
        await self._stop(list(self._sending.keys() - live.keys()))

    async def _stop(self, endpoint_ids: Sequence[int]) -> None:
        tasks = [self._sending.pop(each) for each in endpoint_ids]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_to(self, endpoint: Endpoint) -> None:
        """Send what is due to an endpoint until cancelled."""
        target = read_target(endpoint.url)
        assert target is not None
        async with open_connections(
            self.reach, is_encrypted=target.is_encrypted
        ) as pool:
            while True:
                try:
                    sent = await self.send_some(endpoint, pool)
                except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away
                    log.warning("webhooks_not_sent", cause=fault)
                    sent = 0
                if not sent:
                    await asyncio.sleep(LOOK_S)

    async def send_some(
        self, endpoint: Endpoint, pool: httpcore.AsyncConnectionPool
    ) -> int:
        """Send what is due to an endpoint, and note how it went; tells how many."""
        number, now = endpoint.endpoint_id, self._now()
        async with self.engine.begin() as conn:
            due = await store.take_due(
                conn, number, now=now, until=now + TAKEN_FOR, limit=SENT_AT_ONCE
            )
            if not due:
                return 0
            secrets = await load_secrets(conn, self.box, number, now=now)
        signers = [Webhook(secret) for secret in secrets]
        few = asyncio.Semaphore(CONNECTIONS)

        async def send(each: Due) -> Try:
            async with few:
                return await self._try(endpoint.url, pool, signers, each)

        tried = await asyncio.gather(*map(send, due))
        async with self.engine.begin() as conn:
            await store.note_tries(conn, number, tried, now=self._now())
        return len(due)

    async def _try(
        self,
        url: str,
        pool: httpcore.AsyncConnectionPool,
        signers: Sequence[Webhook],
        due: Due,
    ) -> Try:
        # In UTC: the library would sign any other zone's time hours off.
        at = self._now()
        signed = [each.sign(due.event_id, at, due.body) for each in signers]
        headers = {
            "content-type": "application/json",
            "user-agent": "Crowncap",
            "webhook-id": due.event_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signed),
        }
        status, fault = await post(pool, url, headers, due.body.encode())
        tries, now = due.tries + 1, self._now()
        if status is not None and status // 100 == 2:  # noqa: PLR2004 - a success
            state = DeliveryState.DELIVERED
            return Try(due.event_id, state, tries, now, status, None)
        wait = retry_after(tries, random_below(_DICE) / _DICE)
        state = DeliveryState.DEAD if wait is None else DeliveryState.WAITING
        again = now if wait is None else now + wait
        return Try(due.event_id, state, tries, again, status, fault and fault[:200])

    def _now(self) -> datetime:
        return utc_datetime(self.clock.now_ms())


def _for_whom(
    events: Sequence[Event], endpoints: Sequence[Endpoint]
) -> list[NewDelivery]:
    """Say which event goes to which endpoint: what happened since it is there."""
    new = []
    for event in events:
        takers = [
            each.endpoint_id
            for each in endpoints
            if event.type in each.types and event.at >= each.created_at
        ]
        if takers:
            body = event.encode().decode()
            new += [
                NewDelivery(taker, event.event_id, event.subject, event.type, body)
                for taker in takers
            ]
    return new
