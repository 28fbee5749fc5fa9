"""The page on which a code is typed."""

from typing import Final

from litestar import Response, route

from codegen.domain.scanned import NO_SUCH_GTIN, parse_scanned
from scan_api.page.context import PageContext
from scan_api.page.page_request import TYPED, MemberRequest
from scan_api.page.rendering import TEMPLATES, render
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer
from scan_api.page.typed import read_typed

HOME_PATHS: Final = ["/", "/C", "/c"]


@route(HOME_PATHS, http_method=LOOK, include_in_schema=False)
async def show_home(request: AnyRequest, context: Context) -> Response[bytes]:
    """Offer to type a code, and lead to its page."""
    return await answer(request, context, _show_home)


async def _show_home(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    typed = request.query_params.get("code")
    if typed is None:
        return render(context, page, "home.html", typed=None)
    path = _path_of(typed)
    if path is not None:
        return TEMPLATES.redirect(page, path)
    return render(context, page, "home.html", typed=read_typed(typed))


def _path_of(typed: str) -> str | None:
    """Give the page of a code or a whole link as typed; a link keeps its GTIN."""
    scanned = parse_scanned(typed)
    if scanned.code_text is None or scanned.gtin == NO_SUCH_GTIN:
        return None
    if scanned.gtin is not None:
        return f"/01/{scanned.gtin}/21/{scanned.code_text}?{TYPED}=1"
    return f"/C/{scanned.code_text}?{TYPED}=1"
