"""Webhooks to real receivers: signed, in order, tried again, and given up."""

import asyncio
import contextlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_network

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput
from core.event_types import EventType, Happening
from core.networks import Networks
from core.outbox import write_events
from core.secret_box import SecretBox
from crowncap.tellers import TELLERS
from events.domain.webhooks import Delivery, DeliveryState, Reach
from events.pipeline import webhooks
from events.pipeline.connecting import open_connections
from events.pipeline.pump import TAKEN_FOR, WebhookPump
from events.store.webhooks import list_endpoints, take_due
from tests.fixtures.ground import CLOCK, Ground
from tests.fixtures.receiver import Heard, receiving

BOX = SecretBox(bytes(32))
HERE = Reach(Networks.of([ip_network("127.0.0.0/8")]))
TYPES = ["campaign.changed"]


@dataclass(slots=True)
class Later:
    """The clock, and how far it was put forward."""

    by: timedelta = field(default_factory=timedelta)

    def now_ms(self) -> int:
        """Tell the time."""
        return CLOCK.now_ms() + round(self.by.total_seconds() * 1_000)


def pump_of(ledger: Ground, clock: Later | None = None) -> WebhookPump:
    """Put a pump together."""
    return WebhookPump(ledger.engine, clock or Later(), BOX, TELLERS, HERE)


async def endpoint(
    ledger: Ground, url: str, types: list[str] | None = None
) -> tuple[int, str]:
    """Add an endpoint; gives its id and secret."""
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.begin() as conn:
        number = await webhooks.add_endpoint(
            conn, BOX, url=url, types=types or TYPES, staff=OPERATOR, now=now
        )
        return number, await webhooks.tell_secret(conn, BOX, number, now=now)


async def happen(ledger: Ground, *subjects: str) -> None:
    """Let something happen to each of these campaigns, one after the other."""
    for subject in subjects:
        async with ledger.engine.begin() as conn:
            data = {"campaign_id": subject}
            await write_events(conn, [Happening(EventType.CAMPAIGN_CHANGED, data)])


async def deliveries(ledger: Ground, number: int) -> list[Delivery]:
    """List what goes to an endpoint, the oldest first."""
    async with ledger.engine.connect() as conn:
        found = await webhooks.list_deliveries(conn, number, limit=1_000)
    return found[::-1]


@contextlib.asynccontextmanager
async def pumping(*pumps: WebhookPump) -> AsyncIterator[None]:
    """Pump for a while."""
    tasks = [asyncio.create_task(pump.run()) for pump in pumps]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def send(ledger: Ground, pump: WebhookPump, number: int) -> int:
    """Give out and send what is due to an endpoint now, once."""
    await pump.give_out()
    async with ledger.engine.connect() as conn:
        [one] = [e for e in await list_endpoints(conn) if e.endpoint_id == number]
    async with open_connections(HERE, is_encrypted=False) as pool:
        return await pump.send_some(one, pool)


def subject_of(heard: Heard) -> str:
    """Name the campaign that something is about."""
    return heard.body.decode().partition('"campaign_id":"')[2].partition('"')[0]


async def test_what_happens_is_told_signed_and_word_for_word(ledger: Ground) -> None:
    """As an outside library verifies it, and as the standard says by hand."""
    await happen(ledger, "before")
    async with receiving() as receiver:
        number, secret = await endpoint(ledger, receiver.url)
        await ledger.issue(1)
        await happen(ledger, "spring")
        async with pumping(pump_of(ledger)):
            [heard] = await receiver.hears(1)
            await asyncio.sleep(0.5)
    assert len(receiver.heard) == 1, "not of another type, nor of before"
    heard.verify(secret)
    with pytest.raises(WebhookVerificationError):
        heard.verify("whsec_" + b64encode(bytes(32)).decode())
    signed = f"{heard.event_id}.{heard.headers['webhook-timestamp']}.".encode()
    key = b64decode(secret.removeprefix("whsec_"))
    by_hand = hmac.new(key, signed + heard.body, sha256).digest()
    assert heard.headers["webhook-signature"] == f"v1,{b64encode(by_hand).decode()}"
    assert subject_of(heard) == "spring"
    [done] = await deliveries(ledger, number)
    assert (done.state, done.status, done.tries) == (DeliveryState.DELIVERED, 204, 1)
    assert done.event_id == heard.event_id


