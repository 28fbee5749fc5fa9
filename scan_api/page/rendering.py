"""From a template of the consumer's page to an answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response

from core.clock import local_time, utc_datetime
from core.pages import Templates
from scan_api.page.desk import PageDesk
from scan_api.page.sign_in import SIGN_OUT_PATH
from scan_api.page.visits import PageVisit
from scan_api.page_texts import text_in

FOLDER: Final = Path(__file__).parent.parent / "templates"
TEMPLATES: Final = Templates(FOLDER)
# Longer waits are told in hours.
_MINUTES_TO_SAY: Final = 100


def render(
    page: PageDesk,
    visit: PageVisit,
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
        links=_links(page, visit, values.get("next_path")),
        sign_in_kind=page.sign_in.kind.value,
        hour=_moment(visit.language, page.settings.timezone, "hour"),
        minute=_moment(visit.language, page.settings.timezone, "minute"),
        **values,
    )


def word_wait(
    language: str, timezone: ZoneInfo, said: str, seconds: int, *, now_ms: int
) -> str:
    """Word how long to wait, and until when on the brand's clock.

    `said` begins the names of the texts: `wait` for any code, `wrong` for wrong ones.
    """
    now = utc_datetime(now_ms).astimezone(timezone)
    # Never a minute too early, which a clock without seconds would make it.
    until = now + timedelta(seconds=seconds + 59)
    when = f"{until:%H:%M}"
    if until.date() != now.date():
        when = _moment(language, timezone, "minute")(until)
    minutes = ceil(seconds / 60)
    if minutes > _MINUTES_TO_SAY:
        hours = round(minutes / 60)
        return text_in(language, f"{said}_hours", hours=hours, when=when)
    name = f"{said}_minute" if minutes <= 1 else f"{said}_minutes"
    return text_in(language, name, minutes=minutes, when=when)


def _links(page: PageDesk, visit: PageVisit, next_path: str | None) -> dict[str, str]:
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
        local = local_time(moment, timezone)
        minute = "00" if exactness == "hour" else f"{local:%M}"
        if language == "zh":
            day = f"{local.year}年{local.month}月{local.day}日"
            if exactness == "hour":
                return f"{day} {local.hour}时许"
            return f"{day} {local:%H}:{minute}"
        about = "about " if exactness == "hour" else ""
        return f"{local.day} {local:%b} {local.year}, {about}{local:%H}:{minute}"

    return word
