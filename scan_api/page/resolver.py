"""The paths of GS1 Digital Links: a page for a phone, links for who asks for links."""

from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import Request, Response

from codegen.domain.products import Product
from core.errors import NotFound, Unparsable, problem_of
from scan_api.domain.digital_link import (
    LINKSET,
    LINKSET_CONTEXT,
    LINKSET_MEDIA,
    DigitalLink,
    describe_resolver,
    find_target,
    link_set,
    parse_digital_link,
)
from scan_api.domain.messages import message
from scan_api.page.context import PageContext

LINK_TYPE: Final = "linkType"
CROSS_ORIGIN: Final = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "Accept, Accept-Language",
    "access-control-expose-headers": "Link, Location",
}
_CACHED: Final = {"cache-control": "public, max-age=300", "vary": "Accept"}

AnyRequest = Request[Any, Any, Any]


def asks_for_links(request: AnyRequest) -> bool:
    """Tell a resolver's client from a phone that opens a page."""
    return (
        LINK_TYPE in request.query_params
        or LINKSET_MEDIA in request.headers.get("accept", "").lower()
    )


async def resolve(
    request: AnyRequest, context: PageContext, path: str
) -> Response[bytes]:
    """Answer a link set, or lead to the link of the type that was asked for.

    400 for a link that breaks the syntax, 404 for a product that is not ours and for
    a type of link that it has not. Nothing here depends on the serial.
    """
    try:
        return await _resolve(request, context, path)
    except (NotFound, Unparsable) as fault:
        return _json(
            problem_of(fault),
            media_type="application/problem+json",
            headers=CROSS_ORIGIN,
            status=fault.status,
        )


async def _resolve(
    request: AnyRequest, context: PageContext, path: str
) -> Response[bytes]:
    link = parse_digital_link(path, query_of(request))
    if len(request.query_params.getall(LINK_TYPE, [])) > 1:
        raise Unparsable(message("link_type_twice", name=LINK_TYPE))
    product = await find_product(context, link)
    if product is None:
        raise NotFound(message("no_product", gtin=link.gtin))
    root = _root(context)
    wanted = request.query_params.get(LINK_TYPE, LINKSET)
    if wanted == LINKSET:
        return _answer_links(link, product, root)
    target = find_target(link, product, root, wanted)
    if target is None:
        raise NotFound(message("no_link_of_type", given=wanted[:64]))
    return _lead_to(target, request, link, root)


def describe(context: PageContext) -> Response[bytes]:
    """Describe this resolver (GS1-Conformant resolver standard 1.2)."""
    return _json(
        describe_resolver(_root(context)),
        media_type="application/json",
        headers=CROSS_ORIGIN | _CACHED,
    )


def query_of(request: AnyRequest) -> str:
    """Give the query of a request as it came."""
    return str(request.scope["query_string"].decode("latin-1"))


def links_header(link: DigitalLink) -> dict[str, str]:
    """Tell on a page where the links of the same product are (RFC 8288)."""
    where = f"{link.product_path}?{LINK_TYPE}={LINKSET}"
    return CROSS_ORIGIN | {"link": f'<{where}>; rel="linkset"; type="{LINKSET_MEDIA}"'}


async def find_product(context: PageContext, link: DigitalLink) -> Product | None:
    """Find the product of a link, on a fresh table if this worker's knows it not."""
    states = context.codes.states
    if link.gtin not in states.current.products:
        await states.refresh()
    return states.current.products.get(link.gtin)


def _answer_links(link: DigitalLink, product: Product, root: str) -> Response[bytes]:
    context = (
        f'<{LINKSET_CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"; '
        'type="application/ld+json"'
    )
    return _json(
        link_set(link, product, root),
        media_type=LINKSET_MEDIA,
        headers=CROSS_ORIGIN | _CACHED | {"link": context},
    )


def _lead_to(
    target: str, request: AnyRequest, link: DigitalLink, root: str
) -> Response[bytes]:
    """Redirect, and pass on what else the query said."""
    others = [
        (name, value)
        for name, value in parse_qsl(query_of(request), keep_blank_values=True)
        if name != LINK_TYPE
    ]
    if others:
        target += ("&" if "?" in target else "?") + urlencode(others)
    headers = links_header(link) | _CACHED | {"location": target}
    headers["link"] = headers["link"].replace("</", f"<{root}/")
    return Response(b"", status_code=307, media_type="text/plain", headers=headers)


def _json(
    content: dict[str, Any],
    *,
    media_type: str,
    headers: dict[str, str],
    status: int = 200,
) -> Response[bytes]:
    return Response(
        msgspec.json.encode(content),
        status_code=status,
        media_type=media_type,
        headers=headers | {"x-content-type-options": "nosniff"},
    )


def _root(context: PageContext) -> str:
    """Give scheme and host of this resolver: as configured, whatever Host says."""
    return context.settings.public_url.lower()
