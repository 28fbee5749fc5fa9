"""The demo with a week behind it: every page shows something, and it adds up."""

import contextlib
import re
from collections import Counter, deque
from collections.abc import Iterator
from html import unescape

import psycopg
import pytest
from litestar.routes import HTTPRoute

import console
from console.texts import TEXTS
from crowncap.demo import leak_path
from crowncap.demo_week.shoppers import LEAKED
from crowncap.embedded import EmbeddedServerError
from tests.fixtures.colleague import HOME, Colleague, at_work
from tests.fixtures.processes import free_port, wait_for
from tests.fixtures.servers import reachable_directory
from tests.fixtures.service import Service

LINK = re.compile(r'href="(/console[^"#]*)"')
FEW = 6
# What a visitor who is signed in does not open as a page.
NO_PAGES = {f"{HOME}/sign-in", f"{HOME}/{{rest:path}}"} | {
    f"{HOME}/till/camera.js",
    f"{HOME}/cases/keys.js",
    # The demo tells nobody outside of what happens.
    f"{HOME}/webhooks/{{endpoint_id:int}}",
    # Support finds a coupon by its code or number, and nobody has one yet.
    f"{HOME}/coupon/{{coupon_no:int}}",
}


def count_scans(service: Service) -> int:
    """Count what is scanned so far; nothing while there is no table."""
    with contextlib.suppress(EmbeddedServerError, psycopg.Error):
        return int(service.query("SELECT count(*) FROM scans")[0][0])
    return 0


@pytest.fixture(scope="module")
def week() -> Iterator[Service]:
    """Start a demo as `make run` does; its first start is killed among the scans."""
    with reachable_directory() as directory:
        service = Service(directory / "data", free_port(), workers=1, flags=("--demo",))
        try:
            service.launch()
            wait_for(lambda: count_scans(service) > 20, what="a first scan")
            service.kill()
            yield service.start()
        finally:
            service.stop()


def test_a_start_that_was_killed_is_made_up_for(week: Service) -> None:
    """All of it is there once, dated back, and every invariant holds."""
    outcomes = dict(week.query("SELECT outcome, count(*) FROM scans GROUP BY outcome"))
    assert sum(outcomes.values()) == 385
    assert outcomes["not_active"] == 10
    assert outcomes["already_claimed"] > 20
    assert outcomes["held"] >= 2
    assert week.query("SELECT lot FROM batches ORDER BY batch_id") == [
        ("DEMO-1",),
        ("DEMO-2",),
        ("DEMO-3",),
        ("DEMO-4",),
        (None,),
        ("FESTIVAL",),
    ]
    [(latest, first)] = week.query(
        "SELECT max(at), min(at) FROM range_changes WHERE batch_id = 3"
        " AND kind = 'activate'"
    )
    assert (latest - first).days == 2
    assert week.query("SELECT FROM pg_namespace WHERE nspname = 'demo_past'") == []
    week.audit()


def test_every_page_has_something_to_show(week: Service) -> None:
    """Whoever follows the links from the first page sees each kind of page, filled."""
    with at_work(week, week.staff("admin")) as root:
        pages = walk(root)
    addresses = {
        re.sub(r"\{\w+:\w+\}", r"[\\w.-]+", route.path)
        for route in console.ROUTER.routes
        if isinstance(route, HTTPRoute) and "GET" in route.methods
        if route.path not in NO_PAGES
    }
    unseen = {
        address
        for address in addresses
        if not any(re.fullmatch(address, page.partition("?")[0]) for page in pages)
    }
    assert unseen == set()
    batch = f"{HOME}/batches/3"
    for page, empty in (
        (HOME, ("waiting_none", "packages_none", "batches_none")),
        (batch, ("losses_none", "reports_none", "packages_none")),
        (f"{HOME}/plants", ("plants_none",)),
        (f"{HOME}/packages/1", ("downloads_none",)),
    ):
        for name in empty:
            assert TEXTS[name][1] not in pages[page], (page, name)
    for page, told in (
        (HOME, ("Not downloaded in time", "Jinhua Printing")),
        (batch, ("unreadable", "splice", "Chen Jie", "demo-week")),
        (f"{HOME}/plants", ("Shanghai", "Chengdu", "web break")),
        (f"{HOME}/packages/1", ("Li Na", "Wang Lei", "203.0.113.24")),
        (f"{HOME}/recalls", ("off taste", "missing from the store room")),
        (f"{HOME}/codes", ("杭州文三路菜市场", "rubs off")),
    ):
        for words in told:
            assert words in pages[page], (page, words)


def walk(colleague: Colleague) -> dict[str, str]:
    """Open the pages that links lead to from the first, a few of a kind.

    From one cap there are links to the next. Gives each page as text.
    """
    found: dict[str, str] = {}
    kinds = Counter[str]()
    waiting = deque([HOME])
    while waiting:
        page = waiting.popleft()
        kind = re.sub(r"\d+", "N", page)
        if page in found or kinds[kind] == FEW:
            continue
        kinds[kind] += 1
        shown = colleague.get(page)
        assert shown.status_code == 200, (page, shown.text)
        found[page] = unescape(shown.text)
        waiting.extend(map(unescape, LINK.findall(shown.text)))
    return found


def test_the_leak_is_traced_to_a_roll_and_who_took_it(week: Service) -> None:
    """What lies in the data directory is pasted as it is."""
    leak = leak_path(week.data_dir)
    assert leak.stat().st_mode & 0o777 == 0o600
    assert str(leak) in week.log()
    with at_work(week, week.staff("admin")) as root:
        traced = root.press(f"{HOME}/leaks", f"{HOME}/leaks", codes=leak.read_text())
        assert traced.status_code == 200
    for told in ("roll-2", "Jinhua Printing", "203.0.113.24", str(len(LEAKED))):
        assert told in traced.text, told


def test_a_cap_of_the_festival_earns_of_every_sure_kind(week: Service) -> None:
    """Its draw is open, and its set of cards is there."""
    [code] = week.codes(week.issue(1, campaign_id="demo-festival"))
    rewards = week.scan(code, "guest")["rewards"]
    sure = [each["kind"] for each in rewards][:4]
    assert sure == ["points", "coupon", "ticket", "card"]
    assert week.http.get("/v1/draws/demo-draw").json()["tickets"] == 1
    week.audit()
