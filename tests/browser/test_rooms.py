"""Pages of marketers and support in real Chromium: draws, points, reversals."""

from itertools import count

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.looking import SCREENS, enter, look_over, push
from tests.fixtures.lottery import Lottery
from tests.fixtures.shop import Shop

LOOKS = [
    ("wide", "en-US", "light"),
    ("phone", "zh-CN", "dark"),
    ("phone", "en-US", "light"),
    ("wide", "zh-CN", "light"),
]
_numbers = count(1)


async def _open(
    open_context: OpenContext, screen: str, language: str, scheme: str
) -> Page:
    """Open a page without scripts."""
    context = await open_context(
        viewport=SCREENS[screen],
        locale=language,
        color_scheme=scheme,
        java_script_enabled=False,
    )
    return await context.new_page()


@pytest.mark.parametrize(("screen", "language", "scheme"), LOOKS)
async def test_a_draw_is_made_by_form(
    lottery: Lottery,
    open_context: OpenContext,
    screen: str,
    language: str,
    scheme: str,
) -> None:
    """By keyboard: what is wrong stands at its field, prizes are rows."""
    service, tag = lottery.service, f"{screen}-{language[:2]}"
    draw_id = f"browser-{next(_numbers)}"
    page = await _open(open_context, screen, language, scheme)
    await enter(page, service.staff("marketer"), "/console/new-draw")
    await expect(page.locator("#draw_id")).to_be_focused()
    await page.locator("#draw_id").fill(draw_id)
    await page.locator("#name").fill("新春抽奖 Lunar New Year draw")
    await page.locator("#opens_on").fill("2026-01-01")
    await page.locator("#closes_on").fill("2025-01-31")
    await page.locator("#draws_on").fill("2198-02-01")
    await page.locator("#draws_time").fill("20:00")
    await page.locator("input[value=open]").check()
    await page.locator("#prize0_id").fill("car")
    await page.locator("#prize0_name").fill("一辆汽车 A car")
    await push(page, "button[value=add_prize]")
    await expect(page.locator("#prize1_id")).to_be_focused()
    await page.locator("#prize1_id").fill("cup")
    await page.locator("#prize1_name").fill("保温杯 A cup")
    await page.locator("#prize1_quantity").fill("20")
    await push(page, ".primary[value=save]")
    await expect(page.locator("#closes_on")).to_be_focused()
    await expect(page.locator("#closes_on-wrong")).to_be_visible()
    await look_over(page, f"draws-1-form-{tag}")
    await page.locator("#closes_on").fill("2198-01-31")
    await push(page, ".primary[value=save]")
    await expect(page.locator("#proof code")).to_have_text(
        str(lottery.show({"draw_id": draw_id})["commitment"])
    )
    for member in range(5):
        lottery.enter({"draw_id": draw_id}, f"fan-{member}")
    await page.reload()
    await expect(page.locator("#tickets polyline")).to_have_count(1)
    await look_over(page, f"draws-2-open-{tag}")
    await page.goto("/console/draws")
    await look_over(page, f"draws-3-all-{tag}")


async def test_a_drawn_draw_is_looked_at(
    lottery: Lottery, open_context: OpenContext
) -> None:
    """Once, in both languages: drawing takes the process of jobs."""
    draw = lottery.make(name="新春抽奖 New Year")
    for member in ("lin", "wei"):
        lottery.enter(draw, f"drawn-{member}")
    lottery.be_drawn(draw)
    here = f"/console/draws/{draw['draw_id']}"
    for screen, language, scheme in LOOKS[:2]:
        page = await _open(open_context, screen, language, scheme)
        await enter(page, lottery.service.staff("support"), here)
        await expect(page.locator("#winners tbody tr")).to_have_count(2)
        await look_over(page, f"draws-4-drawn-{screen}-{language[:2]}")


@pytest.mark.parametrize(("screen", "language", "scheme"), LOOKS[:2])
async def test_cards_are_added_by_form(
    shop: Shop,
    open_context: OpenContext,
    screen: str,
    language: str,
    scheme: str,
) -> None:
    """From the home page by keyboard; a set by its rows."""
    service, tag = shop.service, f"{screen}-{language[:2]}"
    number = next(_numbers)
    page = await _open(open_context, screen, language, scheme)
    await enter(page, service.staff("marketer"), "/console")
    await expect(page.locator("#rooms li")).to_have_count(6)
    await look_over(page, f"home-1-marketer-{tag}")
    await push(page, "#rooms a[href='/console/card-sets']")
    await push(page, "main .primary")
    await page.locator("#set_id").fill(f"zodiac-{number}")
    await page.locator("#name").fill("十二生肖 Zodiac")
    for place, (name, percent) in enumerate([("鼠 Rat", "1"), ("牛 Ox", "49")]):
        await page.locator(f"#card{place}_id").fill(f"c-{place}")
        await page.locator(f"#card{place}_name").fill(name)
        await page.locator(f"#card{place}_percent").fill(percent)
    await push(page, ".primary[value=save]")
    await expect(page.locator("#card2_id-wrong")).to_be_visible()
    await look_over(page, f"cards-1-form-{tag}")
    await push(page, "button[value=remove_card_2]")
    await page.locator("#what").fill("100")
    await push(page, ".primary[value=save]")
    await expect(page.locator("#cards tbody tr")).to_have_count(2)
    await look_over(page, f"cards-2-set-{tag}")
    await page.goto("/console/card-sets")
    await look_over(page, f"cards-3-all-{tag}")


