"""HTTP of webhooks: who is told of events, and how each telling went."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, cast

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import QueryParameter, SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import Principal, require_role
from core.auth.requests import Once
from core.bounds import MAX_PAGE, Body
from core.clock import Clock, utc_datetime
from core.doors import GUARDS
from core.secret_box import SecretBox
from events.domain.webhooks import LONGEST_URL, Delivery, DeliveryState
from events.pipeline import webhooks as pipeline
from events.pipeline.webhooks import WebhookTerms

Types = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=64)], ...],
    msgspec.Meta(min_length=1, max_length=100, examples=[["scan.rewarded"]]),
]
Url = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=LONGEST_URL, examples=["https://shop.example/hooks"]
    ),
]
# The framework keeps the name `state` for itself.
StateQuery = Annotated[DeliveryState | None, QueryParameter(name="state")]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)]
EventCursor = Annotated[str | None, QueryParameter(max_length=32)]


class NewEndpoint(Body, frozen=True, kw_only=True):
    """Where to send events, and of which types."""

    judged_later: ClassVar = frozenset({"url", "types"})

    url: Url
    types: Types


class EndpointSecret(msgspec.Struct, frozen=True):
    """An endpoint's secret, which is shown now and never again."""

    endpoint_id: int
    secret: str


class EndpointView(msgspec.Struct, frozen=True):
    """Somebody who is told of events."""

    endpoint_id: int
    url: str
    types: tuple[str, ...]
    created_by: str
    created_at: datetime
    ended_at: datetime | None


class EndpointList(msgspec.Struct, frozen=True):
    """All endpoints, newest first."""

    items: list[EndpointView]


class EndpointState(msgspec.Struct, frozen=True):
    """An endpoint that was changed."""

    endpoint_id: int
    state: str


class DeliveryView(msgspec.Struct, frozen=True):
    """An event on its way; `status` and `fault` are of its last try."""

    delivery_id: str
    event_id: str
    type: str
    state: DeliveryState
    tries: int
    next_at: datetime | None
    changed_at: datetime
    status: int | None
    fault: str | None


class DeliveryList(msgspec.Struct, frozen=True):
    """Deliveries, the newest events first."""

    items: list[DeliveryView]
    next_cursor: str | None


class RetryView(msgspec.Struct, frozen=True):
    """A delivery that is sent again."""

    delivery_id: str
    state: DeliveryState


@post("/v1/webhook-endpoints", summary="Add an endpoint", tags=["webhooks"])
async def add_endpoint(
    request: Request[Any, Any, Any],
    data: NewEndpoint,
    principal: Principal,
    once: Once,
    clock: Clock,
    engine: AsyncEngine,
    terms: SkipValidation[WebhookTerms],
) -> Response[EndpointSecret]:
    """Tell a url of what happens from now on. Its secret is in this answer alone."""
    staff = require_role(principal)
    pipeline.check_types(data.types)
    await pipeline.check_url(data.url, terms.reach)
    box, now = terms.open_box(), utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> EndpointSecret:
        endpoint_id = await pipeline.add_endpoint(
            conn, box, url=data.url, types=data.types, staff=staff, now=now
        )
        return EndpointSecret(endpoint_id, "")

    answer = await once.perform(request, staff, effect)
    return await _with_secret(answer, engine, box, now)


def _written(answer: Response[EndpointSecret]) -> bytes:
    """Give what `once` has written: its type says what it is in JSON."""
    return cast("bytes", answer.content)


async def _with_secret(
    answer: Response[EndpointSecret],
    engine: AsyncEngine,
    box: SecretBox,
    now: datetime,
) -> Response[EndpointSecret]:
    """Put the secret into an answer, also a replayed one: no secret is recorded."""
    recorded = msgspec.json.decode(_written(answer), type=EndpointSecret)
    async with engine.connect() as conn:
        secret = await pipeline.tell_secret(conn, box, recorded.endpoint_id, now=now)
    told = msgspec.structs.replace(recorded, secret=secret)
    return Response(told, status_code=answer.status_code, headers=answer.headers)


