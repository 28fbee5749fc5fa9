"""The cashier's page in real Chromium: a phone, a scanner that types, a camera."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import SHOTS, OpenContext
from tests.browser.contrast import CONTRAST
from tests.fixtures.pictures import picture_of
from tests.fixtures.shop import Shop

PHONE = {"width": 390, "height": 844}
TILL_SCREEN = {"width": 1024, "height": 768}
LEAST_TARGET_PX = 44
# What a phone's browser has and this one has not: it sees the code that is put there.
SEEING = """
    window.BarcodeDetector = class {
        static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
        detect() { return Promise.resolve([{ rawValue: "%s" }]); }
    };
    Object.defineProperty(navigator, "mediaDevices", { value: {
        getUserMedia: async () => {
            const paper = document.createElement("canvas");
            paper.getContext("2d").fillRect(0, 0, 9, 9);
            return paper.captureStream(10);
        },
    } });
"""


async def look_over(page: Page, name: str) -> None:
    """Photograph a page, and find what a cashier would stumble on."""
    folder = SHOTS.with_name("console")
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"till-{name}.png", full_page=True)
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    assert await page.evaluate(CONTRAST) == []
    small = await page.locator(
        "main button, main input:not([type=hidden])"
    ).evaluate_all(
        "(all, least) => all.filter((e) => e.getClientRects().length"
        " && e.getBoundingClientRect().height < least).map((e) => e.outerHTML)",
        LEAST_TARGET_PX,
    )
    assert small == []


async def enter(page: Page, token: str) -> None:
    """Sign in, which leads to the till."""
    await page.goto("/console")
    await page.locator("#staff_token").fill(token)
    async with page.expect_navigation(url="**/console/till"):
        await page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("language", "scheme", "screen"),
    [("zh-CN", "dark", PHONE), ("en-US", "light", TILL_SCREEN)],
)
async def test_a_scanner_types_and_one_tap_redeems(
    shop: Shop,
    open_context: OpenContext,
    language: str,
    scheme: str,
    screen: dict[str, int],
) -> None:
    """The field has the focus, so that a scan and its Enter are a look."""
    pool = shop.pool(name="春季满减 5 元", valid_days=30, min_basket_minor=1_000)
    codes = [shop.issue(pool)["coupon_code"] for _ in range(2)]
    context = await open_context(viewport=screen, locale=language, color_scheme=scheme)
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = await context.new_page()
    await enter(page, shop.cashier)
    tag = f"{language[:2]}-{scheme}"
    await look_over(page, f"1-asks-{tag}")
    await expect(page.locator("#code")).to_be_focused()
    await expect(page.locator("#camera")).to_be_hidden()
    async with page.expect_navigation():
        await page.keyboard.type(codes[0] + "\n", delay=1)
    await expect(page.locator("#outcome.wrong")).to_be_visible()
    await look_over(page, f"2-too-small-{tag}")
    await page.locator("#basket").fill("88.80")
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await expect(page.locator(".worth")).to_contain_text("¥5.00")
    await look_over(page, f"3-good-{tag}")
    async with page.expect_navigation():
        await page.locator("form[action$=redemptions] button").click()
    await expect(page.locator(".done .worth")).to_contain_text("¥5.00")
    await expect(page.locator("#code")).to_be_focused()
    await look_over(page, f"4-done-{tag}")
    async with page.expect_navigation():
        await page.keyboard.type(codes[0] + "\n", delay=1)
    await expect(page.locator(".why")).to_contain_text("Nanjing Road")
    await look_over(page, f"5-used-{tag}")
    async with page.expect_navigation():
        await page.locator(".recent summary").first.click()
        await look_over(page, f"6-sure-{tag}")
        await page.locator(".recent .danger").first.click()
    await expect(page.locator("p.fine")).to_be_visible()
    await look_over(page, f"6-undone-{tag}")
    assert complaints == []


async def test_a_camera_that_sees_a_code_looks_it_up(
    shop: Shop, open_context: OpenContext
) -> None:
    """The page's own script may run; what the browser sees is sent as if typed."""
    code = shop.issue(shop.pool(name="Spring"))["coupon_code"]
    context = await open_context(viewport=PHONE)
    await context.add_init_script(SEEING % code)
    page = await context.new_page()
    await enter(page, shop.cashier)
    await expect(page.locator("#camera")).to_be_visible()
    await look_over(page, "7-camera")
    async with page.expect_navigation():
        await page.locator("#camera").click()
    await expect(page.locator(".worth")).to_contain_text("¥5.00 off")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_a_phone_whose_browser_reads_no_codes_takes_a_picture(
    shop: Shop,
    open_context: OpenContext,
    tmp_path: Path,
    scripts: bool,  # noqa: FBT001 - the browser's own switch
) -> None:
    """One tap and a picture, sent at once and smaller; one more without scripts."""
    code = shop.issue(shop.pool(name="Spring"))["coupon_code"]
    picture = tmp_path / "IMG_0001.JPG"
    picture_of(code, 4_032, 3_024).save(picture, quality=95)
    context = await open_context(
        viewport=PHONE, has_touch=True, is_mobile=True, java_script_enabled=scripts
    )
    page = await context.new_page()
    sizes: list[int] = []
    page.on(
        "request", lambda request: sizes.append(len(request.post_data_buffer or b""))
    )
    await enter(page, shop.cashier)
    await page.locator("#basket").fill("3")
    await look_over(page, f"8-picture-{'scripts' if scripts else 'plain'}")
    async with page.expect_navigation(url="**/till/pictures"):
        if scripts:
            async with page.expect_file_chooser() as chosen:
                await page.locator("#photograph").tap()
            await (await chosen.value).set_files(picture)
        else:
            await page.locator("#file").set_input_files(picture)
            await page.locator("#send").tap()
    await expect(page.locator(".worth")).to_contain_text("¥3.00 off")
    if scripts:
        assert max(sizes) < picture.stat().st_size / 2


@pytest.mark.parametrize(
    ("language", "scheme", "screen"),
    [("zh-CN", "light", PHONE), ("en-US", "dark", TILL_SCREEN)],
)
async def test_a_marketers_pools_are_easy_to_read(
    shop: Shop,
    open_context: OpenContext,
    language: str,
    scheme: str,
    screen: dict[str, int],
) -> None:
    """Their stock in a table, and forms that nothing hangs over."""
    pool = shop.pool(name="Spring", valid_days=30, daily_stock=5, min_basket_minor=900)
    shop.issue(pool)
    context = await open_context(viewport=screen, locale=language, color_scheme=scheme)
    page = await context.new_page()
    await page.goto("/console/sign-in?next=/console/coupons")
    await page.locator("#staff_token").fill(shop.marketer)
    async with page.expect_navigation(url="**/console/coupons"):
        await page.keyboard.press("Enter")
    await page.locator("details").evaluate_all(
        "all => all.forEach((e) => { e.open = true; })"
    )
    await look_over(page, f"8-pools-{language[:2]}-{scheme}")
