"""From a template to an answer with every header that a page here carries."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import Response
from markupsafe import Markup

from core.clock import utc_datetime
from scan_api.page.desk import PageDesk
from scan_api.page.sign_in import SIGN_OUT_PATH
from scan_api.page.visits import Visit
from scan_api.page_texts import text_in

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_HSTS_S: Final = 365 * 86_400

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def _read_style() -> str:
    """Read the style sheet, without what only its authors need."""
    lines = (line.strip() for line in (TEMPLATES / "page.css").read_text().splitlines())
    return "".join(line for line in lines if line and not line.startswith("/*"))


STYLE: Final = _read_style()
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

# The style stands in the page, so that a first visit is one request; its hash lets it
# pass, and nothing that somebody smuggles in.
CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # Not no-referrer, with which browsers would send `Origin: null` to our own forms.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


def security_headers(visit: Visit) -> dict[str, str]:
    """Give the headers of every answer of the page."""
    if not visit.secure:
        return dict(_HEADERS)
    return _HEADERS | {"strict-transport-security": f"max-age={_HSTS_S}"}


def render(
    page: PageDesk,
    visit: Visit,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[bytes]:
    """Render a template for a visit."""
    html = _environment.get_template(template).render(
        t=partial(text_in, visit.language),
        lang=visit.language,
        visit=visit,
        style=Markup(STYLE),  # noqa: S704 - our own file
        links=_links(page, visit, values.get("next_path")),
        sign_in_kind=page.sign_in.kind.value,
        hour=_moment(visit.language, page.settings.timezone, "hour"),
        minute=_moment(visit.language, page.settings.timezone, "minute"),
        **values,
    )
    return Response(
        html.encode(),
        status_code=status,
        media_type="text/html",
        headers=security_headers(visit) | (headers or {}),
        cookies=visit.cookies,
    )


def redirect(visit: Visit, path: str) -> Response[bytes]:
    """Send the visitor on with a GET to a path of this site."""
    return Response(
        b"",
        status_code=303,
        media_type="text/plain",
        headers=security_headers(visit) | {"location": path},
        cookies=visit.cookies,
    )


def _links(page: PageDesk, visit: Visit, next_path: str | None) -> dict[str, str]:
    """Give the page's links; the language switch leads back to the same page."""
    other = "en" if visit.language == "zh" else "zh"
    more = {} if next_path is None else {"next": next_path}
    return {
        "here": visit.path,
        "other": other,
        "switch": f"{visit.path}?{urlencode(more | {'lang': other})}",
        "sign_in": page.sign_in.link(visit.path) or "",
        "sign_out": SIGN_OUT_PATH,
    }


def _moment(
    language: str, timezone: ZoneInfo, exactness: str
) -> Callable[[int | datetime], str]:
    """Make what words a moment on the brand's clock, to the hour or to the minute."""

    def word(at: int | datetime) -> str:
        moment = utc_datetime(at) if isinstance(at, int) else at
        local = moment.astimezone(timezone)
        minute = "00" if exactness == "hour" else f"{local:%M}"
        if language == "zh":
            day = f"{local.year}年{local.month}月{local.day}日"
            if exactness == "hour":
                return f"{day} {local.hour}时许"
            return f"{day} {local:%H}:{minute}"
        about = "about " if exactness == "hour" else ""
        return f"{local.day} {local:%b} {local.year}, {about}{local:%H}:{minute}"

    return word
