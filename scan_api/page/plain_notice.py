"""A notice with no page around it, for a moment in which no page can be made."""

from functools import cache
from typing import Final

from markupsafe import Markup

from scan_api.page.texts import TEXTS

# It names nothing to load, and may load nothing.
POLICY: Final = "default-src 'none'"
_NOTICE: Final = Markup(
    '<!doctype html><html lang="{lang}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{heading}</title><h1>{heading}</h1><p>{lead}</p></html>"
)


@cache
def busy_notice(language: str) -> bytes:
    """Tell a person in zh or en that we are busy, and to come back in a moment."""
    return _NOTICE.format(
        lang="zh-Hans" if language == "zh" else language,
        heading=TEXTS.text(language, "notice_503"),
        lead=TEXTS.text(language, "notice_503_lead"),
    ).encode()
