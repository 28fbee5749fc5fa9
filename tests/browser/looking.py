"""A page of the console, entered by keyboard and looked over as a reader would."""

from playwright.async_api import Page

from tests.browser.conftest import SHOTS
from tests.browser.contrast import CONTRAST

SCREENS = {
    "wide": {"width": 1280, "height": 900},
    "tablet": {"width": 820, "height": 1180},
    "phone": {"width": 390, "height": 844},
}
LEAST_TARGET_PX = 44
TARGETS = "main button:not(.out), main input:not([type=radio]):not([type=checkbox])"


async def look_over(page: Page, name: str) -> None:
    """Photograph a page, and find what a reader would stumble on."""
    folder = SHOTS.with_name("console")
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=True)
    root = "document.documentElement"
    wider = await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    assert wider == 0, name
    assert await page.evaluate(CONTRAST) == [], name
    small = await page.locator(TARGETS).evaluate_all(
        "(all, least) => all.filter((e) => e.getClientRects().length && e.type !="
        " 'hidden' && e.getBoundingClientRect().height < least)"
        ".map((e) => e.outerHTML)",
        LEAST_TARGET_PX,
    )
    assert small == [], name


async def enter(page: Page, token: str, to: str) -> None:
    """Sign in by keyboard, and go on to a page."""
    await page.goto(f"/console/sign-in?next={to}")
    await page.locator("#staff_token").fill(token)
    async with page.expect_navigation(url=f"**{to}"):
        await page.keyboard.press("Enter")


async def push(page: Page, button: str) -> None:
    """Push a button by keyboard, and wait for where it leads."""
    async with page.expect_navigation():
        await page.locator(button).press("Enter")
