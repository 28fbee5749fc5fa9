"""A marketer's day in real Chromium: make, let approve, activate, look, pause."""

from itertools import count

import pytest
from playwright.async_api import Page, expect

from crowncap.demo import GTIN
from tests.browser.conftest import OpenContext
from tests.browser.looking import SCREENS, enter, look_over, push
from tests.fixtures.service import Service

LOOKS = [
    ("wide", "en-US", "light"),
    ("tablet", "en-US", "dark"),
    ("phone", "zh-CN", "dark"),
    ("wide", "zh-CN", "light"),
]
_numbers = count(1)


async def _press(page: Page, value: str) -> None:
    """Push a button of the form; the row that it adds has the focus."""
    async with page.expect_navigation():
        await page.locator(f"button[value={value}]:not(.out)").first.press("Enter")


async def _build(page: Page, campaign_id: str) -> None:
    """Fill in a campaign with everything that the form has."""
    await page.locator("#campaign_id").fill(campaign_id)
    await page.locator("#name_zh").fill("春季开盖有礼")
    await page.locator("#name_en").fill("Spring under the cap")
    await page.locator("#starts_on").fill("2026-01-01")
    await _press(page, "add_group")
    for fact in ("gtin", "weekday"):
        await page.locator("#g0_add_fact").select_option(fact)
        await _press(page, "add_row_0")
    await expect(page.locator("#g0_r1_value")).to_have_count(1)
    await page.locator("#g0_r0_op").select_option("in")
    await page.locator("#g0_r0_value").fill(GTIN)
    await page.locator("#g0_r1_op").select_option(">=")
    await page.locator("#g0_r1_value").fill("1")
    for kind in ("points", "chance"):
        await page.locator("#add_offer_kind").select_option(kind)
        await _press(page, "add_offer")
    await page.locator("#o0_amount").fill("5")
    await page.locator("#o1_add_kind").select_option("gift")
    await _press(page, "add_tier_1")
    await page.locator("#o1_t0_title").fill("一等奖 First")
    await page.locator("#o1_t0_percent").fill("0.5")
    await page.locator("#o1_t0_name").fill("春茶 spring tea")
    await page.locator("#budget_points").fill("1,000,000")
    await _press(page, "add_cap")
    await page.locator("#c0_most").fill("3")


@pytest.mark.parametrize(("screen", "language", "scheme"), LOOKS)
async def test_a_marketers_day(
    service: Service,
    open_context: OpenContext,
    screen: str,
    language: str,
    scheme: str,
) -> None:
    """By keyboard, without a script; two people, and one button that pauses."""
    context = await open_context(
        viewport=SCREENS[screen],
        locale=language,
        color_scheme=scheme,
        java_script_enabled=False,
    )
    tag = f"{screen}-{language[:2]}"
    number = next(_numbers)
    campaign_id = f"day-{number}"
    here = f"/console/campaigns/{campaign_id}"
    page = await context.new_page()
    await enter(page, service.staff("marketer"), "/console/new-campaign")
    await expect(page.locator("#campaign_id")).to_be_focused()
    await _build(page, campaign_id)
    await look_over(page, f"marketing-1-form-{tag}")
    await _press(page, "check")
    await expect(page.locator(".words")).to_contain_text("春茶 spring tea")
    await expect(page.locator(".alert")).to_have_count(0)
    await look_over(page, f"marketing-2-checked-{tag}")
    await page.locator("#p_gtin").fill(GTIN)
    await page.locator("#p_member").fill(f"fan-{number}")
    await _press(page, "preview")
    await expect(page.locator("#earned li")).to_have_count(2)
    await look_over(page, f"marketing-3-previewed-{tag}")
    await _press(page, "save")
    await expect(page.locator("#waits .hint")).to_be_visible()
    await look_over(page, f"marketing-4-waits-{tag}")
    await context.clear_cookies()
    await enter(page, service.staff_token("marketer", name=f"second-{number}"), here)
    await push(page, "#waits button")
    await push(page, "#waits button")
    [code] = service.codes(service.issue(1, campaign_id=campaign_id))
    assert service.scan(code, f"fan-{number}")["outcome"] == "rewarded"
    service.cli("campaign", "figures", campaign_id, "--rebuild")
    await page.goto(f"{here}/edit")
    await page.locator("#budget_points").fill("2,000,000")
    await _press(page, "save")
    await expect(page.locator("#waits ins")).to_be_visible()
    await expect(page.locator("#figures polyline")).to_have_count(1)
    await page.locator("#reason").fill("海报印错了 a wrong poster")
    await look_over(page, f"marketing-5-active-{tag}")
    await push(page, "#steps button")
    await expect(page.locator("#steps .primary")).to_be_visible()
    await look_over(page, f"marketing-6-paused-{tag}")
    await page.goto("/console/campaigns")
    await look_over(page, f"marketing-7-all-{tag}")