async def test_a_rotated_secret_signs_beside_the_old_one_for_a_day(
    ledger: Ground,
) -> None:
    clock = Later()
    pump = pump_of(ledger, clock)
    async with receiving() as receiver:
        number, old = await endpoint(ledger, receiver.url)
        now = utc_datetime(clock.now_ms())
        async with ledger.engine.begin() as conn:
            await webhooks.rotate_secret(conn, BOX, number, OPERATOR, now=now)
            new = await webhooks.tell_secret(conn, BOX, number, now=now)
        assert new != old
        await happen(ledger, "both")
        assert await send(ledger, pump, number) == 1
        clock.by = timedelta(hours=25)
        await happen(ledger, "new alone")
        assert await send(ledger, pump, number) == 1
    both, alone = receiver.heard
    both.verify(old)
    both.verify(new)
    assert len(both.headers["webhook-signature"].split()) == 2
    assert len(alone.headers["webhook-signature"].split()) == 1


async def test_what_fails_is_tried_again_less_and_less_then_given_up(
    ledger: Ground,
) -> None:
    """And sent again by hand, since somebody has mended the receiver."""
    clock, statuses = Later(), [500] * 10
    pump = pump_of(ledger, clock)

    async def answer(_heard: Heard) -> int:
        return statuses.pop() if statuses else 200

    async with receiving(answer) as receiver:
        number, _ = await endpoint(ledger, receiver.url)
        await happen(ledger, "spring")
        waits = []
        for tries in range(1, 11):
            assert await send(ledger, pump, number) == 1
            assert await send(ledger, pump, number) == 0, "not before it is due"
            [one] = await deliveries(ledger, number)
            assert (one.tries, one.status) == (tries, 500)
            if one.state is DeliveryState.WAITING:
                waits.append(one.next_at - one.changed_at)
                clock.by += waits[-1]
        assert one.state is DeliveryState.DEAD
        steps = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
        for wait, step in zip(waits, steps, strict=True):
            assert step - 1 <= wait.total_seconds() <= 1.2 * step + 1
        clock.by += timedelta(days=9)
        assert await send(ledger, pump, number) == 0
        now = utc_datetime(clock.now_ms())
        async with ledger.engine.begin() as conn:
            await webhooks.retry_delivery(conn, one.delivery_id, OPERATOR, now=now)
        assert await send(ledger, pump, number) == 1
        with pytest.raises(Conflict, match="was delivered"):
            async with ledger.engine.begin() as conn:
                await webhooks.retry_delivery(conn, one.delivery_id, OPERATOR, now=now)
    assert len({heard.body for heard in receiver.heard}) == 1
    [done] = await deliveries(ledger, number)
    assert (done.state, done.tries) == (DeliveryState.DELIVERED, 1)


async def test_events_of_one_subject_wait_for_each_other_and_others_do_not(
    ledger: Ground,
) -> None:
    clock, is_down = Later(), True
    pump = pump_of(ledger, clock)

    async def answer(heard: Heard) -> int:
        return 503 if is_down and subject_of(heard) == "a" else 200

    async with receiving(answer) as receiver:
        number, _ = await endpoint(ledger, receiver.url)
        await happen(ledger, "a", "b", "a", "b", "a")
        for _ in range(4):
            await send(ledger, pump, number)
        # Whichever subject was sent first.
        assert sorted(subject_of(heard) for heard in receiver.heard) == [*"abb"]
        is_down = False
        clock.by = timedelta(seconds=7)
        for _ in range(4):
            await send(ledger, pump, number)
    told = [heard.event_id for heard in receiver.heard if subject_of(heard) == "a"]
    assert told[0] == told[1]
    assert told[1:] == sorted(set(told))
    assert len(receiver.heard) == 6


async def test_an_endpoint_that_hangs_or_is_down_harms_no_other(ledger: Ground) -> None:
    async def hang(_heard: Heard) -> int:
        await asyncio.sleep(3_600)
        return 200

    async with receiving() as sound, receiving(hang) as hung:
        await endpoint(ledger, hung.url)
        await endpoint(ledger, "http://127.0.0.1:9/nobody")
        await endpoint(ledger, sound.url)
        await happen(ledger, *(str(n) for n in range(60)))
        async with pumping(pump_of(ledger)):
            await hung.hears(1)
            await sound.hears(60, within_s=8)


