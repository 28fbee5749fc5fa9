"""Signing in, in the demo only, and out."""

from litestar import Response, get, post

from core.errors import NotFound, Unauthenticated
from core.pages import read_form
from core.pages.guard import local_path
from scan_api.domain.messages import message
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import AnyRequest, Context, answer
from scan_api.page.sign_in import SIGN_IN_PATH, SIGN_OUT_PATH, SignInKind, read_name
from scan_api.page.typed import MAX_SHOWN


@get(SIGN_IN_PATH, include_in_schema=False)
async def show_sign_in(request: AnyRequest, context: Context) -> Response[bytes]:
    """Ask for a member's name, in the demo only."""
    return await answer(request, context, _show_sign_in)


@post(SIGN_IN_PATH, include_in_schema=False)
async def sign_in(request: AnyRequest, context: Context) -> Response[bytes]:
    """Sign a member in, in the demo only, and go back to where they came from."""
    return await answer(request, context, _sign_in)


@post(SIGN_OUT_PATH, include_in_schema=False)
async def sign_out(request: AnyRequest, context: Context) -> Response[bytes]:
    """Sign out and go back."""
    return await answer(request, context, _sign_out)


async def _show_sign_in(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    _require_demo(context)
    next_path = local_path(request.query_params.get("next"))
    return render(
        context, page, "sign_in.html", next_path=next_path, name="", refused=False
    )


async def _sign_in(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    _require_demo(context)
    form = await read_form(request, page, "next", "name")
    next_path = local_path(form.get("next"))
    name = read_name(form.get("name", ""))
    if name is None:
        return render(
            context,
            page,
            "sign_in.html",
            status=422,
            next_path=next_path,
            name=form.get("name", "")[:MAX_SHOWN],
            refused=True,
        )
    token = context.sign_in.mint(name, now_ms=context.clock.now_ms())
    try:
        context.members.verify(token, now_ms=context.clock.now_ms())
    except Unauthenticated:
        raise NotFound(message("members_elsewhere")) from None
    page.keep_session(token)
    return TEMPLATES.redirect(page, next_path)


async def _sign_out(
    request: AnyRequest, _context: PageContext, page: MemberRequest
) -> Response[bytes]:
    form = await read_form(request, page, "next")
    page.end_session()
    return TEMPLATES.redirect(page, local_path(form.get("next")))


def _require_demo(context: PageContext) -> None:
    """Hide the demo's sign-in wherever a brand's own members sign in."""
    if context.sign_in.kind is not SignInKind.DEMO:
        raise NotFound(message("members_elsewhere"))
