"""Signing in with a staff token, and out again."""

from dataclasses import replace
from typing import Any

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, open_page, staff_page
from core.auth import Role
from core.auth.refusals import Refusal
from core.auth.sessions import end_session, open_session
from core.pages import read_form
from core.pages.guard import local_path

MAX_TOKEN = 200


def _next(target: str | None) -> str:
    """Give a path of the console to go on to."""
    path = local_path(target)
    return path if path == HOME or path.startswith(f"{HOME}/") else HOME


@open_page(HttpMethod.GET, "/sign-in")
async def show_sign_in(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Ask for a staff token."""
    next_path = _next(request.query_params.get("next"))
    if page.visitor is not None:
        return TEMPLATES.redirect(page, next_path)
    return _form(context, page, next_path=next_path, refused=False)


def _form(
    context: ConsoleContext, page: StaffRequest, **values: Any
) -> Response[bytes]:
    status = 401 if values["refused"] else 200
    return render(context, page, "sign_in.html", status=status, **values)


@open_page(HttpMethod.POST, "/sign-in")
async def sign_in(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Trade a token for a session; the token itself is kept nowhere."""
    form = await read_form(request, page, "next", "staff_token")
    next_path, given = _next(form.get("next")), form.get("staff_token", "").strip()
    async with context.engine.begin() as conn:
        opened = await open_session(
            conn, given[:MAX_TOKEN], address=page.address, now=context.now
        )
    if isinstance(opened, Refusal):
        context.refusals.note(replace(opened, route=f"POST {HOME}/sign-in"))
        return _form(context, page, next_path=next_path, refused=True)
    page.keep_session(opened[0])
    return TEMPLATES.redirect(page, next_path)


@staff_page(HttpMethod.POST, "/sign-out", *Role)
async def sign_out(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """End the session."""
    await read_form(request, page)
    assert page.session is not None
    async with context.engine.begin() as conn:
        await end_session(conn, page.session, page.staff, now=context.now)
    page.end_session()
    return TEMPLATES.redirect(page, f"{HOME}/sign-in")
