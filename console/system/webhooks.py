"""Webhooks: who is told of events, how that went, and sending again."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.event_types import EventType
from core.pages import read_form
from events.domain.webhooks import DeliveryState
from events.pipeline import webhooks

_SHOWN: Final = 50
_PLACE: Final = f"{HOME}/webhooks"


@staff_page(HttpMethod.GET, "/webhooks", Role.ADMIN)
async def show_webhooks(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """List the endpoints, and offer to add one."""
    async with context.engine.connect() as conn:
        found = await webhooks.list_endpoints(conn)
    types = [each.value for each in EventType]
    return render(context, page, "webhooks.html", found=found, types=types)


@staff_page(HttpMethod.POST, "/webhooks/add", Role.ADMIN)
async def add_webhook(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add an endpoint, and show its secret."""
    names = {f"type_{each.value}": each.value for each in EventType}
    form = await read_form(request, page, "url", *names)
    url = form.get("url", "").strip()
    types = [value for name, value in names.items() if form.get(name)] or [""]
    webhooks.check_types(types)
    await webhooks.check_url(url, context.webhooks.reach)
    async with context.engine.begin() as conn:
        endpoint_id = await webhooks.add_endpoint(
            conn,
            context.webhooks.open_box(),
            url=url,
            types=types,
            staff=page.staff,
            now=context.now,
        )
    return await _show_secret(context, page, endpoint_id)


@staff_page(HttpMethod.POST, "/webhooks/{endpoint_id:int}/rotate", Role.ADMIN)
async def rotate_webhook(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Give an endpoint a new secret, and show it."""
    await read_form(request, page)
    endpoint_id = request.path_params["endpoint_id"]
    box = context.webhooks.open_box()
    async with context.engine.begin() as conn:
        await webhooks.rotate_secret(
            conn, box, endpoint_id, page.staff, now=context.now
        )
    return await _show_secret(context, page, endpoint_id)


async def _show_secret(
    context: ConsoleContext, page: StaffRequest, endpoint_id: int
) -> Response[Any]:
    async with context.engine.connect() as conn:
        secret = await webhooks.tell_secret(
            conn, context.webhooks.open_box(), endpoint_id, now=context.now
        )
    return render(
        context, page, "webhook_secret.html", endpoint_id=endpoint_id, secret=secret
    )


@staff_page(HttpMethod.POST, "/webhooks/{endpoint_id:int}/end", Role.ADMIN)
async def end_webhook(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Tell an endpoint no more."""
    await read_form(request, page)
    endpoint_id = request.path_params["endpoint_id"]
    async with context.engine.begin() as conn:
        await webhooks.end_endpoint(conn, endpoint_id, page.staff, now=context.now)
    return TEMPLATES.redirect(page, _PLACE)


@staff_page(HttpMethod.GET, "/webhooks/{endpoint_id:int}", Role.ADMIN)
async def show_webhook(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what was sent to an endpoint, waits or was given up."""
    endpoint_id = request.path_params["endpoint_id"]
    asked = request.query_params
    states = {each.value: each for each in DeliveryState}
    state = states.get(asked.get("state", ""))
    async with context.engine.connect() as conn:
        endpoint = await webhooks.get_endpoint(conn, endpoint_id)
        found = await webhooks.list_deliveries(
            conn,
            endpoint_id,
            state=state,
            before=asked.get("before") or None,
            limit=_SHOWN,
        )
    return render(
        context,
        page,
        "webhook.html",
        endpoint=endpoint,
        found=found,
        states=list(states),
        state=None if state is None else state.value,
        more=found[-1].event_id if len(found) == _SHOWN else None,
    )


@staff_page(
    HttpMethod.POST, "/webhooks/{endpoint_id:int}/deliveries/{event:str}", Role.ADMIN
)
async def retry_webhook(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Send something again now."""
    await read_form(request, page)
    endpoint_id = request.path_params["endpoint_id"]
    delivery_id = f"{endpoint_id}-{request.path_params['event']}"
    async with context.engine.begin() as conn:
        await webhooks.retry_delivery(conn, delivery_id, page.staff, now=context.now)
    return TEMPLATES.redirect(page, f"{_PLACE}/{endpoint_id}")
