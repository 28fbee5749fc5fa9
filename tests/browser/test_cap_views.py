"""Every view of a cap, in both languages and both schemes: readable, in place."""

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from playwright.async_api import Browser

from codegen.domain.brand_kits import BrandKit, Brands
from core.auth import Member
from core.clock import SystemClock, utc_datetime
from core.settings import Settings
from scan_api.page.cap_view import CapView, CapViewName
from scan_api.page.context import PageContext
from scan_api.page.page_request import MemberRequest
from scan_api.page.rendering import render, word_wait
from scan_api.page.typed import read_typed
from scan_api.pipeline.requests import Origin
from tests.browser.conftest import SHOTS
from tests.browser.contrast import CONTRAST

AT_MS = 1_790_000_000_000
PRODUCT = "有机纯牛奶 Organic Milk 250 ml"
KIT = BrandKit(
    brand="Demo Dairy",
    name_zh="示例乳业",
    name_en="Demo Dairy",
    primary="#7a1f5c",
    accent="#ffcc00",
    hotline="400-000-0000",
    contact_url="https://dairy.example/help",
    wechat="示例乳业服务号",
    privacy_url="https://dairy.example/privacy",
    rules_url="https://dairy.example/rules",
    footer="沪ICP备00000000号",
)
OWN = {
    CapViewName.REWARDED,
    CapViewName.YOURS,
    CapViewName.HELD,
    CapViewName.DENIED,
    CapViewName.NO_REWARD,
    CapViewName.CAME_LATE,
}
DIMMED = {CapViewName.CLAIMED, CapViewName.NOT_ACTIVE}


def page_context() -> PageContext:
    """Give what a page is drawn with."""
    # A page is drawn from settings alone; the rest of the context answers questions.
    nobody = cast("Any", None)
    settings = Settings.from_env({"CROWNCAP_DEMO": "1"})
    brands = Brands({KIT.brand: KIT}, KIT.brand)
    return PageContext(
        settings, SystemClock(), nobody, nobody, nobody, nobody, nobody, lambda: brands
    )


def page_request(language: str, member: Member | None) -> MemberRequest:
    """Give the request of a phone."""
    return MemberRequest(
        language=language,
        secure=False,
        own_origins=frozenset(),
        path="/C/0S7NNXNY6ZT4QM5Q",
        member=member,
        origin=Origin(None, ()),
        headers={},
        cookie_token="x" * 32,
        form_token="x" * 32,
        cookies=[],
    )


def _view(name: CapViewName) -> CapView:
    if name in {CapViewName.INVALID, CapViewName.FOREIGN}:
        return CapView(name)
    return CapView(
        name,
        PRODUCT,
        "Demo Dairy",
        "请停止饮用批号 L20260701 的产品，到门店全额退款。400-000-0000"
        if name is CapViewName.RECALLED
        else None,
        AT_MS if name in OWN | {CapViewName.CLAIMED, CapViewName.OTHERS} else None,
        5,
        1_235 if name in OWN else None,
        utc_datetime(AT_MS),
        utc_datetime(AT_MS + 9 * 86_400_000),
        scan_id=119_370_821_376_147_456,
    )


def _draw(language: str) -> dict[str, bytes]:
    """Draw every view and notice."""
    context, drawn = page_context(), {}
    for name in CapViewName:
        member = None if name in DIMMED else Member("alice")
        answer = render(
            context,
            page_request(language, member),
            "cap.html",
            brand=_view(name).brand,
            view=_view(name),
            expired=name is CapViewName.OUTSIDE,
            code="0S7N-NXNY-6ZT4-QM5Q",
            typed=None,
            invalid=name in {CapViewName.INVALID, CapViewName.FOREIGN},
            tomorrow=utc_datetime(AT_MS),
        )
        drawn[name.value] = answer.content
    page = page_request(language, None)
    for kind in ("400", "403", "404", "429", "503", "unseen", "wrong"):
        notice = f"notice_{kind}"
        timezone = context.settings.timezone
        wait = word_wait(language, timezone, "wrong", 50_000, now_ms=AT_MS)
        drawn[notice] = render(
            context, page, "notice.html", notice=notice, wait=wait
        ).content
    form = {"of": "/", "reference": "0" * 8, "note": "?" * 90, "place": ""}
    for sent in (None, "7K3M-9XQ2"):
        drawn["reported" if sent else "report"] = render(
            context, page, "report.html", form=form, wrong=True, sent=sent
        ).content
    typed = read_typed("UBER OLD CAP 1234")
    home = render(context, page_request(language, None), "home.html", typed=typed)
    return drawn | {"home": home.content}


def draw_reward(language: str, points: int) -> bytes:
    """Draw the view of so many points, just earned, on top of as many."""
    return draw_cap(language, points=points, balance=points)


def draw_cap(language: str, **shown: Any) -> bytes:
    """Draw the view of a cap that has just earned something."""
    return render(
        page_context(),
        page_request(language, Member("alice")),
        "cap.html",
        view=replace(_view(CapViewName.REWARDED), **shown),
        expired=False,
        code="0S7N-NXNY-6ZT4-QM5Q",
        typed=None,
        invalid=False,
        tomorrow=utc_datetime(AT_MS),
    ).content


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [360, 1200], ids=["phone", "desktop"])
async def test_every_view_is_readable_and_fits(
    browser: Browser, language: str, scheme: Any, width: int
) -> None:
    """Each text has the contrast of WCAG AA, and nothing sticks out sideways."""
    device = "phone" if width < 600 else "desktop"
    directory = SHOTS / "cap_views"
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    context = await browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    for name, html in _draw(language).items():
        await page.set_content(html.decode())
        assert await page.evaluate(CONTRAST) == [], (name, scheme)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        shot = directory / f"{name}-{device}-{scheme}-{language}.png"
        await page.screenshot(path=shot, full_page=True)
    await context.close()


async def test_no_view_sticks_out_of_the_smallest_phone_with_twice_the_text(
    browser: Browser,
) -> None:
    """320 px and 200 %: WCAG 2.2, resize text and reflow."""
    context = await browser.new_context(viewport={"width": 320, "height": 640})
    page = await context.new_page()
    grow = "document.documentElement.style.fontSize = '200%'"
    for language in ("en", "zh"):
        for name, html in _draw(language).items():
            await page.set_content(html.decode())
            await page.evaluate(grow)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide == 320, (name, language)
    await context.close()
