"""GS1 Digital Links: resolved for machines, shown for people."""

from typing import Final

from litestar import Response, get, route
from litestar.enums import HttpMethod

from codegen.domain.scanned import parse_scanned
from core.errors import NotFound, Unparsable
from scan_api.domain.digital_link import DigitalLink, is_compressed, parse_digital_link
from scan_api.domain.messages import message
from scan_api.page import resolver
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render
from scan_api.page.routes.caps import claim_linked_cap, judge, refuse_link
from scan_api.page.routes.responses import LOOK, AnyRequest, Context, answer

LINK_PATHS: Final = ["/01", "/01/{rest:path}"]


# One handler for all methods, or the framework answers OPTIONS by itself.
@route(
    LINK_PATHS,
    http_method=[*LOOK, HttpMethod.POST, HttpMethod.OPTIONS],
    include_in_schema=False,
)
async def open_link(request: AnyRequest, context: Context) -> Response[bytes]:
    """Resolve a GS1 Digital Link, or show the cap or product that it names."""
    if request.method == HttpMethod.OPTIONS:
        return Response(b"", status_code=204, headers=resolver.CROSS_ORIGIN)
    if request.method == HttpMethod.POST:
        return await answer(request, context, _claim)
    return await look_at_link(request, context)


async def look_at_link(request: AnyRequest, context: PageContext) -> Response[bytes]:
    """Answer who asks for links with links, and a phone with a page."""
    asked = resolver.asks_for_links(request)
    return await answer(request, context, _resolve if asked else _show_link)


@get("/.well-known/gs1resolver", include_in_schema=False)
async def describe_resolver(context: Context) -> Response[bytes]:
    """Describe the GS1 resolver at /01/."""
    return resolver.describe(context)


async def _resolve(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    return await resolver.resolve(request, context, page.path)


async def _claim(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    if _read_link(request, page) is None:
        return refuse_link(context, page)
    return await claim_linked_cap(request, context, page)


async def _show_link(
    request: AnyRequest, context: PageContext, page: MemberRequest
) -> Response[bytes]:
    link = _read_link(request, page)
    if link is None:
        return refuse_link(context, page)
    if link.serial is None:
        return await _show_product(context, page, link)
    return await judge(context, page)


def _read_link(request: AnyRequest, page: MemberRequest) -> DigitalLink | None:
    """Read the link of a request; a compressed one is the link that it stands for."""
    query = resolver.query_of(request)
    for path in (page.path, _without_wrappings(page.path)):
        try:
            link = parse_digital_link(path, query)
        except Unparsable:
            continue
        page.path = link.path if is_compressed(path) else path
        return link
    return None


def _without_wrappings(path: str) -> str:
    """Take off a link what chats make part of it, such as the full stop behind it."""
    code_text = parse_scanned(path).code_text
    before, _, serial = path.rstrip("/").rpartition("/")
    return f"{before}/{code_text or serial}"


async def _show_product(
    context: PageContext, page: MemberRequest, link: DigitalLink
) -> Response[bytes]:
    """Name a product, and ask for the code of the cap: this page judges no item."""
    product = await resolver.find_product(context, link)
    if product is None:
        raise NotFound(message("no_product", gtin=link.gtin))
    return render(
        context,
        page,
        "product.html",
        headers=resolver.links_header(link),
        brand=product.brand,
        product=product,
        lot=link.lot,
    )
