"""Endpoints of webhooks: made, given new secrets, ended, and looked at by admins."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpcore
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Staff
from core.auth.audit import record_action
from core.errors import Conflict, InvalidInput, NotFound
from core.event_types import EventType
from core.ids import random_bytes
from core.secret_box import SecretBox
from events.domain.messages import message
from events.domain.webhooks import (
    BOTH_SECRETS,
    Delivery,
    DeliveryState,
    Endpoint,
    Reach,
    parse_delivery_id,
    read_target,
)
from events.pipeline.connecting import RefusedAddress, look_up
from events.store import webhooks as store

_SECRET_BYTES: Final = 32
DELIVERED_KEPT: Final = timedelta(days=3)
DEAD_KEPT: Final = timedelta(days=30)
_FORGOTTEN_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class WebhookTerms:
    """What the installation says of webhooks: how far they reach, and who signs.

    The key's file is read only by who makes or changes an endpoint.
    """

    reach: Reach
    open_box: Callable[[], SecretBox]


async def check_url(url: str, reach: Reach) -> None:
    """Raise InvalidInput for a url that leads where we would not send anything."""
    target = read_target(url)
    if target is None:
        raise InvalidInput.field("/url", "invalid", message("not_an_endpoint_url"))
    try:
        await look_up(target.host, target.port, reach, is_encrypted=target.is_encrypted)
    except RefusedAddress:
        raise InvalidInput.field(
            "/url",
            "private_address",
            message(
                "private_address" if target.is_encrypted else "not_encrypted",
                host=target.host,
            ),
        ) from None
    except httpcore.ConnectError:
        raise InvalidInput.field(
            "/url", "unknown_host", message("unknown_host", host=target.host)
        ) from None


def check_types(types: Sequence[str]) -> None:
    """Raise InvalidInput for a type of events that there is not."""
    known = {each.value for each in EventType}
    for place, given in enumerate(types):
        if given not in known:
            raise InvalidInput.field(
                f"/types/{place}",
                "unknown_type",
                message("unknown_type", type=given, types=", ".join(sorted(known))),
            )


async def add_endpoint(
    conn: AsyncConnection,
    box: SecretBox,
    *,
    url: str,
    types: Sequence[str],
    staff: Staff,
    now: datetime,
) -> int:
    """Add an endpoint, which is told of what happens from now on; gives its id."""
    endpoint_id = await store.next_endpoint_id(conn)
    await store.insert_endpoint(
        conn,
        endpoint_id,
        url=url,
        types=sorted(set(types)),
        secret=box.wrap(random_bytes(_SECRET_BYTES), _owner(endpoint_id)),
        person=staff.person,
    )
    await _record(conn, staff, "add", endpoint_id, now, url=url)
    return endpoint_id


async def rotate_secret(
    conn: AsyncConnection,
    box: SecretBox,
    endpoint_id: int,
    staff: Staff,
    *,
    now: datetime,
) -> datetime:
    """Give an endpoint a new secret; tells until when the old one signs as well."""
    await _get_live(conn, endpoint_id)
    until = now + BOTH_SECRETS
    secret = box.wrap(random_bytes(_SECRET_BYTES), _owner(endpoint_id))
    await store.replace_secret(conn, endpoint_id, secret, old_until=until)
    await _record(conn, staff, "rotate", endpoint_id, now)
    return until


async def end_endpoint(
    conn: AsyncConnection, endpoint_id: int, staff: Staff, *, now: datetime
) -> None:
    """Tell an endpoint no more; what waits for it is not sent."""
    await _get_live(conn, endpoint_id)
    await store.end_endpoint(conn, endpoint_id, now=now)
    await _record(conn, staff, "end", endpoint_id, now)


async def tell_secret(
    conn: AsyncConnection, box: SecretBox, endpoint_id: int, *, now: datetime
) -> str:
    """Tell the newest secret as Standard Webhooks writes it."""
    return (await load_secrets(conn, box, endpoint_id, now=now))[0]


async def load_secrets(
    conn: AsyncConnection, box: SecretBox, endpoint_id: int, *, now: datetime
) -> list[str]:
    """Open the secrets to sign with, the newest first."""
    closed = await store.load_secrets(conn, endpoint_id, now=now)
    opened = (box.unwrap(each, _owner(endpoint_id)) for each in closed)
    return [f"whsec_{b64encode(each).decode()}" for each in opened]


async def list_endpoints(conn: AsyncConnection) -> list[Endpoint]:
    """List all endpoints, newest first."""
    return await store.list_endpoints(conn)


async def get_endpoint(conn: AsyncConnection, endpoint_id: int) -> Endpoint:
    """Find an endpoint; raises NotFound."""
    found = await store.lock_endpoint(conn, endpoint_id)
    if found is None:
        raise NotFound(message("no_endpoint", endpoint_id=endpoint_id))
    return found


async def list_deliveries(
    conn: AsyncConnection,
    endpoint_id: int,
    *,
    state: DeliveryState | None = None,
    before: str | None = None,
    limit: int,
) -> list[Delivery]:
    """List what went, goes and did not go to an endpoint; raises NotFound."""
    await get_endpoint(conn, endpoint_id)
    return await store.list_deliveries(
        conn, endpoint_id, state=state, before=before, limit=limit
    )


async def retry_delivery(
    conn: AsyncConnection, delivery_id: str, staff: Staff, *, now: datetime
) -> None:
    """Send something again now, with all its tries before it.

    Raises NotFound, and Conflict for what was delivered or whose endpoint has ended.
    """
    named = parse_delivery_id(delivery_id)
    if named is None:
        raise NotFound(message("no_delivery", delivery_id=delivery_id[:64]))
    endpoint_id, event_id = named
    state = await store.try_again(conn, endpoint_id, event_id, now=now)
    if state is None:
        raise NotFound(message("no_delivery", delivery_id=delivery_id))
    if state is DeliveryState.DELIVERED:
        raise Conflict(message("was_delivered"), code="illegal_state")
    await _get_live(conn, endpoint_id)
    await _record(conn, staff, "retry", endpoint_id, now, event_id=event_id)


async def forget_deliveries(conn: AsyncConnection, *, now: datetime) -> int:
    """Forget some deliveries past their keeping; tells how many, 0 when none is."""
    return await store.forget_deliveries(
        conn,
        before=now - DELIVERED_KEPT,
        dead_before=now - DEAD_KEPT,
        rows=_FORGOTTEN_AT_ONCE,
    )


async def _get_live(conn: AsyncConnection, endpoint_id: int) -> Endpoint:
    found = await get_endpoint(conn, endpoint_id)
    if found.ended_at is not None:
        raise Conflict(
            message("endpoint_ended", endpoint_id=endpoint_id), code="illegal_state"
        )
    return found


async def _record(
    conn: AsyncConnection,
    staff: Staff,
    action: str,
    endpoint_id: int,
    now: datetime,
    **detail: str,
) -> None:
    await record_action(
        conn,
        staff,
        action=f"webhook.{action}",
        subject=f"webhook:{endpoint_id}",
        detail=detail,
        now=now,
    )


def _owner(endpoint_id: int) -> str:
    """Name whose a closed secret is, so that no other's row can hold it."""
    return f"webhook endpoint {endpoint_id}"
