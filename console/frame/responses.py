"""The way into every page: who is it, may they, and what if something goes wrong."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

from litestar import Request, Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.params import SkipValidation
from litestar.types import Empty

from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest, recognise
from console.frame.rendering import TEMPLATES, render
from core.auth import Role, require_role
from core.auth.refusals import REFUSED, Refusal
from core.bodies import check_names
from core.bounds import check_path
from core.doors import fault_behind
from core.errors import Fault, Forbidden

SIGN_IN = f"{HOME}/sign-in"
AnyRequest = Request[Any, Any, Any]
# The framework would take the context apart field by field, to no end.
Context = SkipValidation[ConsoleContext]
Work = Callable[[AnyRequest, ConsoleContext, StaffRequest], Awaitable[Response[Any]]]
MakeHandler = Callable[[Work], HTTPRouteHandler]
# The paths of pages that are looked at; others only take forms.
_PAGES: Final[set[str]] = set()


def staff_page(
    method: HttpMethod, path: str, *roles: Role, max_bytes: int | None = None
) -> MakeHandler:
    """Make a page of some work, for staff with one of these roles.

    `path` is below /console. `max_bytes` limits the body where a form is no small one.
    """

    async def guarded(
        work: Work, request: AnyRequest, context: ConsoleContext, page: StaffRequest
    ) -> Response[Any]:
        if page.visitor is not None:
            require_role(page.visitor, *roles)
            async with context.guesses.counting(page.visitor):
                return await work(request, context, page)
        if request.method == HttpMethod.POST:
            raise Forbidden(message("signed_out"), code="signed_out")
        return TEMPLATES.redirect(page, f"{SIGN_IN}?next={quote(page.path, safe='/')}")

    return _handler(method, path, guarded, max_bytes)


def open_page(method: HttpMethod, path: str) -> MakeHandler:
    """Make a page that nobody needs to be signed in for."""

    async def unguarded(
        work: Work, request: AnyRequest, context: ConsoleContext, page: StaffRequest
    ) -> Response[Any]:
        return await work(request, context, page)

    return _handler(method, path, unguarded, None)


def _handler(
    method: HttpMethod,
    path: str,
    enter: Callable[
        [Work, AnyRequest, ConsoleContext, StaffRequest], Awaitable[Response[Any]]
    ],
    max_bytes: int | None,
) -> MakeHandler:
    if method == HttpMethod.GET:
        _PAGES.add(path)

    def make(work: Work) -> HTTPRouteHandler:
        async def answer(request: AnyRequest, console: Context) -> Response[Any]:
            page = StaffRequest.of(request, console.settings)
            page.switch = _switch_of(request, page, path)
            try:
                await recognise(request, console, page)
                check_path(request.path_params.values())
                check_names(request.query_params.multi_items(), None)
                return await enter(work, request, console, page)
            except Exception as raised:  # noqa: BLE001 - told to people, and logged there
                fault = fault_behind(request, raised)
                if page.visitor is not None and fault.status in REFUSED:
                    place = f"{request.method} {HOME}{path}"
                    console.refusals.note(
                        Refusal.of(page.visitor, reason=fault.code, route=place)
                    )
                above = ""
                if request.method == HttpMethod.POST and page.visitor is not None:
                    above = _page_above(page, path)
                return show_fault(console, page, fault, above=above)

        return route(
            HOME + path,
            http_method=method,
            include_in_schema=False,
            request_max_body_size=Empty if max_bytes is None else max_bytes,
        )(answer)

    return make


def _switch_of(request: AnyRequest, page: StaffRequest, path: str) -> str:
    """Lead to this page in the other language; after a form, to where that stood.

    That is the form's own address, or the nearest above it that is a page: nothing is
    sent again for a word.
    """
    if request.method == HttpMethod.GET:
        asked = {**request.query_params, "lang": page.other_language}
        return f"{page.path}?{urlencode(asked)}"
    return f"{_page_above(page, path)}?{urlencode({'lang': page.other_language})}"


def _page_above(page: StaffRequest, path: str) -> str:
    """Give the page that a form stood on: its own address, or the nearest above it."""
    shown = page.path
    while path not in _PAGES:
        path, shown = path.rpartition("/")[0], shown.rpartition("/")[0]
    return shown


def show_fault(
    context: ConsoleContext,
    page: StaffRequest,
    fault: Fault,
    *,
    file_name: str = "",
    back: str = "",
    above: str = "",
) -> Response[Any]:
    """Tell what went wrong as a page, with what to do about it.

    `back` leads to the form that it went wrong with, perhaps with a file of that name;
    `above` to the page that a form stood on.
    """
    return render(
        context,
        page,
        "fault.html",
        status=fault.status,
        headers=fault.headers,
        fault=fault,
        file_name=file_name,
        back=back,
        above=above,
    )


def attach(page: StaffRequest, content: bytes, name: str) -> Response[bytes]:
    """Give a CSV to keep under a name."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(
        content,
        media_type="text/csv",
        headers=TEMPLATES.headers(page) | headers,
        cookies=page.cookies,
    )
