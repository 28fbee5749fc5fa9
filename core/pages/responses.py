"""From a template to an answer with every header that a page here carries."""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import Response
from markupsafe import Markup

from core.pages.page_request import PageRequest

_HSTS_S: Final = 365 * 86_400
_HEADERS: Final = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # Not no-referrer, with which browsers would send `Origin: null` to our own forms.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


class Templates:
    """Folders of templates that share the first one's `page.css`; no scripts."""

    def __init__(self, folder: Path, *more: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader((folder, *more)),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        style = _read_style(folder / "page.css")
        self._style = Markup(style)  # noqa: S704 - our own file
        # The style stands in the page, so that a first visit is one request; its hash
        # lets it pass, and nothing that somebody smuggles in.
        self._sources = f"'sha256-{_digest(style)}'"

    def headers(self, page: PageRequest, extra_style: str = "") -> dict[str, str]:
        """Give the headers of every answer to a request."""
        sources = self._sources
        if extra_style:
            sources += f" 'sha256-{_digest(extra_style)}'"
        policy = (
            f"default-src 'none'; style-src {sources}; img-src 'self' data:; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        headers = _HEADERS | {"content-security-policy": policy}
        if page.secure:
            headers["strict-transport-security"] = f"max-age={_HSTS_S}"
        return headers

    def render(
        self,
        page: PageRequest,
        template: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        extra_style: str = "",
        **values: Any,
    ) -> Response[bytes]:
        """Render a template for who asks; `extra_style` is made by ourselves too."""
        html = self._environment.get_template(template).render(
            lang=page.language,
            page=page,
            style=self._style,
            extra_style=Markup(extra_style),  # noqa: S704 - of checked colours only
            **values,
        )
        return Response(
            html.encode(),
            status_code=status,
            media_type="text/html",
            headers=self.headers(page, extra_style) | (headers or {}),
            cookies=page.cookies,
        )

    def redirect(self, page: PageRequest, path: str) -> Response[bytes]:
        """Send the visitor on with a GET to a path of this site."""
        return Response(
            b"",
            status_code=303,
            media_type="text/plain",
            headers=self.headers(page) | {"location": path},
            cookies=page.cookies,
        )


@lru_cache(maxsize=256)
def _digest(style: str) -> str:
    """Name a style as a policy does (CSP 3, section 2.3.1)."""
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _read_style(file: Path) -> str:
    """Read a style sheet, without what only its authors need."""
    lines = (line.strip() for line in file.read_text().splitlines())
    return "".join(line for line in lines if line and not line.startswith("/*"))
