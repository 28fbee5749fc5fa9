"""An analyst's day in real Chromium: sign in, take, read, decide, many at once."""

from collections.abc import Iterator

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.acceptance.test_cases import open_case
from tests.browser.conftest import SHOTS, OpenContext
from tests.browser.contrast import CONTRAST
from tests.fixtures.service import Json, Service

SCREENS = {
    "laptop": {"width": 1280, "height": 900},
    "tablet": {"width": 820, "height": 1180},
    "phone": {"width": 390, "height": 844},
}


async def _photograph(page: Page, name: str) -> None:
    folder = SHOTS.with_name("cases")
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def _enter(context: BrowserContext, token: str) -> Page:
    page = await context.new_page()
    await page.goto("/console")
    await expect(page.locator("#staff_token")).to_be_focused()
    await page.keyboard.type(token)
    async with page.expect_navigation(url="**/console"):
        await page.keyboard.press("Enter")
    return page


async def _key(page: Page, key: str) -> None:
    async with page.expect_navigation():
        await page.keyboard.press(key)


def wallet(service: Service, member: str) -> Json:
    """Tell what a member has."""
    points: Json = service.get("/v1/me/wallet", service.member_token(member)).json()[
        "points"
    ]
    return points


async def test_an_analyst_works_by_keyboard(
    service: Service, open_context: OpenContext
) -> None:
    """Down the queue, into a case, taken, approved with a reason, on to the next."""
    cases = [open_case(service, f"desk-{n}") for n in range(3)]
    context = await open_context(viewport=SCREENS["laptop"])
    page = await _enter(context, service.staff_token("analyst", name="desk-anne"))
    await page.goto("/console/cases?kind=clone")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    first = page.locator("[data-row] a").first
    await expect(first).to_be_focused()
    rows = page.locator("[data-row]").filter(has_text="too far apart")
    await expect(rows.first).to_be_visible()
    await page.goto(f"/console/cases/{cases[0]['case_id']}")
    await _key(page, "c")
    await expect(page.get_by_text("desk-anne").first).to_be_visible()
    # Without a reason the key leads to where it is written.
    await page.keyboard.press("a")
    await expect(page.get_by_label("Why, or a note")).to_be_focused()
    await page.keyboard.type("the shop called")
    await page.keyboard.press("Escape")
    await _key(page, "a")
    await expect(page.locator("h1 .chip")).to_have_text("Decided")
    assert wallet(service, "desk-0")["available"] == 5
    # It was the wrong one: what was posted waits again, and so does the case.
    await page.keyboard.press("u")
    await expect(page.get_by_label("Why, or a note")).to_be_focused()
    await page.keyboard.type("another cap")
    await page.keyboard.press("Escape")
    await _key(page, "u")
    await expect(page.locator("h1 .chip")).to_have_text("Open")
    assert wallet(service, "desk-0")["available"] == 0
    await expect(page.get_by_text("took the decision back")).to_be_visible()
    await _photograph(page, "undone")
    await page.keyboard.press("?")
    # Wherever on the page somebody is; Escape puts it away.
    help_of_keys = page.get_by_text("c takes it")
    await expect(help_of_keys).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(help_of_keys).to_be_hidden()
    await _key(page, "n")
    await expect(page.locator("h1 .chip")).to_have_text("Open")


async def test_deciding_is_seen_without_scrolling_on_a_small_laptop(
    service: Service, open_context: OpenContext
) -> None:
    """What an analyst is there for; columns beside the page are read to their end."""
    case = open_case(service, "small-laptop")
    for locale in ("en-US", "zh-CN"):
        context = await open_context(
            viewport={"width": 1366, "height": 768}, locale=locale
        )
        token = service.staff_token("analyst", name="small-anne")
        page = await _enter(context, token)
        await page.goto(f"/console/cases/{case['case_id']}")
        for name in ("approve", "deny"):
            button = page.locator(f'button[value="{name}"]')
            await expect(button).to_be_in_viewport(ratio=1)
        await page.goto("/console/rules")
        beside = page.locator(".aside > .beside").last
        box = await beside.bounding_box()
        assert box is not None
        assert box["height"] <= 768, "or its end is never seen beside a longer one"


