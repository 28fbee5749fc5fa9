"""From a template of the consumer's page to an answer."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response
from markupsafe import Markup

from codegen.domain.code_text import group
from core.clock import utc_datetime
from core.messages import say
from core.pages import Templates
from rewards.domain.prizes import tell_money
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.sign_in import SIGN_OUT_PATH, WALLET_PATH
from scan_api.page.texts import TEXTS
from scan_api.pipeline.moments import (
    word_begin,
    word_day,
    word_end,
    word_hour,
    word_minute,
)

FOLDER: Final = Path(__file__).parent / "templates"
TEMPLATES: Final = Templates(FOLDER)
_NBSP: Final = "\u00a0"
_UNIT: Final = re.compile(r"(?<=\d) (?=[^\W\d_]{1,3}\b)")
# Longer waits are told in hours.
_MINUTES_TO_SAY: Final = 100


def render(
    context: PageContext,
    page: MemberRequest,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    brand: str | None = None,
    **values: Any,
) -> Response[bytes]:
    """Render a template for who asks; `brand` is whose cap it is, if that is known."""
    brands = context.brands()
    kit = brands.kit_of(brand)
    return TEMPLATES.render(
        page,
        template,
        status=status,
        headers=headers,
        extra_style=kit.style if kit else "",
        kit=kit,
        brand=kit.name_in(page.language) if kit else brand or brands.sole,
        public_url=context.settings.public_url,
        t=partial(_text, page.language),
        links=_links(context, page, values.get("next_path")),
        sign_in_kind=context.sign_in.kind.value,
        tie_units=tie_units,
        say=partial(say, page.language),
        money=tell_money,
        group=group,
        **_words(page.language, context.settings.timezone),
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
        when = word_minute(language, timezone, until)
    minutes = ceil(seconds / 60)
    if minutes > _MINUTES_TO_SAY:
        hours = round(minutes / 60)
        return TEXTS.tell(language, f"{said}_hours", hours=hours, when=when)
    name = f"{said}_minute" if minutes <= 1 else f"{said}_minutes"
    return TEXTS.tell(language, name, minutes=minutes, when=when)


def _links(
    context: PageContext, page: MemberRequest, next_path: str | None
) -> dict[str, str]:
    """Give the page's links; the language switch leads back to the same page."""
    other = "en" if page.language == "zh" else "zh"
    more = {} if next_path is None else {"next": next_path}
    more |= page.marks
    return {
        "here": page.path,
        "other": other,
        "switch": f"{page.path}?{urlencode(more | {'lang': other})}",
        "sign_in": context.sign_in.link(page.path) or "",
        "sign_out": SIGN_OUT_PATH,
        "wallet": WALLET_PATH,
        "report": f"/report?{urlencode({'of': page.path})}",
    }


def _words(language: str, timezone: ZoneInfo) -> Mapping[str, Callable[..., str]]:
    """Make what words days and moments on the brand's clock."""
    return {
        "day": lambda day: _tie(word_day(language, day)),
        "hour": lambda at_ms: _tie_end(
            word_hour(language, timezone, utc_datetime(at_ms))
        ),
        "minute": lambda at_ms: _tie(
            word_minute(language, timezone, utc_datetime(at_ms))
        ),
        "moment": lambda at: _tie(word_minute(language, timezone, at)),
        "begin": lambda at: _tie(word_begin(language, timezone, at)),
        "end": lambda at: _tie(word_end(language, timezone, at)),
    }


def _tie(moment: str) -> Markup:
    """Keep a day or a moment on one line."""
    return Markup('<span class="tie">{}</span>').format(moment)


def _tie_end(moment: str) -> Markup:
    """Keep the hour on one line, after its day."""
    day, _, hour = moment.partition(" ")
    return Markup("{} {}").format(day, _tie(hour) if " " not in hour else hour)


def _text(language: str, name: str, **values: object) -> Markup:
    """Say a text of the page around its values, which are escaped unless markup."""
    return Markup(TEXTS.text(language, name)).format(**values)  # noqa: S704 - our own texts


def tie_units(name: str) -> str:
    """Keep a quantity and its unit on one line: `250 ml`."""
    return _UNIT.sub(_NBSP, name)
