"""The way into every room: who is it, may they, and what if something goes wrong."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

import structlog
from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation
from litestar.types import Empty

from console.desk import ConsoleDesk
from console.rendering import HOME, TEMPLATES, render
from console.visits import StaffVisit, recognise
from core.auth import Role, require_role
from core.auth.refusals import REFUSED, Refusal
from core.bodies import check_names
from core.bounds import check_path
from core.db import DATABASE_AWAY
from core.doors import fault_of
from core.errors import Fault, Forbidden, database_away

log = structlog.get_logger(room=__name__)

SIGN_IN = f"{HOME}/sign-in"
AnyRequest = Request[Any, Any, Any]
# The framework would take the desk apart field by field, to no end.
Desk = SkipValidation[ConsoleDesk]
Work = Callable[[AnyRequest, ConsoleDesk, StaffVisit], Awaitable[Response[Any]]]
MakeHandler = Callable[[Work], HTTPRouteHandler]
# The paths of rooms that are looked at; others only take forms.
_PAGES: Final[set[str]] = set()


def room(
    method: HttpMethod, path: str, *roles: Role, max_bytes: int | None = None
) -> MakeHandler:
    """Make a room of some work, for staff with one of these roles.

    `path` is below /console. `max_bytes` limits the body where a form is no small one.
    """

    async def guarded(
        work: Work, request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
    ) -> Response[Any]:
        if visit.visitor is not None:
            require_role(visit.visitor, *roles)
            async with desk.guesses.counting(visit.visitor):
                return await work(request, desk, visit)
        if request.method == HttpMethod.POST:
            raise Forbidden("You are signed out.", code="signed_out")
        return TEMPLATES.redirect(
            visit, f"{SIGN_IN}?next={quote(visit.path, safe='/')}"
        )

    return _handler(method, path, guarded, max_bytes)


def open_room(method: HttpMethod, path: str) -> MakeHandler:
    """Make a room that nobody needs to be signed in for."""

    async def unguarded(
        work: Work, request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
    ) -> Response[Any]:
        return await work(request, desk, visit)

    return _handler(method, path, unguarded, None)


def _handler(
    method: HttpMethod,
    path: str,
    enter: Callable[
        [Work, AnyRequest, ConsoleDesk, StaffVisit], Awaitable[Response[Any]]
    ],
    max_bytes: int | None,
) -> MakeHandler:
    if method == HttpMethod.GET:
        _PAGES.add(path)

    def make(work: Work) -> HTTPRouteHandler:
        async def answer(request: AnyRequest, console: Desk) -> Response[Any]:
            visit = StaffVisit.of(request, console.settings)
            visit.switch = _switch_of(request, visit, path)
            try:
                await recognise(request, console, visit)
                check_path(request.path_params.values())
                check_names(request.query_params.multi_items(), None)
                return await enter(work, request, console, visit)
            except Fault as fault:
                if visit.visitor is not None and fault.status in REFUSED:
                    place = f"{request.method} {HOME}{path}"
                    console.refusals.note(
                        Refusal.of(visit.visitor, reason=fault.code, route=place)
                    )
                return show_fault(console, visit, fault)
            except HTTPException as raised:
                return show_fault(console, visit, fault_of(request, raised))
            except DATABASE_AWAY as fault:
                log.warning("database_away", cause=fault)
                return show_fault(console, visit, database_away())
            except Exception as fault:
                log.exception("console_failed", cause=fault)
                return show_fault(
                    console, visit, Fault("Something went wrong on our side.")
                )

        return route(
            HOME + path,
            http_method=method,
            include_in_schema=False,
            request_max_body_size=Empty if max_bytes is None else max_bytes,
        )(answer)

    return make


def _switch_of(request: AnyRequest, visit: StaffVisit, path: str) -> str:
    """Lead to this page in the other language; after a form, to where that stood.

    That is the form's own address, or the nearest above it that is a page: nothing is
    sent again for a word.
    """
    if request.method == HttpMethod.GET:
        asked = {**request.query_params, "lang": visit.other_language}
        return f"{visit.path}?{urlencode(asked)}"
    page = visit.path
    while path not in _PAGES:
        path, page = path.rpartition("/")[0], page.rpartition("/")[0]
    return f"{page}?{urlencode({'lang': visit.other_language})}"


def show_fault(
    desk: ConsoleDesk,
    visit: StaffVisit,
    fault: Fault,
    *,
    file_name: str = "",
    back: str = "",
) -> Response[Any]:
    """Tell what went wrong as a page, with what to do about it.

    `back` leads to the form that it went wrong with, perhaps with a file of that name.
    """
    return render(
        desk,
        visit,
        "fault.html",
        status=fault.status,
        headers=fault.headers,
        fault=fault,
        file_name=file_name,
        back=back,
    )
