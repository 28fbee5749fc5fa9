"""Support in the console: one box, a member, points by two persons, reversals."""

from collections.abc import Iterator

import httpx
import pytest

from core.ids import TimeIds
from tests.fixtures.colleague import Colleague, at_work, title_of
from tests.fixtures.service import Service
from tests.fixtures.shop import Shop

FIND = "/console/find"


@pytest.fixture
def sue(service: Service) -> Iterator[Colleague]:
    """Give the browser of support."""
    with at_work(service, service.staff("support")) as colleague:
        yield colleague


def find(sue: Colleague, what: str) -> httpx.Response:
    """Type something into the box, and follow to where it leads."""
    return sue.press(FIND, FIND, what=what)


def earn(service: Service, member_id: str) -> str:
    """Let a member claim a cap of five points; gives the number of the scan."""
    scan = service.scan(service.fresh_code(), member_id)
    assert scan["outcome"] == "rewarded"
    return str(scan["scan_id"])


def test_the_box_knows_whatever_is_read_out(sue: Colleague, shop: Shop) -> None:
    """A member, a scan, a coupon by code or id, a cap: each leads to its page."""
    service, pool = shop.service, shop.pool()
    scan_id = earn(service, "box-ann")
    coupon = shop.issue(pool, member_id="box-ann")
    here = f"/console/coupon/{coupon['coupon_id']}"
    code = service.fresh_code()
    grouped = f"{scan_id[:6]} {scan_id[6:]}"
    for what, path in {
        "box-ann": "/console/member",
        " box-ann ": "/console/member",
        scan_id: f"/console/scans/{scan_id}",
        grouped: f"/console/scans/{scan_id}",
        coupon["coupon_code"]: here,
        coupon["coupon_id"]: here,
    }.items():
        shown = find(sue, what)
        assert (shown.status_code, shown.url.path) == (200, path), what
    assert "/codes/" in find(sue, code).url.path
    assert code not in str(find(sue, code).url)
    nothing = find(sue, "nobody of this name")
    assert nothing.status_code == 404
    assert 'id="what-wrong"' in nothing.text
    assert 'value="nobody of this name"' in nothing.text


def test_what_may_be_several_things_is_asked_about(
    sue: Colleague, service: Service
) -> None:
    """A member may be called as a scan is numbered."""
    scan_id = earn(service, "box-bea")
    earn(service, scan_id)
    shown = find(sue, scan_id)
    assert shown.url.path == FIND
    assert f'href="/console/member?id={scan_id}"' in shown.text
    assert f'href="/console/scans/{scan_id}"' in shown.text


def test_a_members_page_tells_all_and_who_looked_is_written_down(
    sue: Colleague, shop: Shop
) -> None:
    service = shop.service
    scan_id = earn(service, "page-ann")
    coupon = shop.issue(shop.pool(), member_id="page-ann")
    shown = find(sue, "page-ann")
    assert title_of(shown) == "Member page-ann"
    assert ">5</dd>" in shown.text
    assert f'href="/console/scans/{scan_id}"' in shown.text
    assert f'href="/console/coupon/{coupon["coupon_id"]}"' in shown.text
    assert coupon["coupon_code"] not in shown.text
    [[looked]] = service.query(
        "SELECT count(*) FROM audit_log WHERE action = 'member.look'"
        " AND subject = (SELECT 'member:' || member_no FROM identities"
        " WHERE member_id = 'page-ann') AND person = 'the-support'"
    )
    assert looked == 1
    assert sue.get("/console/member?id=nobody-yet").status_code == 404
    assert sue.get("/console/member").headers["location"] == FIND


def test_a_statement_goes_on_page_by_page(sue: Colleague, service: Service) -> None:
    """Each entry stands on one page, with the balance that was then."""
    for _ in range(23):
        earn(service, "page-bea")
    first = find(sue, "page-bea").text
    path = first.partition('href="/console/member?id=page-bea&amp;entries=')[2]
    older = sue.get(
        f"/console/member?id=page-bea&entries={path.partition('#')[0]}"
    ).text
    balances = [_balances(page) for page in (first, older)]
    assert balances == [[str(5 * n) for n in range(23, 3, -1)], ["15", "10", "5"]]
    wrong = sue.get("/console/member?id=page-bea&entries=x")
    assert wrong.status_code == 422