async def test_what_another_works_on_is_theirs_to_take_back(
    service: Service, open_context: OpenContext
) -> None:
    """No button that can't do what it says."""
    case = open_case(service, "theirs")
    path = f"/console/cases/{case['case_id']}"
    undo = "Take the decision back"
    shown = []
    for name in ("their-anne", "their-ben"):
        context = await open_context(viewport=SCREENS["laptop"])
        page = await _enter(context, service.staff_token("analyst", name=name))
        await page.goto(path)
        if name == "their-anne":
            await _key(page, "c")
            await page.get_by_label("Why, or a note").fill("a gang")
            async with page.expect_navigation():
                await page.get_by_role("button", name="Deny").click()
        await expect(page.locator("h1 .chip")).to_have_text("Decided")
        shown.append(await page.get_by_role("button", name=undo).count())
    assert shown == [1, 0]


async def test_many_are_decided_at_once_and_a_stale_one_is_told(
    service: Service, open_context: OpenContext
) -> None:
    """Selected, previewed, done; what somebody changed meanwhile harms no other."""
    cases = [open_case(service, f"bulk-{n}") for n in range(2)]
    token = service.staff_token("analyst", name="bulk-anne")
    context = await open_context(viewport=SCREENS["tablet"], java_script_enabled=False)
    page = await _enter(context, token)
    await page.goto("/console/cases?kind=clone&sort=value&queue=first")
    boxes = [page.locator(f'[value="{c["case_id"]}-{c["version"]}"]') for c in cases]
    for box in boxes:
        await box.check()
    await page.get_by_label("Decide together", exact=True).select_option("deny")
    await page.get_by_label("Why, or a note").fill("one gang")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Preview").click()
    bulk = page.locator("#bulk")
    await expect(bulk).to_contain_text("What it would come to")
    await expect(bulk).to_contain_text("10 points")
    await expect(bulk.locator("li").first).to_contain_text("Cloned code")
    passed = {"queue": "senior", "reason": "mine"}
    path = f"/v1/cases/{cases[1]['case_id']}/escalations"
    assert service.post(path, passed, token).status_code == 201
    async with page.expect_navigation():
        await page.get_by_role("button", name="Do it").click()
    await expect(bulk).to_contain_text("Done")
    await expect(bulk.locator(".wrong")).to_contain_text("has changed")
    assert [wallet(service, f"bulk-{n}")["pending"] for n in range(2)] == [0, 5]
    await _photograph(page, "bulk")
    async with page.expect_navigation():
        await page.get_by_role("button", name="Take all of it back").click()
    await expect(bulk).to_contain_text("Taken back")
    assert [wallet(service, f"bulk-{n}")["pending"] for n in range(2)] == [5, 5]


async def test_a_decision_above_the_value_is_confirmed_by_another(
    service: Service, open_context: OpenContext
) -> None:
    """Who proposed it has no button for it; the other one has."""
    case = open_case(service, "dear")
    service.query(
        "UPDATE cases SET state = 'waiting', collects = false,"
        " proposed_by = 'eyes-anne', proposal = %s WHERE case_id = %s",
        '{"decision": "deny", "note": "a gang", "release_code": false, "scans": []}',
        case["case_id"],
    )
    path = f"/console/cases/{case['case_id']}"
    for name, buttons in (("eyes-anne", 0), ("eyes-ben", 1)):
        context = await open_context(viewport=SCREENS["laptop"])
        page = await _enter(context, service.staff_token("analyst", name=name))
        await page.goto(path)
        confirm = page.get_by_role("button", name="Confirm the decision")
        await expect(confirm).to_have_count(buttons)
    await page.goto("/console/cases?state=waiting")
    await expect(page.locator("[data-row]")).not_to_have_count(0)
    await expect(page.get_by_role("button", name="Preview")).to_have_count(0)
    await page.goto(path)
    await _key(page, "a")
    await expect(page.locator("h1 .chip")).to_have_text("Decided")
    assert wallet(service, "dear")["pending"] == 0


