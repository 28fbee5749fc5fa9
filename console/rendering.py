"""From a template of the console to an answer, in the reader's language and time."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response

from console.desk import ConsoleDesk
from console.plots import lay_out, write_shares
from console.sentences import fault_in, sentence_in
from console.texts import ROLE_ROOMS, text_in
from console.visits import StaffVisit
from core.clock import local_time
from core.pages import Templates

FOLDER: Final = Path(__file__).parent / "templates"
TEMPLATES: Final = Templates(FOLDER)
HOME: Final = "/console"


def render(
    desk: ConsoleDesk,
    visit: StaffVisit,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response[bytes]:
    """Render a template for a visit."""
    return TEMPLATES.render(
        visit,
        template,
        status=status,
        headers=headers,
        t=partial(text_in, visit.language),
        rooms=_rooms(visit),
        moment=_moment(desk.settings.timezone, "%Y-%m-%d %H:%M"),
        second=_moment(desk.settings.timezone, "%Y-%m-%d %H:%M:%S"),
        shares=write_shares,
        say_fault=partial(fault_in, visit.language),
        say=partial(sentence_in, visit.language),
        lay_out=lay_out,
        **values,
    )


def _rooms(visit: StaffVisit) -> list[tuple[str, str]]:
    """List the rooms that the visitor may enter, as (name, path)."""
    if visit.visitor is None:
        return []
    return [
        (name, path) for name, (path, roles) in ROLE_ROOMS.items() if visit.may(*roles)
    ]


def _moment(timezone: ZoneInfo, form: str) -> Callable[[datetime | None], str]:
    """Make what writes a moment on the brand's clock; both languages read ISO."""

    def word(at: datetime | None) -> str:
        return "–" if at is None else local_time(at, timezone).strftime(form)

    return word