async def test_two_pumps_send_nothing_twice_and_a_dead_ones_work_is_taken_up(
    ledger: Ground,
) -> None:
    async with receiving() as receiver:
        number, _ = await endpoint(ledger, receiver.url)
        subjects = [str(n % 50) for n in range(300)]
        await happen(ledger, *subjects)
        # One that dies after it took some, before it sent them.
        await pump_of(ledger).give_out()
        now = utc_datetime(CLOCK.now_ms())
        async with ledger.engine.begin() as conn:
            lost = await take_due(
                conn, number, now=now, until=now + TAKEN_FOR, limit=10
            )
        async with pumping(pump_of(ledger), pump_of(ledger)):
            await receiver.hears(240)
            await asyncio.sleep(1)
        assert len(receiver.heard) == 240, "six of each subject but the ten"
        late = Later(TAKEN_FOR + timedelta(seconds=1))
        async with pumping(pump_of(ledger, late), pump_of(ledger, late)):
            await receiver.hears(300)
            await asyncio.sleep(1)
    told = [heard.event_id for heard in receiver.heard]
    assert len(told) == len(set(told)) == 300
    assert {each.event_id for each in lost} <= set(told[240:])
    for subject in set(subjects):
        ids = [h.event_id for h in receiver.heard if subject_of(h) == subject]
        assert ids == sorted(ids)


async def test_nothing_is_followed_and_no_private_network_is_entered(
    ledger: Ground,
) -> None:
    async with receiving() as inside:

        async def lead_away(_heard: Heard) -> str:
            return inside.url

        async with receiving(lead_away) as receiver:
            number, _ = await endpoint(ledger, receiver.url)
            await happen(ledger, "spring")
            assert await send(ledger, pump_of(ledger), number) == 1
            # The same endpoint, once its network is not named any more.
            narrow = WebhookPump(
                ledger.engine,
                Later(timedelta(hours=1)),
                BOX,
                TELLERS,
                Reach(Networks()),
            )
            async with pumping(narrow):
                await asyncio.sleep(1)
    assert (len(receiver.heard), inside.heard) == (1, [])
    [one] = await deliveries(ledger, number)
    assert (one.state, one.tries) == (DeliveryState.WAITING, 2)
    assert one.fault == "127.0.0.1 leads to 127.0.0.1, a private network"


async def test_a_url_is_judged_by_where_its_name_leads() -> None:
    for url in ("http://localhost/", "https://localhost:8443/x", "https://[::1]/"):
        with pytest.raises(InvalidInput) as refused:
            await webhooks.check_url(url, Reach(Networks()))
        assert refused.value.errors[0].code == "private_address"
    await webhooks.check_url("http://127.0.0.1:9/", HERE)
    for url in ("ftp://x.cn/", "https://", "https://a:b@x.cn/", "https://x.cn/#y"):
        with pytest.raises(InvalidInput) as refused:
            await webhooks.check_url(url, HERE)
        assert refused.value.errors[0].code == "invalid"


async def test_an_endpoint_that_ended_is_told_no_more(ledger: Ground) -> None:
    async with receiving() as receiver:
        number, _ = await endpoint(ledger, receiver.url)
        await happen(ledger, "one")
        async with pumping(pump_of(ledger)):
            await receiver.hears(1)
            async with ledger.engine.begin() as conn:
                now = utc_datetime(CLOCK.now_ms())
                await webhooks.end_endpoint(conn, number, OPERATOR, now=now)
            await happen(ledger, "two")
            await asyncio.sleep(1)
        assert len(receiver.heard) == 1
        # Whoever comes anew is not told what happened while nobody listened.
        await endpoint(ledger, receiver.url)
        await happen(ledger, "three")
        async with pumping(pump_of(ledger)):
            await receiver.hears(2)
            await asyncio.sleep(0.5)
    assert [subject_of(heard) for heard in receiver.heard] == ["one", "three"]
