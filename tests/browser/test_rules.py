"""An analyst changes a rule in real Chromium: written, kept, activated by another."""

from playwright.async_api import BrowserContext, Page, expect

from tests.browser.conftest import SHOTS, OpenContext
from tests.fixtures.service import Service

LAPTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


async def _photograph(page: Page, name: str) -> None:
    folder = SHOTS.with_name("rules")
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def _enter(context: BrowserContext, token: str) -> Page:
    page = await context.new_page()
    await page.goto("/console/rules")
    await page.locator("#staff_token").fill(token)
    async with page.expect_navigation(url="**/console/rules"):
        await page.keyboard.press("Enter")
    return page


async def _scan(service: Service, times: int) -> None:
    member = service.member_token("tried-in-a-browser")
    for _ in range(times):
        code = service.fresh_code()
        assert service.post("/v1/scans", {"code": code}, member).status_code == 200


async def _watch_shadow(service: Service, ana: Page) -> None:
    """Let the version of a page run in the shadow until it has compared something."""
    here = ana.url
    # The form says a week from now by itself.
    await ana.locator("#shadow").get_by_role("button", name="Start").click()
    await expect(ana.locator("h1 .chip")).to_have_text("Running")
    await _scan(service, 2)
    for _ in range(60):
        await ana.reload()
        if await ana.get_by_text("of them judged otherwise").count():
            break
        await ana.wait_for_timeout(500)
    await _photograph(ana, "shadow-laptop-en")
    await ana.get_by_role("button", name="End it now").click()
    await expect(ana.locator("h1 .chip")).to_have_text("Over")
    await ana.goto(here)


async def _watch_backtest(ana: Page) -> None:
    """Let the version of a page be tried on the last week."""
    here = ana.url
    await ana.locator("#backtests").get_by_role("button", name="Start").click()
    done = ana.locator("h1 .chip", has_text="Done")
    # It is shown again by itself until then.
    await expect(done).to_be_visible(timeout=60_000)
    await _photograph(ana, "backtest-laptop-en")
    await ana.goto(here)


async def test_a_rule_is_changed_and_put_into_force_and_taken_back(
    service: Service, open_context: OpenContext
) -> None:
    """Without JSON and by forms alone; who wrote it asks another; one may roll back."""
    await _scan(service, 3)
    ana = await _enter(
        await open_context(viewport=LAPTOP), service.staff_token("analyst", name="ana")
    )
    await _photograph(ana, "list-laptop-en")
    await ana.get_by_role("link", name="Change it").first.click()
    await ana.get_by_role("button", name="Add a rule").click()
    await ana.get_by_role("button", name="Add conditions").click()
    await ana.locator("#g0_add_fact").select_option("member_scans_1d")
    await ana.get_by_role("button", name="Add the condition").click()
    await ana.get_by_label("Value").fill("400")
    await ana.locator("#g0_r0_op").select_option(">")
    await ana.get_by_label("Sentence in Chinese, told when it hits").fill(
        "一天超过四百次"
    )
    await ana.get_by_label("Sentence in English").fill("Over 400 scans in a day.")
    await ana.get_by_label("Id, for programs").fill("four-hundred")
    await _photograph(ana, "form-laptop-en")
    await ana.get_by_role("button", name="Done with this rule").click()
    await ana.get_by_label("Why, for who activates it").fill("a farm we saw")
    await ana.get_by_role("button", name="Try it on recent scans").click()
    await expect(ana.locator("#tried")).to_contain_text("scans")
    await expect(ana.locator("#tried h2")).to_be_focused()
    await _photograph(ana, "tried-laptop-en")
    await ana.get_by_role("button", name="Keep as a draft").click()
    await expect(ana.locator("h1 .chip")).to_have_text("Draft")
    await expect(ana.get_by_text("is above 400").first).to_be_visible()
    await ana.get_by_role("button", name="Commit").click()
    await expect(ana.get_by_text("ask another analyst")).to_be_visible()
    await _photograph(ana, "version-laptop-en")
    await _watch_shadow(service, ana)
    await _watch_backtest(ana)
    ben = await _enter(
        await open_context(viewport=PHONE, locale="zh-CN"),
        service.staff_token("analyst", name="ben"),
    )
    await ben.goto(ana.url)
    await ben.get_by_label("原因").fill("看过了")
    await _photograph(ben, "version-phone-zh")
    await ben.get_by_role("button", name="启用").click()
    await expect(ben.locator("h1 .chip")).to_have_text("生效中")
    await ben.goto("/console/rules")
    await ben.get_by_text("回退一步").first.click()
    await ben.get_by_label("原因").fill("试完了")
    await _photograph(ben, "list-phone-zh")
    await ben.get_by_role("button", name="回退一步").click()
    await expect(ben.locator("h1 .chip")).to_have_text("生效中")
    await ben.get_by_role("link", name="据此修改").click()
    await ben.get_by_role("button", name="修改").nth(1).click()
    await _photograph(ben, "form-phone-zh")
