"""The page over HTTP: looking is a GET and leaves nothing; claiming is a POST."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response, Router, get, post, route
from litestar.enums import HttpMethod
from litestar.exceptions import NotFoundException
from litestar.params import SkipValidation

from codegen.domain.code_text import group, normalise, parse_scanned
from codegen.domain.sealing import open_code
from core.clock import business_day
from core.db import DATABASE_AWAY
from core.errors import (
    Fault,
    NotFound,
    Throttled,
    Unauthenticated,
    Unparsable,
    database_away,
)
from core.pages import read_form
from core.pages.guard import local_path
from rewards.store import load_wallet
from scan_api.answers import Answer
from scan_api.digital_link import DigitalLink, parse_digital_link
from scan_api.domain import View
from scan_api.hot_route import Caller
from scan_api.page import resolver
from scan_api.page.desk import PageDesk
from scan_api.page.faces import (
    Face,
    FaceName,
    face_of_answer,
    face_of_own,
    face_of_view,
    is_own_claim,
)
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.sign_in import SIGN_IN_PATH, SIGN_OUT_PATH, SignInKind, read_name
from scan_api.page.store import find_own_claim
from scan_api.page.verification import is_verification_name, read_verification
from scan_api.page.visits import PageVisit, read_visit
from scan_api.requests import Context, ScanBody

log = structlog.get_logger(room=__name__)

AnyRequest = Request[Any, Any, Any]
# The framework would take the desk apart field by field, to no end.
Desk = SkipValidation[PageDesk]
Work = Callable[[AnyRequest, PageDesk, PageVisit], Awaitable[Response[bytes]]]

LOOK: Final = [HttpMethod.GET, HttpMethod.HEAD]
# What stands behind the prefix is read as a printed link, also with qualifiers.
CODE_PATHS: Final = ["/C/{rest:path}", "/c/{rest:path}"]
LINK_PATH: Final = "/01/{rest:path}"
HOME_PATHS: Final = ["/", "/C", "/c"]
# The slashes of /C/NAME.txt.
FILE_DEPTH: Final = 2
_MAX_SHOWN: Final = 40

_decode_answer = msgspec.json.Decoder(Answer).decode


@route(CODE_PATHS, http_method=LOOK, include_in_schema=False)
async def show_cap(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Show what a cap is; a view, which changes nothing."""
    return await _answer(request, page, _show_cap)