@pytest.mark.parametrize(("screen", "language", "scheme"), LOOKS[:2])
async def test_gifts_are_added_and_sent(
    shop: Shop,
    open_context: OpenContext,
    screen: str,
    language: str,
    scheme: str,
) -> None:
    """A gift by its stock; a pool that lacks something, at its fields; a parcel."""
    service, tag = shop.service, f"{screen}-{language[:2]}"
    number = next(_numbers)
    page = await _open(open_context, screen, language, scheme)
    await enter(page, service.staff("marketer"), "/console/gifts")
    summary = page.locator("#add summary")
    if not await page.locator("#gift_id").is_visible():
        await summary.press("Enter")
    await page.locator("#gift_id").fill(f"scarf-{number}")
    await page.locator("#name").fill("围巾 A scarf")
    await page.locator("#stock").fill("100")
    await push(page, "#add .primary")
    await expect(page.get_by_text(f"scarf-{number}")).to_be_visible()
    token = service.member_token(f"scarf-{number}")
    claim = {"address": "林小姐 139, 1 Nanjing Road"}
    service.post(f"/v1/me/gifts/scarf-{number}/claims", claim, token)
    await page.reload()
    await look_over(page, f"gifts-1-all-{tag}")
    await page.goto("/console/coupons")
    pool = page.locator("details", has=page.locator("#pool_id"))
    if not await page.locator("#pool_id").is_visible():
        await pool.locator("summary").press("Enter")
    await page.locator("#pool_id").fill(f"tea-{number}")
    await page.locator("#stock").fill("1e3")
    async with page.expect_navigation():
        await pool.locator(".primary").press("Enter")
    await expect(page.locator("#stock-wrong")).to_be_visible()
    await look_over(page, f"coupons-1-form-{tag}")
    await page.context.clear_cookies()
    await enter(page, service.staff("support"), "/console")
    await look_over(page, f"home-2-support-{tag}")
    await page.goto("/console/parcels")
    await look_over(page, f"gifts-2-parcels-{tag}")


def _furnish(shop: Shop, member_id: str) -> str:
    """Give a member something of most kinds; gives the number of a scan."""
    service = shop.service
    scans = [service.scan(service.fresh_code(), member_id) for _ in range(3)]
    used = shop.issue(shop.pool(name="满减券 5 off"), member_id=member_id)
    shop.redeem(used["coupon_code"])
    shop.issue(shop.pool(name="满减券 5 off"), member_id=member_id)
    gift = {"gift_id": f"mug-{member_id}", "name": "马克杯 A mug", "stock": 3}
    shop.created("/v1/gifts", gift)
    token = service.member_token(member_id)
    claim = {"address": "林 139, 1 Nanjing Road"}
    service.post(f"/v1/me/gifts/{gift['gift_id']}/claims", claim, token)
    return str(scans[0]["scan_id"])


@pytest.mark.parametrize(("screen", "language", "scheme"), LOOKS)
async def test_support_helps_a_member(
    shop: Shop,
    open_context: OpenContext,
    screen: str,
    language: str,
    scheme: str,
) -> None:
    """Find, adjust with a second person, and take a scan back, by keyboard."""
    service, tag = shop.service, f"{screen}-{language[:2]}"
    member_id = f"caller-{next(_numbers)}"
    scan_id = _furnish(shop, member_id)
    page = await _open(open_context, screen, language, scheme)
    await enter(page, service.staff("support"), "/console/find")
    await expect(page.locator("#what")).to_be_focused()
    await look_over(page, f"support-1-find-{tag}")
    await page.locator("#what").fill(member_id)
    await push(page, "main button")
    await page.locator("#adjust summary").press("Enter")
    await page.locator("#points").fill("50")
    await page.locator("#reason").fill("瓶盖破损 the cap was torn")
    await push(page, "#adjust .primary")
    await expect(page.locator("#waiting tbody tr")).to_have_count(1)
    await expect(page.locator("#waiting form")).to_have_count(0)
    await look_over(page, f"support-2-member-{tag}")
    await page.context.clear_cookies()
    second = service.staff_token("support", name=f"second-{member_id}")
    await enter(page, second, "/console/adjustments")
    row = page.locator("tbody tr", has_text=member_id)
    await look_over(page, f"support-3-adjustments-{tag}")
    async with page.expect_navigation():
        await row.locator("button.primary").press("Enter")
    await expect(row).to_have_count(0)
    await page.goto(f"/console/scans/{scan_id}")
    await page.locator("input[value=within_balance]").check()
    await push(page, "#reverse .danger")
    await expect(page.locator("#reason-wrong")).to_be_visible()
    await page.locator("#reason").fill("盗盖 a stolen cap")
    await look_over(page, f"support-4-scan-{tag}")
    await push(page, "#reverse .danger")
    await expect(page.locator("#reverse form")).to_have_count(0)
    await page.goto(f"/console/member?id={member_id}")
    await expect(page.locator("#wallet dd").first).to_have_text("60")
    await look_over(page, f"support-5-after-{tag}")
