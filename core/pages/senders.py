"""Who made a browser ask for a page: a visitor, another site, or nobody who looks.

Browsers tell by Fetch Metadata (W3C, Sec-Fetch-*). Older ones and programs that fetch
previews of links do not, so Accept, Referer and User-Agent are read as well. All of
it can be made up: whoever says that nobody looks must be shown nothing worth knowing.
"""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from core.pages.guard import origin_of


class Sender(Enum):
    """Who made the request."""

    VISITOR = "somebody who looks, of his own accord"
    LINK = "somebody who looks, led here by another site"
    UNSEEN = "a page, a browser or a program, by itself; nobody sees the answer"


_PREFETCH: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
# By name, since words such as "bot" stand in the names of telephones too.
_PREVIEWERS: Final = re.compile(
    r"facebookexternalhit|facebot|twitterbot|whatsapp/|telegrambot|slackbot|discordbot"
    r"|linkedinbot|skypeuripreview|pinterestbot|redditbot|kakaotalk-scrap|viber/"
    r"|vkshare|embedly|iframely|dingtalkbot|larkurl|google-read-aloud|bingpreview"
    r"|bitlybot|mastodon/|snapchat/.*preview",
    re.IGNORECASE,
)


def sender_of(
    method: str, headers: Mapping[str, str], own_origins: frozenset[str]
) -> Sender:
    """Tell who made a request for a page."""
    site = headers.get("sec-fetch-site")
    if method == "HEAD" or is_prefetch(headers):
        return Sender.UNSEEN
    if headers.get("sec-fetch-dest", "document") != "document":
        return Sender.UNSEEN
    if site == "same-origin":
        return Sender.VISITOR
    if _asks_for_image(headers) or _PREVIEWERS.search(headers.get("user-agent", "")):
        return Sender.UNSEEN
    if site is None:
        referer = headers.get("referer")
        is_own = referer is None or origin_of(referer) in own_origins
    else:
        is_own = site == "none"
    return Sender.VISITOR if is_own else Sender.LINK


def _asks_for_image(headers: Mapping[str, str]) -> bool:
    accept = headers.get("accept", "")
    return "image/" in accept and "text/html" not in accept


def is_prefetch(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser asks ahead of its user, who may never come."""
    return any(
        word in headers.get(name, "").lower()
        for name in _PREFETCH
        for word in ("prefetch", "prerender", "preview")
    )