# One handler for all methods, or the framework answers OPTIONS by itself.
@route(
    LINK_PATH,
    http_method=[*LOOK, HttpMethod.POST, HttpMethod.OPTIONS],
    include_in_schema=False,
)
async def open_link(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Resolve a GS1 Digital Link, or show the cap or product that it names."""
    if request.method == HttpMethod.OPTIONS:
        return Response(b"", status_code=204, headers=resolver.CROSS_ORIGIN)
    if request.method == HttpMethod.POST:
        return await _answer(request, page, _claim_cap)
    if resolver.asks_for_links(request):
        return await _answer(request, page, _resolve)
    return await _answer(request, page, _show_link)


@post(CODE_PATHS, include_in_schema=False)
async def claim_cap(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Claim a cap for the member who is signed in."""
    return await _answer(request, page, _claim_cap)


@get("/.well-known/gs1resolver", include_in_schema=False)
async def describe_resolver(page: Desk) -> Response[bytes]:
    """Describe the GS1 resolver at /01/."""
    return resolver.describe(page)


@route(HOME_PATHS, http_method=LOOK, include_in_schema=False)
async def show_home(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Offer to type a code, and lead to its page."""
    return await _answer(request, page, _show_home)


@get(SIGN_IN_PATH, include_in_schema=False)
async def show_sign_in(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Ask for a member's name, in the demo only."""
    return await _answer(request, page, _show_sign_in)


@post(SIGN_IN_PATH, include_in_schema=False)
async def sign_in(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Sign a member in, in the demo only, and go back to where they came from."""
    return await _answer(request, page, _sign_in)


@post(SIGN_OUT_PATH, include_in_schema=False)
async def sign_out(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Sign out and go back."""
    return await _answer(request, page, _sign_out)


@get("/{name:str}", include_in_schema=False)
async def show_verification(
    request: AnyRequest, page: Desk, name: str
) -> Response[bytes]:
    """Serve a verification file at the root; any other name is unknown."""
    if not is_verification_name(name):
        raise NotFoundException
    return await _answer(request, page, _show_file)


async def _answer(request: AnyRequest, page: PageDesk, work: Work) -> Response[bytes]:
    """Do the work; whatever goes wrong is told as a page, for people."""
    visit = read_visit(request, page)
    try:
        return await work(request, page, visit)
    except Fault as fault:
        return _show_fault(page, visit, fault)
    except DATABASE_AWAY as fault:
        log.warning("database_away", cause=repr(fault))
        return _show_fault(page, visit, database_away())
    except Exception as fault:
        log.exception("page_failed", cause=repr(fault))
        return _show_fault(page, visit, Fault("Something went wrong on our side."))


def _show_fault(page: PageDesk, visit: PageVisit, fault: Fault) -> Response[bytes]:
    headers = {}
    if fault.retry_after_s is not None:
        headers["retry-after"] = str(fault.retry_after_s)
    known = {403, 404, 429, 503}
    return render(
        page,
        visit,
        "notice.html",
        status=fault.status,
        headers=headers,
        notice=f"notice_{fault.status if fault.status in known else 500}",
        # A member's valid code is served even where guesses are turned away.
        offer_claim=isinstance(fault, Throttled) and visit.member is not None,
    )


# Looking ------------------------------------------------------------------------------


async def _show_cap(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    if visit.path.count("/") == FILE_DEPTH and _names_file(visit):
        return await _show_file(request, page, visit)
    return await _judge(page, visit)


async def _resolve(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    return await resolver.resolve(request, page, visit.path)


async def _show_link(
    _request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    link = _product_link(visit.path)
    if link is not None:
        return await _show_product(page, visit, link)
    return await _judge(page, visit)


async def _judge(page: PageDesk, visit: PageVisit) -> Response[bytes]:
    """Say what the code of a link is."""
    view = await page.views.look(visit.path, visit.origin.tags)
    face = await _face_of(page, visit, view)
    return _render_face(page, visit, face)


def _product_link(path: str) -> DigitalLink | None:
    """Read a link to a product that names no item; a page judges all others."""
    try:
        link = parse_digital_link(path)
    except Unparsable:
        return None
    return link if link.serial is None else None


async def _show_product(
    page: PageDesk, visit: PageVisit, link: DigitalLink
) -> Response[bytes]:
    """Name a product, and ask for the code of the cap: this page judges no item."""
    product = await resolver.find_product(page, link)
    if product is None:
        raise NotFound("There is no such product here.")
    return render(
        page,
        visit,
        "product.html",
        headers=resolver.links_header(link),
        product=product,
        lot=link.lot,
    )


async def _face_of(page: PageDesk, visit: PageVisit, view: View) -> Face:
    """Choose a face; members see whether a claim is their own."""
    code_id = open_code(page.views.snapshots.keys, view.code_text)
    if not view.claimed or code_id is None:
        return face_of_view(view, signed_in=visit.member is not None)
    if visit.member is not None:
        member_id = visit.member.member_id
        async with page.engine.connect() as conn:
            own = await find_own_claim(conn, code_id=code_id, member_id=member_id)
            if own is not None:
                wallet = await load_wallet(conn, member_id)
                now_ms = page.clock.now_ms()
                return face_of_own(view, own, balance=wallet.available, now_ms=now_ms)
    return face_of_view(view, signed_in=visit.member is not None)


def _render_face(page: PageDesk, visit: PageVisit, face: Face) -> Response[bytes]:
    code_text = parse_scanned(visit.path).code_text
    today = business_day(page.clock.now_ms(), page.settings.timezone)
    return render(
        page,
        visit,
        "cap.html",
        face=face,
        expired=face.sell_by is not None and face.sell_by < today,
        # An invalid code is shown as it was read, so that it can be compared.
        code=group(code_text) if code_text else None,
        typed=None,
        invalid=face.name is FaceName.INVALID,
    )


async def _show_home(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    typed = request.query_params.get("code")
    if typed is None:
        return render(page, visit, "home.html", typed=None, symbols=0)
    path = _path_of(typed)
    if path is not None:
        return TEMPLATES.redirect(visit, path)
    symbols = sum(each.isalnum() for each in typed)
    return render(page, visit, "home.html", typed=typed[:_MAX_SHOWN], symbols=symbols)


def _path_of(typed: str) -> str | None:
    """Give the page of a code or a whole link as typed; a link keeps its GTIN."""
    scanned = parse_scanned(typed.strip())
    code_text = scanned.code_text or normalise(typed)
    if code_text is None or scanned.gtin == "":
        return None
    if scanned.gtin is not None:
        return f"/01/{scanned.gtin}/21/{code_text}"
    return f"/C/{code_text}"


def _names_file(visit: PageVisit) -> bool:
    return is_verification_name(visit.path.rpartition("/")[2])


async def _show_file(
    _request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    name = visit.path.rpartition("/")[2]
    content = await read_verification(page.settings.data_dir / "verification", name)
    if content is None:
        raise NotFound("There is no such file.")
    return Response(
        content,
        media_type="text/plain",
        headers=TEMPLATES.headers(visit),
    )


# Claiming -----------------------------------------------------------------------------


async def _claim_cap(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    """Scan as the API does; a claim of one's own is shown by the GET that follows.

    So a reload after it asks nothing and repeats nothing. What did not claim is shown
    at once: to send that form again is to try again.
    """
    await read_form(request, visit)
    if visit.member is None:
        return TEMPLATES.redirect(
            visit, page.sign_in.link(visit.path) or local_path(visit.path)
        )
    answered = await page.scans.scan(
        ScanBody(code=visit.path),
        Caller(
            member_id=visit.member.member_id,
            address=visit.origin.address,
            language=visit.language,
            channel="page",
            context=Context(entry="link"),
        ),
    )
    answer = _decode_answer(answered.body)
    if is_own_claim(answer):
        return TEMPLATES.redirect(visit, local_path(visit.path))
    return _render_face(page, visit, face_of_answer(answer))


# Signing in and out -------------------------------------------------------------------


async def _show_sign_in(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    _require_demo(page)
    next_path = local_path(request.query_params.get("next"))
    return render(
        page, visit, "sign_in.html", next_path=next_path, name="", refused=False
    )


async def _sign_in(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    _require_demo(page)
    form = await read_form(request, visit)
    next_path = local_path(form.get("next"))
    name = read_name(form.get("name", ""))
    if name is None:
        return render(
            page,
            visit,
            "sign_in.html",
            status=422,
            next_path=next_path,
            name=form.get("name", "")[:_MAX_SHOWN],
            refused=True,
        )
    token = page.sign_in.mint(name, now_ms=page.clock.now_ms())
    try:
        page.members.verify(token, now_ms=page.clock.now_ms())
    except Unauthenticated:
        raise NotFound("Members of this installation sign in elsewhere.") from None
    visit.keep_session(token)
    return TEMPLATES.redirect(visit, next_path)


async def _sign_out(
    request: AnyRequest, _page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    form = await read_form(request, visit)
    visit.end_session()
    return TEMPLATES.redirect(visit, local_path(form.get("next")))


def _require_demo(page: PageDesk) -> None:
    """Hide the demo's sign-in wherever a brand's own members sign in."""
    if page.sign_in.kind is not SignInKind.DEMO:
        raise NotFound("Members of this installation sign in elsewhere.")


ROUTER = Router(
    path="/",
    route_handlers=[
        show_cap,
        claim_cap,
        open_link,
        describe_resolver,
        show_home,
        show_sign_in,
        sign_in,
        sign_out,
        show_verification,
    ],
)