def _balances(page: str) -> list[str]:
    table = page.partition('id="statement"')[2].partition("</table>")[0]
    cells = [each.partition("<")[0] for each in table.split('<td class="n">')[1:]]
    return cells[1::2]


def test_points_take_two_persons(sue: Colleague, service: Service) -> None:
    """Who asks is not offered to approve; the second one posts it, once."""
    earn(service, "two-ann")
    page, to = "/console/member?id=two-ann", "/console/member/adjust"
    wish = {"member_id": "two-ann", "direction": "give", "points": "1,234"}
    asked = sue.press(page, to, **wish, reason="a torn cap 破损")
    assert "+1,234" in asked.text
    assert "You asked" in asked.text
    assert ">5</dd>" in asked.text
    alone = sue.get("/console/adjustments")
    mine = alone.text.partition("two-ann</a>")[2].partition("</tr>")[0]
    assert "<form" not in mine
    number = service.query(
        "SELECT adjustment_id FROM adjustments WHERE reason = 'a torn cap 破损'"
    )[0][0]
    form = {"adjustment_id": str(number), "token": sue.http.cookies["crowncap_form"]}
    refused = sue.post("/console/adjustments/approve", form)
    assert refused.status_code == 409
    second = service.staff_token("support", name="sam-second")
    with at_work(service, second) as sam:
        here = "/console/adjustments"
        assert "two-ann" in sam.get(here).text
        form = {"adjustment_id": str(number)}
        done = sam.press(here, f"{here}/approve", **form)
        assert "two-ann" not in done.text
        again = sam.post(
            f"{here}/approve", form | {"token": sam.http.cookies["crowncap_form"]}
        )
        assert again.status_code == 409
        shown = sam.get(page).text
    assert ">1,239</dd>" in shown
    assert "a torn cap 破损" in shown


def test_points_are_refused_with_a_reason(sue: Colleague, service: Service) -> None:
    """By a second person; everybody of support reads by whom and why."""
    earn(service, "no-ann")
    page, to = "/console/member?id=no-ann", "/console/member/adjust"
    wish = {"member_id": "no-ann", "direction": "give", "points": "7"}
    sue.press(page, to, **wish, reason="because")
    number = service.query(
        "SELECT max(adjustment_id) FROM adjustments WHERE state = 'waiting'"
    )[0][0]
    form = {"adjustment_id": str(number)}
    here = "/console/adjustments"
    with at_work(service, service.staff_token("support", name="rex")) as rex:
        rex.get(here)
        token = rex.http.cookies["crowncap_form"]
        silent = rex.post(f"{here}/reject", form | {"token": token})
        assert silent.status_code == 422
        shown = rex.press(here, f"{here}/reject", **form, reason="给过了 already")
    refused = shown.text.partition('id="rejected"')[2]
    assert "no-ann" in refused
    assert "给过了 already" in refused
    assert "rex" in refused
    assert "no-ann" not in shown.text.partition('id="rejected"')[0]
    assert ">5</dd>" in sue.get(page).text


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"points": ""}, "points"),
        ({"points": "0"}, "points"),
        ({"points": "1000001"}, "points"),
        ({"points": "-5"}, "points"),
        ({"reason": " "}, "reason"),
        ({"direction": "up"}, "direction"),
    ],
)
def test_what_is_wrong_with_an_adjustment_stands_at_its_field(
    sue: Colleague, service: Service, given: dict[str, str], field: str
) -> None:
    earn(service, "two-bea")
    wish = {"member_id": "two-bea", "direction": "give", "points": "5", "reason": "r"}
    page, to = "/console/member?id=two-bea", "/console/member/adjust"
    shown = sue.press(page, to, **(wish | given))
    assert shown.status_code == 422
    assert f'id="{field}-wrong"' in shown.text
    assert '<details id="adjust" open>' in shown.text