@pytest.mark.parametrize("screen", SCREENS)
async def test_pages_fit_the_screen_in_both_languages(
    service: Service, open_context: OpenContext, screen: str
) -> None:
    """Nothing is wider than it, light and dark."""
    case = open_case(service, f"look-{screen}")
    token = service.staff_token("analyst", name="look-anne")
    for locale, scheme in (("en-US", "light"), ("zh-CN", "dark")):
        context = await open_context(
            viewport=SCREENS[screen], locale=locale, color_scheme=scheme
        )
        page = await _enter(context, token)
        for name, path in (
            ("queue", "cases"),
            ("case", f"cases/{case['case_id']}"),
            ("fraud", "fraud?days=7"),
            ("incidents", "incidents?kind=clone"),
            ("lists", "lists?list=shop&q=look-"),
        ):
            await page.goto(f"/console/{path}")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= SCREENS[screen]["width"], (name, wide)
            assert await page.evaluate(CONTRAST) == [], (name, locale)
            await _photograph(page, f"{name}-{screen}-{locale}")


async def test_of_two_analysts_on_one_case_one_wins_and_the_other_is_told(
    service: Service, open_context: OpenContext
) -> None:
    """Whose page is old changes nothing, keeps what was typed, and sees what is so."""
    case = open_case(service, "two-at-once")
    path = f"/console/cases/{case['case_id']}"
    pages = []
    for name in ("two-anne", "two-ben"):
        context = await open_context(viewport=SCREENS["laptop"])
        page = await _enter(context, service.staff_token("analyst", name=name))
        await page.goto(path)
        await page.get_by_label("Why, or a note").fill(f"{name} has looked")
        pages.append(page)
    anne, ben = pages
    for page, button in ((anne, "Approve"), (ben, "Deny")):
        async with page.expect_navigation():
            await page.get_by_role("button", name=button).click()
    await expect(anne.locator("h1 .chip")).to_have_text("Decided")
    await expect(ben.get_by_role("alert")).to_be_visible()
    await expect(ben.locator("h1 .chip")).to_have_text("Decided")
    await expect(ben.get_by_label("Why, or a note")).to_have_value("two-ben has looked")
    await _photograph(ben, "too-late")
    assert wallet(service, "two-at-once")["available"] == 5


@pytest.fixture(scope="module", autouse=True)
def _something_to_look_at(service: Service) -> Iterator[None]:
    """Give the pages beside cases something to show, and take it away again."""
    service.query(
        "INSERT INTO incidents (kind, subject, first_at, last_at, opened_at, seen,"
        " detail) VALUES ('clone', 'batch:1', now(), now(), now(), 1234,"
        """ '{"codes": 17, "cities": "Shanghai, Guangzhou"}')"""
    )
    days = """
        INSERT INTO fraud_days
        SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date - d, figure, name,
            n * (1 + (d * 7 + 3) %% 5)
        FROM generate_series(0, 6) AS d, (VALUES
            ('outcome', 'rewarded', 90000), ('outcome', 'verified', 40000),
            ('outcome', 'held', 90), ('outcome', 'refused', 31),
            ('score', '020', 400), ('score', '040', 120), ('score', '060', 80),
            ('score', '085', 20), ('hits', 'look-two-places', 70),
            ('hits', 'look-burst', 55), ('both', 'look-burst look-two-places', 12),
            ('held', 'look-two-places', 60), ('refused', 'look-burst', 31),
            ('approved', 'look-burst', 2), ('denied', 'look-burst', 9),
            ('stopped_points', 'look-burst', 45000), ('place', 'CN-44', 40),
            ('place', 'CN-33', 12), ('place', 'CN-65', 3), ('place', '', 20),
            ('place', 'VN', 2)) AS v (figure, name, n)
        ON CONFLICT (day, figure, name) DO NOTHING
    """
    service.query(days)
    yield
    service.query("DELETE FROM fraud_days")
    service.query("DELETE FROM incidents WHERE kind = 'clone' AND subject = 'batch:1'")
