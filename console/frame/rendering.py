"""From a template of the console to an answer, in the reader's language and time."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response

from console.frame.context import ConsoleContext
from console.frame.navigation import NAVIGATION
from console.frame.page_request import StaffRequest
from console.frame.plots import lay_out, write_shares
from core.clock import local_time
from core.messages import say
from core.pages import Templates

# The frame's own first, then each audience's in its folder.
TEMPLATES: Final = Templates(
    *(
        Path(__file__).parents[1] / audience / "templates"
        for audience in (
            "frame",
            "line",
            "codes",
            "fraud",
            "system",
            "till",
            "marketing",
            "support",
        )
    )
)


def render(
    context: ConsoleContext,
    page: StaffRequest,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[bytes]:
    """Render a template for whoever asked for a page."""
    return TEMPLATES.render(
        page,
        template,
        status=status,
        headers=headers,
        t=partial(context.text, page.language),
        pages=list_pages(page),
        moment=tell_moments(context.settings.timezone),
        second=tell_moments(context.settings.timezone, "%Y-%m-%d %H:%M:%S"),
        shares=write_shares,
        say=partial(say, page.language),
        lay_out=lay_out,
        **values,
    )


def list_pages(page: StaffRequest) -> list[tuple[str, str]]:
    """List the pages that the visitor may enter, as (name, path)."""
    if page.visitor is None:
        return []
    return [
        (name, path) for name, (path, roles) in NAVIGATION.items() if page.may(*roles)
    ]


def tell_moments(
    timezone: ZoneInfo, form: str = "%Y-%m-%d %H:%M"
) -> Callable[[datetime | None], str]:
    """Make what writes a moment on the brand's clock; both languages read ISO."""

    def word(at: datetime | None) -> str:
        return "–" if at is None else local_time(at, timezone).strftime(form)

    return word
