"""Who made a request for a page: a visitor, another site, or nobody who looks."""

import pytest

from core.pages import Sender, sender_of

OWN = frozenset({"https://cap.cn"})
NAVIGATION = "text/html,application/xhtml+xml,image/avif,*/*;q=0.8"
IMAGE = "image/avif,image/webp,*/*;q=0.8"
PHONE = "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/110.0"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"accept": NAVIGATION, "user-agent": PHONE},
        {"sec-fetch-site": "none", "sec-fetch-dest": "document", "accept": NAVIGATION},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document"},
        {"referer": "https://cap.cn/C/"},
        # Whoever presses a button on our own page looks at it.
        {"sec-fetch-site": "same-origin", "user-agent": "facebookexternalhit/1.1"},
    ],
)
def test_who_opens_a_page_is_a_visitor(headers: dict[str, str]) -> None:
    assert sender_of("GET", headers, OWN) is Sender.VISITOR


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "same-site", "sec-fetch-dest": "document"},
        {"sec-fetch-site": "cross-site"},
        {"referer": "https://elsewhere.cn/", "accept": NAVIGATION},
        {"referer": "nonsense"},
    ],
)
def test_who_follows_a_link_was_led_here(headers: dict[str, str]) -> None:
    assert sender_of("GET", headers, OWN) is Sender.LINK


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "none", "sec-fetch-dest": "empty"},
        {"sec-purpose": "prefetch;prerender", "sec-fetch-dest": "document"},
        {"purpose": "prefetch"},
        {"x-purpose": "preview"},
        {"x-moz": "prefetch"},
        {"accept": IMAGE},
        {"user-agent": "WhatsApp/2.23.20.0"},
        {"user-agent": "Mozilla/5.0 (compatible; TelegramBot; like TwitterBot)"},
    ],
)
def test_what_a_page_or_a_program_fetches_nobody_looks_at(
    headers: dict[str, str],
) -> None:
    assert sender_of("GET", headers, OWN) is Sender.UNSEEN


def test_head_shows_nothing() -> None:
    assert sender_of("HEAD", {}, OWN) is Sender.UNSEEN
