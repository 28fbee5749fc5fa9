"""`/problems`: what each code of the API means, at the address that is its type."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

from litestar import Response, Router, get
from markupsafe import Markup, escape

from core.errors import NotFound
from core.problem_codes import PROBLEM_CODES, ProblemCode, address_of
from crowncap.messages import message

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;"
    "padding:0 1rem;color-scheme:light dark}dt{margin-top:1.2rem;font-weight:600}"
    "dd{margin:.2rem 0}a{color:inherit}code{overflow-wrap:anywhere}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "public, max-age=3600",
}


@get("/problems", include_in_schema=False)
async def list_problems() -> Response[bytes]:
    """List all codes."""
    return _page("Problems", PROBLEM_CODES.items())


@get("/problems/{code:str}", include_in_schema=False)
async def show_problem(code: str) -> Response[bytes]:
    """Show one code; raises NotFound."""
    if code not in PROBLEM_CODES:
        raise NotFound(message("no_problem_code"))
    return _page(code, [(code, PROBLEM_CODES[code])])


def _page(title: str, codes: Iterable[tuple[str, ProblemCode]]) -> Response[bytes]:
    listed = Markup().join(_entry(*each) for each in codes)
    html = Markup(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>{}</title>'
        "<style>{}</style><main><h1>{}</h1><p>Faults of the API are problems "
        "(RFC 9457) with a stable <code>code</code>. "
        '<a href="/problems">All codes</a></p><dl>{}</dl></main></html>'
    ).format(title, Markup(_STYLE), title, listed)  # noqa: S704 - our own style
    return Response(html.encode(), media_type="text/html", headers=_HEADERS)


def _entry(code: str, problem: ProblemCode) -> Markup:
    return Markup(
        '<dt><a href="{}"><code>{}</code></a> · {}</dt><dd>{}</dd><dd>{}</dd>'
    ).format(
        address_of(code),
        code,
        problem.status,
        _words(problem.means),
        _words(problem.do),
    )


def _words(text: str) -> Markup:
    """Set what stands between backquotes as code."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


ROUTER: Final = Router("/", route_handlers=[list_problems, show_problem])
