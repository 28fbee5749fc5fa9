"""Looking at a cap is a GET and leaves nothing; claiming it is a POST."""

from datetime import datetime
from typing import Final

import msgspec
from litestar import Response, post, route

from codegen.domain.code_text import group
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code
from core.clock import business_day, next_business_day
from core.pages import Sender, is_prefetch, read_form
from core.pages.guard import local_path
from rewards.store import load_wallet
from scan_api.domain.scans import Outcome, View
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
from scan_api.page.routes.answering import CODE_PATHS, LOOK, AnyRequest, Desk, answer
from scan_api.page.routes.files import names_file, show_file
from scan_api.page.visits import PageVisit
from scan_api.pipeline.requests import Context, ScanBody
from scan_api.pipeline.responses import Answer
from scan_api.routes.scans import Caller
from scan_api.store.own_claims import find_own_claim

# The slashes of /C/NAME.txt.
FILE_DEPTH: Final = 2

_decode_answer = msgspec.json.Decoder(Answer).decode


@route(CODE_PATHS, http_method=LOOK, include_in_schema=False)
async def show_cap(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Show what a cap is; a view, which changes nothing."""
    return await answer(request, page, _show_cap)


@post(CODE_PATHS, include_in_schema=False)
async def claim_cap(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Claim a cap for the member who is signed in."""
    return await answer(request, page, claim_linked_cap)


async def _show_cap(
    request: AnyRequest, page: PageDesk, visit: PageVisit
) -> Response[bytes]:
    if visit.path.count("/") == FILE_DEPTH and names_file(visit):
        return await show_file(request, page, visit)
    return await judge(page, visit)


async def judge(page: PageDesk, visit: PageVisit) -> Response[bytes]:
    """Say what the code of a link is, to somebody who looks."""
    if visit.sender is Sender.UNSEEN:
        # It counts no guess, so it must not tell right from wrong. A browser keeps no
        # page that it fetched ahead of time and got an error for.
        status = 503 if is_prefetch(visit.headers) else 200
        return render(page, visit, "notice.html", status=status, notice="notice_unseen")
    member_id = visit.member.member_id if visit.member else None
    view = await page.views.look(visit.path, visit.origin.guess_tags, member_id)
    face = await _face_of(page, visit, view)
    return _render_face(page, visit, face)


async def _face_of(page: PageDesk, visit: PageVisit, view: View) -> Face:
    """Choose a face; members see whether a claim is their own."""
    code_id = open_code(page.views.snapshots.keys, view.code_text)
    if view.claimed and code_id is not None and visit.member is not None:
        member_id = visit.member.member_id
        async with page.engine.connect() as conn:
            own = await find_own_claim(conn, code_id=code_id, member_id=member_id)
            if own is not None:
                wallet = await load_wallet(conn, member_id)
                return face_of_own(
                    view, own, balance=wallet.available, joy_for=visit.take_joy()
                )
    face = face_of_view(
        view, signed_in=visit.member is not None, tomorrow=_tomorrow(page)
    )
    return _not_ours(visit) if face.name is FaceName.INVALID else face


def _not_ours(visit: PageVisit) -> Face:
    """Tell a slip of the finger from what may be a fake: nobody misscans."""
    return Face(FaceName.INVALID if visit.marks else FaceName.FOREIGN)


def _tomorrow(page: PageDesk) -> datetime:
    return next_business_day(page.clock.now_ms(), page.settings.timezone)


def refuse_link(page: PageDesk, visit: PageVisit) -> Response[bytes]:
    """Say that a link cannot be one of ours: it breaks GS1's rules."""
    return _render_face(page, visit, _not_ours(visit), status=400)


def _render_face(
    page: PageDesk, visit: PageVisit, face: Face, *, status: int = 200
) -> Response[bytes]:
    code_text = parse_scanned(visit.path).code_text
    today = business_day(page.clock.now_ms(), page.settings.timezone)
    return render(
        page,
        visit,
        "cap.html",
        status=status,
        brand=face.brand,
        face=face,
        expired=face.sell_by is not None and face.sell_by < today,
        # An invalid code is shown as it was read, so that it can be compared.
        code=group(code_text) if code_text else None,
        typed=None,
        invalid=face.name in {FaceName.INVALID, FaceName.FOREIGN},
        tomorrow=_tomorrow(page),
    )


async def claim_linked_cap(
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
    told = _decode_answer(answered.body)
    if is_own_claim(told):
        if told.outcome == Outcome.REWARDED:
            visit.promise_joy(told.scan_id)
        return TEMPLATES.redirect(visit, local_path(visit.path))
    return _render_face(page, visit, face_of_answer(told, tomorrow=_tomorrow(page)))
