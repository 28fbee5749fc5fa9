"""How each route of the page answers: it does its work, and tells faults to people."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request, Response
from litestar.enums import HttpMethod
from litestar.params import SkipValidation

from core.doors import fault_behind
from core.errors import Fault
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest, read_request
from scan_api.page.rendering import render, word_wait
from scan_api.pipeline.fakes import TooManyReports
from scan_api.pipeline.guess_throttle import TooManyGuesses, WrongGuess

AnyRequest = Request[Any, Any, Any]
# The framework would take the context apart field by field, to no end.
Context = SkipValidation[PageContext]
Work = Callable[[AnyRequest, PageContext, MemberRequest], Awaitable[Response[bytes]]]

LOOK: Final = [HttpMethod.GET, HttpMethod.HEAD]
# What stands behind the prefix is read as a printed link, also with qualifiers.
CODE_PATHS: Final = ["/C/{rest:path}", "/c/{rest:path}"]
SERVER_FAULT: Final = 500
_NOTICES_OF: Final[dict[type[Fault], str]] = {
    WrongGuess: "notice_wrong",
    TooManyGuesses: "notice_429",
    TooManyReports: "notice_reports",
}
_NOTICES: Final = {
    403: "notice_403",
    404: "notice_404",
    # To a person, an address that takes no such request is an address that leads
    # nowhere.
    405: "notice_404",
    # Too much of anything but guesses and reports.
    429: "notice_503",
    503: "notice_503",
}
# Programs ask here, whatever they say that they accept.
_FOR_PROGRAMS: Final = ("/v1/", "/schema", "/.well-known/", "/health/", "/metrics")


async def answer(
    request: AnyRequest, context: PageContext, work: Work
) -> Response[bytes]:
    """Do the work; whatever goes wrong is told as a page, for people."""
    page = read_request(request, context)
    try:
        return await work(request, context, page)
    except Exception as raised:  # noqa: BLE001 - told to people, and logged there
        return _show_fault(context, page, fault_behind(request, raised))


def asks_for_page(path: str, accept: str) -> bool:
    """Tell a person's browser from a program, which reads problems as JSON."""
    return "text/html" in accept and not path.startswith(_FOR_PROGRAMS)


def show_refusal(
    request: AnyRequest, context: PageContext, status: int, headers: dict[str, str]
) -> Response[bytes]:
    """Tell as a page what no route of it took, an unknown address for example."""
    page, notice = read_request(request, context), _notice_of_status(status)
    return render(
        context, page, "notice.html", status=status, headers=headers, notice=notice
    )


def notice_of(fault: Fault) -> str:
    """Name the notice that tells people of a fault: by its kind, or by its status."""
    kinds = (each for each in _NOTICES_OF if isinstance(fault, each))
    kind = next(kinds, None)
    return _NOTICES_OF[kind] if kind else _notice_of_status(fault.status)


def _notice_of_status(status: int) -> str:
    other = "notice_500" if status >= SERVER_FAULT else "notice_400"
    return _NOTICES.get(status, other)


def _show_fault(
    context: PageContext, page: MemberRequest, fault: Fault
) -> Response[bytes]:
    notice = notice_of(fault)
    said = "wrong" if isinstance(fault, WrongGuess) else "wait"
    return render(
        context,
        page,
        "notice.html",
        status=fault.status,
        headers=fault.headers,
        notice=notice,
        wait=word_wait(
            page.language,
            context.settings.timezone,
            said,
            fault.retry_after_s or 0,
            now_ms=context.clock.now_ms(),
        ),
    )