def test_a_reversal_does_what_its_page_foretold(
    sue: Colleague, service: Service
) -> None:
    """Looking changes nothing; each policy is told; it is done once, with a reason."""
    scan_id = earn(service, "back-ann")
    here = f"/console/scans/{scan_id}"
    before = service.query("SELECT count(*) FROM reversals")
    for _ in "ab":
        shown = sue.get(here)
        assert "5 points: <b>taken back</b>" in shown.text
    assert service.query("SELECT count(*) FROM reversals") == before
    bare = sue.press(here, f"{here}/reverse", reason="stolen")
    assert bare.status_code == 422
    assert 'id="policy-wrong"' in bare.text
    bare = sue.press(here, f"{here}/reverse", policy="debt", reason="")
    assert 'id="reason-wrong"' in bare.text
    wish = {"policy": "within_balance", "reason": "stolen caps"}
    done = sue.press(here, f"{here}/reverse", **wish)
    assert "cannot be undone" not in done.text
    assert "stolen caps" in done.text
    assert "the-support" in done.text.partition('id="reversed"')[2]
    assert ">0</dd>" in find(sue, "back-ann").text
    assert "stolen caps" in find(sue, "back-ann").text
    [[person]] = service.query(
        "SELECT person FROM audit_log WHERE action = 'scan.reverse' AND subject = %s",
        f"scan:{scan_id}",
    )
    assert person == "the-support"


def test_what_a_member_spent_is_owed_only_by_that_policy(
    sue: Colleague, service: Service
) -> None:
    """The page tells the difference before anybody chooses."""
    scan_id = earn(service, "back-bea")
    second = service.staff_token("support", name="sam-owed")
    wish = {"member_id": "back-bea", "points": -3, "reason": "spent elsewhere"}
    asked = service.post("/v1/adjustments", wish, service.staff("support")).json()
    number = asked["adjustment_id"]
    done = service.post(f"/v1/adjustments/{number}/approvals", {}, second)
    assert done.status_code == 201
    shown = sue.get(f"/console/scans/{scan_id}").text
    within, owed = (
        shown.partition(f'value="{policy}"')[2].partition("</ul>")[0]
        for policy in ("within_balance", "debt")
    )
    assert "2 taken back; 3 let go" in within
    assert "owed" not in within.partition('class="earned')[2]
    assert "<b>taken back</b>; 3 owed" in owed


def test_what_is_held_is_shown_with_what_the_rules_said(
    sue: Colleague, service: Service
) -> None:
    """It waits on the member's page; taken back, it waits no more."""
    code = service.fresh_code()
    service.scan(code, position={"lat": 31.23, "lon": 121.47})
    away = {"lat": 39.90, "lon": 116.40}
    held = service.scan(code, "held-ann", position=away)
    assert held["outcome"] == "held"
    shown = find(sue, "held-ann").text
    waiting = shown.partition('id="held"')[2].partition("</section>")[0]
    here = f"/console/scans/{held['scan_id']}"
    assert f'href="{here}"' in waiting
    page = sue.get(here)
    assert "The same code was scanned in two places" in page.text
    wish = {"policy": "pending_only", "reason": "a copied cap"}
    done = sue.press(here, f"{here}/reverse", **wish)
    assert 'id="reversed"' in done.text
    assert 'id="held"' not in find(sue, "held-ann").text


def test_members_are_looked_after_by_support_of_all_brands(service: Service) -> None:
    """Who works for one brand finds its caps and coupons, and no member."""
    scan_id = earn(service, "brand-ann")
    token = service.staff_token("support", name="bea-brand", brand="Demo Dairy")
    with at_work(service, token) as bea:
        assert find(bea, "brand-ann").status_code == 404
        assert bea.get("/console/member?id=brand-ann").status_code == 403
        assert bea.get("/console/adjustments").status_code == 403
        shown = find(bea, scan_id)
        assert shown.url.path == f"/console/scans/{scan_id}"
        assert 'name="policy"' not in shown.text
    rival = service.staff_token("support", name="ria-brand", brand="Rival")
    with at_work(service, rival) as ria:
        assert ria.get(f"/console/scans/{scan_id}").status_code == 404


def test_a_scan_that_there_is_not_is_not_found(sue: Colleague) -> None:
    number = TimeIds(1).next_id(4_000_000_000_000)
    assert sue.get(f"/console/scans/{number}").status_code == 404
