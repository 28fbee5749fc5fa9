"""The staff's console in real Chromium: by keyboard, on tablets and phones."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.browser.conftest import SHOTS, OpenContext
from tests.browser.contrast import CONTRAST
from tests.fixtures.cartons import Warehouse, accepted
from tests.fixtures.service import Json, Service

SCREENS = {
    "wide": {"width": 1280, "height": 900},
    "tablet": {"width": 820, "height": 1180},
    "phone": {"width": 390, "height": 844},
}
LOOKS = [("en-US", "light"), ("zh-CN", "dark")]
MOST_TABS = 60
SHIFT: FilePayload = {
    "name": "shift.csv",
    "mimeType": "text/csv",
    "buffer": b"by,from_index,to_index,status\nAnn,600,609,rejected\nAnn,7,x,printed\n",
}
LEAST_TARGET_PX = 44
TARGETS = "button, input:not([type=radio]), select, textarea, nav a, .second, .primary"


async def _photograph(page: Page, name: str) -> None:
    folder = SHOTS.with_name("console")
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png", full_page=True)


async def _reach(page: Page, target: Locator) -> None:
    """Press Tab until a control has the focus, which has to be visible there."""
    await expect(target).to_have_count(1)
    for _ in range(MOST_TABS):
        if await target.evaluate("e => e === document.activeElement"):
            assert await target.evaluate("e => e.matches(':focus-visible')")
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {target}")


async def _press(page: Page, target: Locator) -> None:
    """Follow a link or push a button by keyboard, and wait for where it leads."""
    await _reach(page, target)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def _type(page: Page, label: str, text: str) -> None:
    await _reach(page, page.get_by_label(label, exact=True))
    await page.keyboard.press("Control+a")
    await page.keyboard.type(text)


async def _enter(context: BrowserContext, token: str) -> Page:
    """Open the console in a new page, and sign in there."""
    page = await context.new_page()
    await page.goto("/console")
    await _sign_in(page, token)
    return page


async def _sign_in(page: Page, token: str) -> None:
    """Sign in by keyboard; the field gets the focus by itself."""
    await expect(page.locator("#staff_token")).to_be_focused()
    await page.keyboard.type(token)
    async with page.expect_navigation(url="**/console"):
        await page.keyboard.press("Enter")


async def test_the_whole_way_goes_by_keyboard(
    service: Service, open_context: OpenContext, tmp_path: Path
) -> None:
    """Sign in, order, approve, take, report and read the reconciliation: no mouse."""
    batch = service.issue(1_000, activate=False, lot="KEYS-1")
    wide = SCREENS["wide"]
    ann = await _enter(await open_context(viewport=wide), service.issuer)
    await _press(ann, ann.get_by_role("link", name=f"Batch {batch['batch_id']}"))
    await _press(ann, ann.get_by_role("link", name="Order a package"))
    await _type(ann, "Net quantity", "500")
    await _type(ann, "Overage in %", "10")
    await _type(ann, "Print house", "key-press")
    await _reach(ann, ann.get_by_label("Encryption"))
    await ann.keyboard.type("None")
    await _photograph(ann, "way-1-order")
    await _press(ann, ann.get_by_role("button", name="Place the order"))
    await expect(ann.locator("dd", has_text="550 (net 500 + 10 %)")).to_be_visible()
    page = ann.url
    await expect(ann.get_by_text("You ordered this")).to_be_visible()

    bob_token = service.staff_token("issuer", name="bob")
    bob = await _enter(await open_context(viewport=wide), bob_token)
    name = f"Package {page.rpartition('/')[2]}"
    await _press(bob, bob.get_by_role("link", name=name, exact=True).first)
    await _photograph(bob, "way-2-approve")
    await _press(bob, bob.get_by_role("button", name="Approve"))
    await expect(bob.locator("h1 .chip")).to_have_text("Approved")

    await ann.reload()
    await _reach(ann, ann.get_by_role("button", name="Download"))
    async with ann.expect_download() as taking:
        await ann.keyboard.press("Enter")
    package = tmp_path / "package.zip"
    await (await taking.value).save_as(package)
    assert zipfile.ZipFile(package).testzip() is None
    await ann.reload()
    await expect(ann.locator("h1 .chip")).to_have_text("Downloaded")
    await _photograph(ann, "way-3-taken")

    file = tmp_path / "shift.csv"
    file.write_text(
        "from_index,to_index,status,reason,grade\n"
        "0,499,printed,,A\n500,519,rejected,unreadable,F\n520,five,wasted,,\n"
    )
    lin = await _enter(await open_context(viewport=wide), service.staff("line"))
    await _report(lin, batch, file)
    await _press(lin, lin.get_by_role("button", name="Sign out"))
    await expect(lin.get_by_label("Staff token")).to_be_focused()


async def _report(lin: Page, batch: Json, file: Path) -> None:
    """Drop a report with a wrong row, and read what came of it."""
    page = lin.get_by_role("link", name=f"Batch {batch['batch_id']}")
    await _press(lin, page)
    # The browser is told of the wait for a chooser long before Enter opens one.
    async with lin.expect_file_chooser() as choosing:
        await _reach(lin, lin.locator("#file"))
        await lin.keyboard.press("Enter")
    await (await choosing.value).set_files(file)
    await _reach(lin, lin.get_by_label("Printed codes"))
    await lin.keyboard.type("Become active now")
    await _press(lin, lin.get_by_role("button", name="Send the report"))
    row = lin.get_by_role("row", name="4 2 'five' is not a whole number.")
    await expect(row).to_be_visible()
    await _photograph(lin, "way-4-report")
    await _press(lin, page)
    await expect(lin.locator("svg.tall")).to_have_attribute(
        "aria-label",
        "Printed 500 (50.00 %), Rejected 20 (2.00 %), Unprinted 480 (48.00 %)",
    )
    await expect(lin.get_by_role("row", name="Issued 1,000")).to_be_visible()
    await _photograph(lin, "way-5-reconciled")


@dataclass(frozen=True, slots=True)
class Ground:
    """A batch to which everything happened, and its codes."""

    batch: Json
    package: str
    waiting: str
    report: int
    codes: list[str]


@pytest.fixture(scope="module")
def ground(service: Service) -> Ground:
    """Order, approve, take, print, pack, ship, activate, scan and pay for codes."""
    rolls = [
        {"name": f"roll-{n + 1}", "from_index": n * 500, "to_index": n * 500 + 499}
        for n in range(4)
    ]
    warehouse = Warehouse(service, service.staff("line"))
    batch = warehouse.batch(2_000, lot="LOOKS-1", line="L1", units=rolls)
    here = f"/v1/batches/{batch['batch_id']}/packages"
    service.staff_token("printhouse", name="good-press")
    order = {"preset": "csv", "unit": "roll-1", "printhouse": "good-press", "lanes": 2}
    package = accepted(service.post(here, order, service.issuer))["package_id"]
    approver = service.staff_token("issuer", name="bob")
    accepted(service.post(f"/v1/packages/{package}/approvals", {}, approver))
    assert service.get(f"/v1/packages/{package}/content", service.issuer).is_success
    later = {"preset": "lines", "unit": "roll-2", "download_by": "2026-01-01T00:00:00Z"}
    waiting = accepted(service.post(here, later, service.issuer))["package_id"]
    carton = warehouse.carton(batch, 0, 23)
    pallet = warehouse.pallet(carton)
    rows = ("0,420,printed", "421,470,rejected", "471,490,wasted", "600,x,printed")
    report = warehouse.report(batch, *rows)["report_id"]
    accepted(warehouse.move("shipments", pallet))
    accepted(warehouse.move("receipts", pallet))
    service.change(batch, "activations", from_index=24, to_index=99, plant="Linyi")
    codes = service.codes(batch, 0, 30)
    assert service.scan(codes[7], "cap-lover")["outcome"] == "rewarded"
    assert service.scan(codes[7], "late-lily")["outcome"] == "already_claimed"
    _add_campaign(service)
    package_page, waiting_page = (f"/console/packages/{n}" for n in (package, waiting))
    return Ground(batch, package_page, waiting_page, report, codes)


def _add_campaign(service: Service) -> None:
    """Let a campaign pay for a cap, and write a version that waits."""
    version = {
        "name": {"zh": "春季赠饮", "en": "Spring"},
        "starts_at": "2026-01-01",
        "offers": [{"offer_id": "points", "kind": "points", "amount": 5}],
        "budget": {"points": 12},
        "caps": [{"per": "member_day", "of": "claims", "most": 20}],
    }
    mona = service.staff("marketer")
    wish = version | {"campaign_id": "looks"}
    accepted(service.post("/v1/campaigns", wish, mona))
    first, path = {"version": 1}, "/v1/campaigns/looks"
    accepted(service.post(f"{path}/approvals", first, service.staff("admin")))
    accepted(service.post(f"{path}/activations", first, mona))
    [code] = service.codes(service.issue(1, campaign_id="looks"))
    assert service.scan(code, "spring-fan")["outcome"] == "rewarded"
    accepted(service.post(f"{path}/versions", version, mona))


async def _look_over(page: Page, name: str) -> None:
    """Photograph a page, and find what a reader would stumble on."""
    await _photograph(page, name)
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


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
@pytest.mark.parametrize("screen", SCREENS)
async def test_every_page_is_easy_to_read(  # noqa: PLR0917 - pytest names them
    service: Service,
    open_context: OpenContext,
    ground: Ground,
    screen: str,
    language: str,
    scheme: str,
) -> None:
    """No page scrolls sideways, hides in pale ink, or makes the browser complain."""
    context = await open_context(
        viewport=SCREENS[screen], locale=language, color_scheme=scheme
    )
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    tag = f"{screen}-{language[:2]}-{scheme}"
    page = await context.new_page()
    await page.goto("/console/sign-in")
    await _look_over(page, f"sign-in-{tag}")
    await _sign_in(page, service.staff("admin"))
    here = f"/console/batches/{ground.batch['batch_id']}"
    pages = {
        "home": "/console",
        "batch": here,
        "order": f"{here}/order",
        "wall": f"{here}?watch",
        "campaigns": "/console/campaigns",
        "cap": f"{here}/codes/7",
        "wasted-cap": f"{here}/codes/480",
        "package": ground.package,
        "package-waiting": ground.waiting,
        "report": f"/console/reports/{ground.report}",
        "plants": "/console/plants",
        "lines": "/console/plants?by=line",
        "find": "/console/codes",
        "leaks": "/console/leaks",
    }
    for name, path in pages.items():
        await page.goto(path)
        await page.locator("details:has(table) > summary").first.evaluate_all(
            "all => all.forEach((e) => { e.parentElement.open = true; })"
        )
        await _look_over(page, f"{name}-{tag}")
    await page.goto(here)
    await page.locator("#file").set_input_files(SHIFT)
    await page.locator("button[formaction]").click()
    await expect(page.locator("input[name=kept]")).to_have_count(1)
    await _look_over(page, f"report-preview-{tag}")
    await page.goto("/console/leaks")
    await page.locator("#codes").fill("\n".join([*ground.codes[2:9], "ZZZZ"]))
    await page.locator("button.primary").click()
    await expect(page.locator("input[name=reach]")).to_have_count(2)
    await _look_over(page, f"leaks-found-{tag}")
    assert complaints == []
