"""Looking at a cap is a GET and leaves nothing; asking to claim it is a POST."""

from datetime import datetime
from typing import Final

from litestar import Response, post, route

from codegen.domain.code_text import group
from codegen.domain.scanned import parse_scanned
from core.auth import Member
from core.auth.idempotency import hash_body, hash_key
from core.clock import business_day, next_business_day
from core.pages import Sender, is_prefetch, read_form
from core.pages.guard import local_path
from scan_api.domain.code_view import CodeView
from scan_api.domain.scans import Outcome
from scan_api.page.belongings import load_rewards
from scan_api.page.cap_view import (
    CapView,
    CapViewName,
    is_own_claim,
    view_of_answer,
    view_of_code,
    view_of_own_claim,
)
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.files import names_file, show_file
from scan_api.page.routes.leaving import lead_to_sign_in
from scan_api.page.routes.responses import CODE_PATHS, LOOK, AnyRequest, Context, answer
from scan_api.pipeline.claims import look_up_own_claim
from scan_api.pipeline.opening import Caller
from scan_api.pipeline.requests import ScanBody, ScanContext

# The slashes of /C/NAME.txt.
FILE_DEPTH: Final = 2


@route(CODE_PATHS, http_method=LOOK, include_in_schema=False)
async def show_cap(request: AnyRequest, context: Context) -> Response[bytes]:
    """Show what a cap is; a view, which changes nothing."""
    return await answer(request, context, _show_cap)


@post(CODE_PATHS, include_in_schema=False)
async def claim_cap(request: AnyRequest, context: Context) -> Response[bytes]:
    """Claim a cap for the member who is signed in."""
    return await answer(request, context, claim_linked_cap)


async def _show_cap(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if page.path.count("/") == FILE_DEPTH and names_file(page):
        return await show_file(request, context, page)
    return await judge(context, page)


async def judge(context: PageContext, page: MemberRequest) -> Response[bytes]:
    """Say what the code of a link is, to somebody who looks."""
    if page.sender is Sender.UNSEEN:
        # It counts no guess, so it must not tell right from wrong. A browser keeps no
        # page that it fetched ahead of time and got an error for.
        status = 503 if is_prefetch(page.headers) else 200
        return render(
            context, page, "notice.html", status=status, notice="notice_unseen"
        )
    if page.member is not None and page.wished_key is not None:
        return await _claim(context, page, page.member)
    member_id = page.member.member_id if page.member else None
    found = await context.codes.find_code(
        page.path, page.origin.guess_tags, member_id, page.address
    )
    view = await _view_of(context, page, found)
    return _render_view(context, page, view)


async def _view_of(
    context: PageContext, page: MemberRequest, found: CodeView
) -> CapView:
    """Choose a view; members see whether a claim is their own."""
    code_id = found.code_id
    if found.claimed and code_id is not None and page.member is not None:
        member_id = page.member.member_id
        today = business_day(context.clock.now_ms(), context.settings.timezone)
        owned = await look_up_own_claim(
            context.engine, code_id=code_id, member_id=member_id, today=today
        )
        if owned is not None:
            own, balance = owned
            rewards = await load_rewards(context, member_id, own.awards)
            return view_of_own_claim(
                found,
                own,
                balance=balance,
                rewards=rewards,
                joy_for=page.take_joy(),
            )
    view = view_of_code(
        found, signed_in=page.member is not None, tomorrow=_tomorrow(context)
    )
    return _not_ours(page) if view.name is CapViewName.INVALID else view


def _not_ours(page: MemberRequest) -> CapView:
    """Tell a slip of the finger from what may be a fake: nobody misscans."""
    return CapView(CapViewName.INVALID if page.marks else CapViewName.FOREIGN)


def _tomorrow(context: PageContext) -> datetime:
    return next_business_day(context.clock.now_ms(), context.settings.timezone)


def refuse_link(context: PageContext, page: MemberRequest) -> Response[bytes]:
    """Say that a link cannot be one of ours: it breaks GS1's rules."""
    return _render_view(context, page, _not_ours(page), status=400)


def _render_view(
    context: PageContext, page: MemberRequest, view: CapView, *, status: int = 200
) -> Response[bytes]:
    code_text = parse_scanned(page.path).code_text
    today = business_day(context.clock.now_ms(), context.settings.timezone)
    return render(
        context,
        page,
        "cap.html",
        status=status,
        brand=view.brand,
        view=view,
        expired=view.sell_by is not None and view.sell_by < today,
        # An invalid code is shown as it was read, so that it can be compared.
        code=group(code_text) if code_text else None,
        typed=None,
        invalid=view.name in {CapViewName.INVALID, CapViewName.FOREIGN},
        tomorrow=_tomorrow(context),
    )


async def claim_linked_cap(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    """Claim for who is signed in; others sign in first, and have claimed by then."""
    await read_form(request, page)
    if page.member is None:
        page.keep_wish()
        return lead_to_sign_in(context, page)
    return await _claim(context, page, page.member)


async def _claim(
    context: PageContext, page: MemberRequest, member: Member
) -> Response[bytes]:
    """Scan as the API does; a claim of one's own is shown by the GET that follows.

    So a reload after it asks nothing and repeats nothing. What did not claim is shown
    at once: to send that form again is to try again. A wish has its own key, so that
    it is granted once however often a browser comes back with it.
    """
    key = page.wished_key
    once = (b"", b"")
    if key is not None:
        body_hash = hash_body(page.path.encode())
        once = hash_key(member.caller, "POST", "/C", key), body_hash
    answered = await context.opening.open_scan(
        ScanBody(code=page.path),
        Caller(
            member_id=member.member_id,
            address=page.origin.address,
            language=page.language,
            channel="page",
            context=ScanContext(entry="link"),
        ),
        once,
    )
    page.forget_wish()
    told = answered.answer
    # Of what was recorded for the key before, the look that follows knows more.
    if told is None or is_own_claim(told):
        if told is not None and told.outcome == Outcome.REWARDED:
            page.promise_joy(told.scan_id)
        return TEMPLATES.redirect(page, local_path(page.path))
    return _render_view(
        context, page, view_of_answer(told, tomorrow=_tomorrow(context))
    )
