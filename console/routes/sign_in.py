"""Signing in with a staff token, and out again."""

from dataclasses import replace
from typing import Any

from litestar import Response
from litestar.enums import HttpMethod

from console.answering import AnyRequest, open_room, room
from console.desk import ConsoleDesk
from console.rendering import HOME, TEMPLATES, render
from console.visits import StaffVisit
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


@open_room(HttpMethod.GET, "/sign-in")
async def show_sign_in(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Ask for a staff token."""
    next_path = _next(request.query_params.get("next"))
    if visit.visitor is not None:
        return TEMPLATES.redirect(visit, next_path)
    return _form(desk, visit, next_path=next_path, refused=False)


def _form(desk: ConsoleDesk, visit: StaffVisit, **values: Any) -> Response[bytes]:
    status = 401 if values["refused"] else 200
    return render(desk, visit, "sign_in.html", status=status, **values)


@open_room(HttpMethod.POST, "/sign-in")
async def sign_in(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Trade a token for a session; the token itself is kept nowhere."""
    form = await read_form(request, visit, "next", "staff_token")
    next_path, given = _next(form.get("next")), form.get("staff_token", "").strip()
    async with desk.engine.begin() as conn:
        opened = await open_session(
            conn, given[:MAX_TOKEN], address=visit.address, now=desk.now
        )
    if isinstance(opened, Refusal):
        desk.refusals.note(replace(opened, route=f"POST {HOME}/sign-in"))
        return _form(desk, visit, next_path=next_path, refused=True)
    visit.keep_session(opened[0])
    return TEMPLATES.redirect(visit, next_path)


@room(HttpMethod.POST, "/sign-out", *Role)
async def sign_out(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """End the session."""
    await read_form(request, visit)
    assert visit.session is not None
    async with desk.engine.begin() as conn:
        await end_session(conn, visit.session, visit.staff, now=desk.now)
    visit.end_session()
    return TEMPLATES.redirect(visit, f"{HOME}/sign-in")
