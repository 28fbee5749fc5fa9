"""The logos of brands, each under a name made of its content."""

from typing import Final

from litestar import Response, route

from codegen.store import find_logo
from core.errors import NotFound
from scan_api.page.desk import PageDesk
from scan_api.page.routes.answering import LOOK, AnyRequest, Desk, answer
from scan_api.page.visits import PageVisit

LOGO_PATH: Final = "/brand-logos/"
# Whoever opens the picture by itself gets a document that may do nothing at all.
_HEADERS: Final = {
    "cache-control": "public, max-age=31536000, immutable",
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


@route(LOGO_PATH + "{digest:str}", http_method=LOOK, include_in_schema=False)
async def show_logo(request: AnyRequest, page: Desk) -> Response[bytes]:
    """Serve a brand's logo."""
    return await answer(request, page, _show_logo)


async def _show_logo(
    request: AnyRequest, page: PageDesk, _visit: PageVisit
) -> Response[bytes]:
    async with page.engine.connect() as conn:
        logo = await find_logo(conn, request.path_params["digest"])
    if logo is None:
        raise NotFound("There is no such picture.")
    return Response(logo.content, media_type=logo.media_type, headers=_HEADERS)
