"""A consumer with a phone: scan, sign in, claim, joy, balance, in real Chromium."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import SHOTS, OpenContext
from tests.browser.test_cap_views import draw_reward
from tests.fixtures.service import Service

PHONE = {"width": 360, "height": 740}
SMALL = {"width": 320, "height": 568}


async def _photograph(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


async def _overflow(page: Page) -> int:
    """Tell by how many pixels the page is wider than the screen."""
    root = "document.documentElement"
    return int(await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-US", ("Genuine", "Sign in and claim", "is yours!")),
        ("zh-CN", ("正品", "登录并领取奖励", "奖励到账")),
    ],
)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_a_consumer_scans_signs_in_claims_and_sees_the_balance(
    service: Service,
    open_context: OpenContext,
    language: str,
    words: tuple[str, str, str],
    scripts: bool,  # noqa: FBT001 - the browser's own switch
) -> None:
    """Who taps "Sign in and claim" has claimed once signed in, also without scripts."""
    genuine, sign_in, joy = words
    code = service.fresh_code()
    context = await open_context(locale=language, java_script_enabled=scripts)
    page = await context.new_page()
    await page.goto(f"/C/{code}")
    await expect(page.locator("h1")).to_have_text(genuine)
    tag = f"{language}-{'scripts' if scripts else 'plain'}"
    await _photograph(page, f"1-genuine-{tag}")
    await page.get_by_role("button", name=sign_in).click()
    await page.locator("#name").fill(f"browser-{tag}")
    await _photograph(page, f"2-sign-in-{tag}")
    await page.locator("main button").click()
    await expect(page.locator("h1")).to_contain_text(joy)
    await expect(page.locator("#balance")).to_have_text("5")
    assert page.url.endswith(f"/C/{code}")
    await expect(page.locator(".joy .lid")).to_have_css("opacity", "0")
    await _photograph(page, f"3-rewarded-{tag}")
    await page.reload()
    await expect(page.locator("#balance")).to_have_text("5")
    assert service.scan(code, f"browser-{tag}")["by_you"] is True


async def test_a_consumer_claims_with_the_keyboard_alone(
    service: Service, open_context: OpenContext
) -> None:
    """Tab and Enter reach everything, and where one stands can be seen."""
    context = await open_context()
    page = await context.new_page()
    await page.goto(f"/C/{service.fresh_code()}")

    async def tab_to(text: str) -> None:
        for _ in range(8):
            await page.keyboard.press("Tab")
            here = page.locator(":focus")
            assert await here.evaluate("e => getComputedStyle(e).outlineStyle") != (
                "none"
            )
            if text in (await here.inner_text() or await here.input_value()):
                return
        raise AssertionError(f"never came to {text}")

    await tab_to("Sign in and claim")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sign-in**")
    await page.locator("#name").focus()
    await page.keyboard.type("keys-only")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/C/**")
    await expect(page.locator("#balance")).to_have_text("5")


@pytest.mark.parametrize("viewport", [PHONE, SMALL], ids=["360px", "320px"])
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
async def test_a_small_phone_never_scrolls_sideways(
    service: Service,
    open_context: OpenContext,
    viewport: dict[str, int],
    language: str,
) -> None:
    """Each page fits, with the longest name and with larger text."""
    context = await open_context(viewport=viewport, locale=language)
    token = service.member_token("w" * 128)
    await context.add_cookies(
        [{"name": "crowncap_session", "value": token, "url": service.base_url}]
    )
    page = await context.new_page()
    paths = ["/", "/?code=x", "/sign-in", "/C/missing.txt", "/C/NOT-A-CODE"]
    for path in [*paths, f"/C/{service.fresh_code()}"]:
        await page.goto(path)
        assert await _overflow(page) == 0, path
        await page.evaluate("document.documentElement.style.fontSize = '150%'")
        assert await _overflow(page) == 0, path
    await page.locator("form.claim button").click()
    await expect(page.locator("#balance")).to_be_visible()
    assert await _overflow(page) == 0


async def test_the_style_passes_the_pages_own_policy(
    service: Service, open_context: OpenContext
) -> None:
    """The browser applies the style and reports nothing that the policy blocked."""
    context = await open_context()
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for path in ("/", f"/C/{service.fresh_code()}", "/sign-in", "/C/NOT-A-CODE"):
        await page.goto(path)
        colour = await page.locator(".hero").evaluate("e => getComputedStyle(e).color")
        assert colour == "rgb(255, 255, 255)"
    assert complaints == []


async def test_who_dislikes_motion_sees_the_reward_at_once(
    service: Service, open_context: OpenContext
) -> None:
    """With reduced motion nothing moves, and the points stand in the open cap."""
    running = {}
    for motion in ("reduce", "no-preference"):
        context = await open_context(reduced_motion=motion)
        token = service.member_token(f"still-{motion}")
        await context.add_cookies(
            [{"name": "crowncap_session", "value": token, "url": service.base_url}]
        )
        page = await context.new_page()
        await page.goto(f"/C/{service.fresh_code()}")
        await page.locator("form.claim button").click()
        await expect(page.locator(".joy text")).to_have_text("+5")
        running[motion] = await page.evaluate("document.getAnimations().length")
    assert running["reduce"] == 0
    assert running["no-preference"] > 0


async def test_a_typed_code_is_checked_in_the_browser_and_on_the_server(
    service: Service, open_context: OpenContext
) -> None:
    """No bubble of the browser stands before our sentence, nor before full width."""
    code = service.fresh_code()
    context = await open_context()
    page = await context.new_page()
    await page.goto("/")
    field = page.locator("#code")
    for typed, said in (
        ("short", "That has 5 characters"),
        (code[:7] + "!" + code[8:], "A cap code never has this character: ! (place 8)"),
        (code[:15], "That has 15 characters"),
    ):
        await field.fill(typed)
        await field.press("Enter")
        await expect(page.locator("#wrong")).to_contain_text(said)
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    for typed in (wide, f"https://b.cn/c/{code}"):
        await page.goto("/")
        await field.fill(typed)
        await field.press("Enter")
        await expect(page.locator("h1")).to_have_text("Genuine")


async def test_many_points_stay_on_one_line_inside_the_cap(
    browser: Browser,
) -> None:
    """From six digits to sixteen, on the smallest phone and with larger text."""
    context = await browser.new_context(viewport={"width": 320, "height": 640})
    page = await context.new_page()
    for points in (5, 100, 888_896, 8_888_888, 10**15):
        await page.set_content(draw_reward("zh", points).decode())
        for size in ("100%", "200%"):
            await page.evaluate(f"document.documentElement.style.fontSize = '{size}'")
            assert await _overflow(page) == 0, (points, size)
            spill = await page.evaluate(
                """() => {
                const box = (e) => e.getBoundingClientRect();
                const [text, liner] = ['.inside text', '.liner']
                    .map((s) => box(document.querySelector(s)));
                const cut = [...document.querySelectorAll('.prize dd')]
                    .filter((e) => e.scrollWidth > e.clientWidth).length;
                return [text.width > liner.width, cut];
                }"""
            )
            assert spill == [False, 0], (points, size)
    await context.close()
