"""GS1 Digital Links: resolved for machines, shown for people."""

from typing import Final

from litestar import Response, get, route
from litestar.enums import HttpMethod

from core.errors import NotFound, Unparsable
from scan_api.digital_link import DigitalLink, parse_digital_link
from scan_api.page import resolver
from scan_api.page.desk import PageDesk
from scan_api.page.rendering import render
from scan_api.page.routes.answering import LOOK, AnyRequest, Desk, answer
from scan_api.page.routes.caps import claim_linked_cap, judge
from scan_api.page.visits import PageVisit

LINK_PATH: Final = "/01/{rest:path}"


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
        return await answer(request, page, claim_linked_cap)
    if resolver.asks_for_links(request):
        return await answer(request, page, _resolve)
    return await answer(request, page, _show_link)


@get("/.well-known/gs1resolver", include_in_schema=False)
async def describe_resolver(page: Desk) -> Response[bytes]:
    """Describe the GS1 resolver at /01/."""
    return resolver.describe(page)


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
    return await judge(page, visit)


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