@get("/v1/webhook-endpoints", summary="List endpoints", tags=["webhooks"])
async def list_endpoints(principal: Principal, engine: AsyncEngine) -> EndpointList:
    """List all endpoints, newest first."""
    require_role(principal)
    async with engine.connect() as conn:
        found = await pipeline.list_endpoints(conn)
    return EndpointList(
        [
            EndpointView(
                *(e.endpoint_id, e.url, tuple(e.types)),
                *(e.created_by, e.created_at, e.ended_at),
            )
            for e in found
        ]
    )


@post(
    "/v1/webhook-endpoints/{endpoint_id:int}/secret-rotations",
    summary="Give an endpoint a new secret",
    tags=["webhooks"],
)
async def rotate_secret(
    request: Request[Any, Any, Any],
    endpoint_id: int,
    principal: Principal,
    once: Once,
    clock: Clock,
    engine: AsyncEngine,
    terms: SkipValidation[WebhookTerms],
) -> Response[EndpointSecret]:
    """Sign with a new secret, and for 24 hours with the old one too."""
    staff = require_role(principal)
    box, now = terms.open_box(), utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> EndpointSecret:
        await pipeline.rotate_secret(conn, box, endpoint_id, staff, now=now)
        return EndpointSecret(endpoint_id, "")

    answer = await once.perform(request, staff, effect)
    return await _with_secret(answer, engine, box, now)


@post(
    "/v1/webhook-endpoints/{endpoint_id:int}/ends",
    summary="End an endpoint",
    tags=["webhooks"],
)
async def end_endpoint(
    request: Request[Any, Any, Any],
    endpoint_id: int,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[EndpointState]:
    """Tell an endpoint no more; what waits for it is not sent."""
    staff = require_role(principal)

    async def effect(conn: AsyncConnection) -> EndpointState:
        now = utc_datetime(clock.now_ms())
        await pipeline.end_endpoint(conn, endpoint_id, staff, now=now)
        return EndpointState(endpoint_id, "ended")

    return await once.perform(request, staff, effect)


@get(
    "/v1/webhook-endpoints/{endpoint_id:int}/deliveries",
    summary="List deliveries",
    tags=["webhooks"],
)
async def list_deliveries(
    endpoint_id: int,
    principal: Principal,
    engine: AsyncEngine,
    with_state: StateQuery = None,
    cursor: EventCursor = None,
    limit: Limit = 50,
) -> DeliveryList:
    """List what was sent to an endpoint, waits or died, the newest events first."""
    require_role(principal)
    async with engine.connect() as conn:
        found = await pipeline.list_deliveries(
            conn, endpoint_id, state=with_state, before=cursor, limit=limit
        )
    more = found[-1].event_id if len(found) == limit else None
    return DeliveryList([_view(each) for each in found], more)


def _view(d: Delivery) -> DeliveryView:
    waits = d.state is DeliveryState.WAITING
    return DeliveryView(
        *(d.delivery_id, d.event_id, d.type, d.state, d.tries),
        *(d.next_at if waits else None, d.changed_at, d.status, d.fault),
    )


@post(
    "/v1/deliveries/{delivery_id:str}/retries",
    summary="Send again",
    tags=["webhooks"],
)
async def retry_delivery(
    request: Request[Any, Any, Any],
    delivery_id: str,
    principal: Principal,
    once: Once,
    clock: Clock,
) -> Response[RetryView]:
    """Send what waits or is dead again, now and with all its tries before it."""
    staff = require_role(principal)

    async def effect(conn: AsyncConnection) -> RetryView:
        now = utc_datetime(clock.now_ms())
        await pipeline.retry_delivery(conn, delivery_id, staff, now=now)
        return RetryView(delivery_id, DeliveryState.WAITING)

    return await once.perform(request, staff, effect)


ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
        add_endpoint,
        list_endpoints,
        rotate_secret,
        end_endpoint,
        list_deliveries,
        retry_delivery,
    ],
)
