"""From a cap to the till and back, in two browsers: a consumer's phone, a cashier's."""

import subprocess
from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import SHOTS, OpenContext
from tests.browser.contrast import CONTRAST
from tests.browser.test_till import PHONE, enter, look_over
from tests.fixtures.festival import POINTS, Festival
from tests.fixtures.programs import Finder
from tests.fixtures.service import Service


async def photograph(page: Page, name: str) -> None:
    """Photograph a consumer's page, and find what can hardly be read or sticks out."""
    folder = SHOTS / "cap-to-till"
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=True)
    assert await page.evaluate(CONTRAST) == [], name
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0, name


async def read_symbol(page: Page, program: Finder, file: Path) -> str:
    """Read the symbol that a phone shows, by a program that did not draw it."""
    await page.locator(".till svg").screenshot(path=file)
    command = [program("zbarimg"), "-q", "--raw", str(file)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)  # noqa: ASYNC221 - nothing else waits
    return done.stdout.strip()


async def test_a_cap_becomes_a_coupon_that_a_till_takes_and_gives_back(
    service: Service, open_context: OpenContext, program: Finder, tmp_path: Path
) -> None:
    """Claimed on the way back from signing in, read off the phone, redeemed, undone."""
    festival = Festival(service)
    pool = festival.pool(name="Five off 满减", min_basket_minor=1_000, valid_days=9)
    festival.campaign(
        offers=[POINTS, {"offer_id": "c", "kind": "coupon", "pool_id": pool}]
    )
    [code] = festival.caps(1)
    phone = await (await open_context(viewport=PHONE)).new_page()
    complaints: list[str] = []
    phone.on("console", lambda message: complaints.append(message.text))
    await phone.goto(f"/C/{code}")
    await phone.get_by_role("button", name="Sign in and claim").click()
    await phone.locator("#name").fill(f"shopper-{code}")
    await phone.locator("main button").click()
    await expect(phone.locator("h1")).to_contain_text("is yours!")
    await photograph(phone, "1-claimed")
    await phone.locator("main").get_by_role("link", name="My rewards").click()
    await expect(phone.locator("#balance")).to_have_text("5")
    await photograph(phone, "2-wallet")
    await phone.get_by_role("link", name="Show it at the till").click()
    await photograph(phone, "3-coupon")
    seen = await read_symbol(phone, program, tmp_path / "symbol.png")

    token = service.staff_token("cashier", name="cara", brand=festival.brand)
    till = await (await open_context(viewport=PHONE)).new_page()
    till.on("console", lambda message: complaints.append(message.text))
    await enter(till, token)
    await till.keyboard.type(seen.lower())
    await till.locator("#basket").fill("20")
    async with till.expect_navigation():
        await till.keyboard.press("Enter")
    await expect(till.locator(".worth")).to_contain_text("¥5.00")
    async with till.expect_navigation():
        await till.get_by_role("button", name="Redeem").click()
    await expect(till.locator("#outcome")).to_contain_text("Redeemed")

    await phone.reload()
    await expect(phone.locator("#phase")).to_contain_text("Used on")
    await expect(phone.locator(".till")).to_have_count(0)
    await photograph(phone, "4-used")
    await phone.goto("/me")
    await expect(phone.locator("details.list")).to_contain_text("Five off")

    await till.locator(".done summary").click()
    await look_over(till, "9-sure-after-redeeming")
    async with till.expect_navigation():
        await till.locator(".done .danger").click()
    await expect(till.locator("p.fine")).to_be_visible()

    await phone.reload()
    await phone.get_by_role("link", name="Show it at the till").click()
    await expect(phone.locator("#phase")).to_contain_text("Good until")
    assert await read_symbol(phone, program, tmp_path / "again.png") == seen
    # What the till answers with a status of its own is told, and nothing was blocked.
    assert complaints == []
    service.audit()
