"""The logos of brands, each under a name made of its content."""

from typing import Final

from litestar import Response, route

from codegen.pipeline import find_logo
from core.errors import NotFound
from scan_api.domain.messages import message
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer

LOGO_PATH: Final = "/brand-logos/"
# Whoever opens the picture by itself gets a document that may do nothing at all.
_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@route(LOGO_PATH + "{digest:str}", http_method=LOOK, include_in_schema=False)
async def show_logo(request: AnyRequest, context: Context) -> Response[bytes]:
    """Serve a brand's logo."""
    return await answer(request, context, _show_logo)


async def _show_logo(
    request: AnyRequest, context: PageContext, _page: MemberRequest
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        logo = await find_logo(conn, request.path_params["digest"])
    if logo is None:
        raise NotFound(message("no_picture"))
    return Response(logo.content, media_type=logo.media_type, headers=_HEADERS)
