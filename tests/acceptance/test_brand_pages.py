"""A brand's own pages: its kit, its contacts, and reports of what may be a fake."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fixtures.colleague import Colleague, at_work
from tests.fixtures.processes import wait_for
from tests.fixtures.service import Json, Service
from tests.fixtures.visitor import Visitor, heading, hidden_fields, visiting
from tests.unit.test_brand_kit import svg

BRAND, OTHER_GTIN = "Kit Dairy", "06901234568516"
FORGED = "/C/0000000000000000"
KIT: Json = {
    "name": {"zh": "工具乳业", "en": "Kit Dairy Ltd."},
    "logo": svg('<circle r="4" cx="4" cy="4"/>'),
    "colours": {"primary": "#7a1f5c", "accent": "#ffcc00"},
    "hotline": "400-123-4567",
    "contact_url": "https://dairy.example/help",
    "wechat": "工具乳业服务号",
    "privacy_url": "https://dairy.example/privacy",
    "rules_url": None,
    "footer": "沪ICP备00000000号",
}


@pytest.fixture
def sue(service: Service) -> Iterator[Colleague]:
    """Give the browser of somebody who answers consumers."""
    with at_work(service, service.staff("support")) as colleague:
        yield colleague


def put_kit(service: Service, token: str, brand: str = BRAND, **kit: Any) -> Any:
    """Write a kit; gives the answer."""
    return service.http.put(
        f"/v1/brands/{brand}/kit",
        json=KIT | kit,
        headers={"authorization": f"Bearer {token}"},
    )


@pytest.fixture(scope="module")
def cap(service: Service) -> str:
    """Give the page of a void cap of a brand with a kit: it sends people to it."""
    answer = put_kit(service, service.staff("marketer"))
    assert answer.status_code == 200, answer.text
    product = {"gtin": OTHER_GTIN, "name": "Kit Milk 250 ml", "brand": BRAND}
    assert service.post("/v1/products", product, service.issuer).status_code == 201
    batch = service.issue(1, activate=False, gtin=OTHER_GTIN, campaign_id=None)
    return f"/C/{service.codes(batch)[0]}"


def test_a_brand_is_named_and_reached_on_the_pages_of_its_caps(
    service: Service, cap: str
) -> None:
    """Name, colours, telephone, link, account and footer, in both languages."""
    with visiting(service) as visitor:
        wait_for(lambda: "Kit Dairy Ltd." in visitor.get(cap).text)
        page = visitor.get(cap)
        assert heading(page) == "Genuine code, not active"
        for words in (
            'href="tel:4001234567"',
            'href="https://dairy.example/help"',
            "工具乳业服务号",
            'href="https://dairy.example/privacy"',
            "沪ICP备00000000号",
            'content="#7a1f5c"',
            "Report a suspected fake",
        ):
            assert words in page.text, words
        policy = page.headers["content-security-policy"]
        assert policy.count("'sha256-") == 2
        assert "unsafe" not in policy
        assert "工具乳业" in visitor.get(f"{cap}?lang=zh").text


def test_a_logo_is_served_so_that_it_can_do_nothing(service: Service, cap: str) -> None:
    """By its content, for ever, as what it is, under a policy that lets nothing run."""
    with visiting(service) as visitor:
        wait_for(lambda: "/brand-logos/" in visitor.get(cap).text)
        path = re.search(r'src="(/brand-logos/\w+)"', visitor.get(cap).text)
        assert path is not None
        logo = visitor.get(path[1])
        assert logo.headers["content-type"] == "image/svg+xml"
        assert logo.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert logo.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in logo.headers["cache-control"]
        assert logo.text.startswith("<svg")
        assert visitor.get("/brand-logos/none").status_code == 404


def test_a_kit_comes_back_as_it_was_and_only_its_own_people_change_it(
    service: Service, cap: str
) -> None:
    """Admins and marketers; of one brand those of that brand; and it is audited."""
    assert cap
    path = f"/v1/brands/{BRAND}/kit"
    assert service.get(path, service.staff("admin")).json() == KIT
    assert service.get(path).status_code == 401
    for role in ("issuer", "line", "analyst", "support", "cashier", "app"):
        assert service.get(path, service.staff(role)).status_code == 403
        assert put_kit(service, service.staff(role)).status_code == 403
    other = service.staff_token("marketer", brand="Other", name="other-marketer")
    assert service.get(path, other).status_code == 403
    assert put_kit(service, other).status_code == 403
    assert put_kit(service, other, "Other").status_code == 200
    assert service.get("/v1/brands/Nobody/kit", other).status_code == 403
    root = service.staff("admin")
    assert service.get("/v1/brands/Nobody/kit", root).status_code == 404
    found = service.query(
        "SELECT count(*) FROM audit_log WHERE action = 'brand.kit' AND subject = %s",
        f"brand:{BRAND}",
    )
    assert found[0][0] >= 1
    service.query("DELETE FROM brand_kits WHERE brand = 'Other'")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"colours": {"primary": "#ffee00"}}, "/colours/primary"),
        ({"logo": svg("<script>1</script>")}, "/logo"),
        ({"contact_url": "javascript:alert(1)"}, "/contact_url"),
        ({"hotline": "x"}, "/hotline"),
        ({"footer": "x" * 201}, "/footer"),
        ({"name": {"zh": "", "en": "x"}}, "/name/zh"),
    ],
)
def test_a_wrong_kit_says_which_field(
    service: Service, wrong: Json, pointer: str
) -> None:
    """In the caller's own names."""
    answer = put_kit(service, service.staff("admin"), **wrong)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


def _report(visitor: Visitor, of: str, **fields: str) -> httpx.Response:
    asked = visitor.http.get("/report", params={"of": of})
    return visitor.send_form(asked, "/report", **fields)


def _reference(answer: httpx.Response) -> str:
    found = re.search(r'id="reference">([\w-]+)<', answer.text)
    assert found is not None, heading(answer)
    return found[1]


def test_a_suspected_fake_is_reported_found_and_listed(
    service: Service, sue: Colleague
) -> None:
    """Without a name or a script; staff find it by the number that the page told."""
    with visiting(service) as visitor:
        page = visitor.get(FORGED)
        assert "/report?of=%2FC%2F0000000000000000" in page.text
        asked = visitor.http.get("/report", params={"of": FORGED})
        sent = visitor.send_form(asked, "/report", place="Xi'an <b>", note="sour\nmilk")
        assert heading(sent) == "Thank you, it is with us"
        reference = _reference(sent)
        # Sent again, by a reload: the same report.
        again = visitor.send_form(asked, "/report", place="Xi'an <b>")
        assert _reference(again) == reference
    found = sue.press("/console/codes", "/console/codes", code=reference.lower())
    for words in (reference, "Xi&#39;an &lt;b&gt;", "sour milk", FORGED):
        assert words in found.text, words
    listed = service.get("/v1/suspected-fakes?limit=1", service.staff("support")).json()
    [item] = listed["items"]
    assert item["reference"] == reference
    assert (item["is_ours"], item["seen"]) == (False, FORGED)
    before = listed["next_cursor"]
    older = service.get(
        f"/v1/suspected-fakes?cursor={before}", service.staff("analyst")
    )
    assert reference not in older.text
    for role in ("line", "issuer", "marketer", "printhouse", "app"):
        refused = service.get("/v1/suspected-fakes", service.staff(role))
        assert refused.status_code == 403


def test_reporting_a_genuine_code_tells_nobody_that_it_is_one(
    service: Service, cap: str, sue: Colleague
) -> None:
    """The forms are alike; the code is kept by its number, and staff see its cap."""
    with visiting(service) as visitor:
        pages = [
            visitor.http.get("/report", params={"of": of}).text for of in (cap, FORGED)
        ]
        bare = [
            re.sub(r'value="[^"]*"|of=[^"]*|next=[^"]*', "", page) for page in pages
        ]
        assert bare[0] == bare[1]
        reference = _reference(_report(visitor, cap, place="here"))
    stored = service.query(
        "SELECT code_id IS NOT NULL, seen, brand FROM suspected_fakes"
        " WHERE reference = %s",
        reference.replace("-", ""),
    )
    assert stored == [(True, None, BRAND)]
    found = sue.press("/console/codes", "/console/codes", code=reference)
    assert "One of our codes" in found.text
    assert re.search(r'href="/console/batches/\d+/codes/0"', found.text)
    assert cap.rpartition("/")[2] not in found.text


def test_a_report_is_bounded_and_only_our_own_form_makes_one(service: Service) -> None:
    """Size, sender, token, and so many an hour from one network."""
    with visiting(service) as visitor:
        asked = visitor.http.get("/report", params={"of": FORGED})
        form = hidden_fields(asked.text, "/report")
        answer = visitor.post("/report", form | {"note": "x" * 501})
        assert answer.status_code == 422
        assert "Please shorten it" in answer.text
        answer = visitor.post("/report", form | {"place": "a\x01b"})
        assert answer.status_code == 422
        assert visitor.post("/report", form | {"note": "x" * 9_000}).status_code == 413
        foreign = visitor.post("/report", form, origin="https://evil.example")
        assert foreign.status_code == 403
        assert visitor.post("/report", form | {"token": "x"}).status_code == 403
        assert visitor.get("/report?of=//evil.example").status_code == 200
        answers = [visitor.post("/report", form) for _ in range(21)]
        assert [a.status_code for a in answers] == [200] * 20 + [429]
        assert int(answers[-1].headers["retry-after"]) == 3600
        assert heading(answers[-1]) == "Thank you, we have many"


def test_support_finds_a_cap_by_the_number_of_its_scan(
    service: Service, sue: Colleague
) -> None:
    """The number that an answer carries leads to the life of its cap."""
    batch = service.issue(1)
    scan_id = service.scan(service.codes(batch)[0], "asks-support")["scan_id"]
    spoken = " ".join(scan_id[i : i + 4] for i in range(0, len(scan_id), 4))
    cap = sue.press("/console/codes", "/console/codes", code=spoken)
    assert str(cap.url.path).endswith(f"/{batch['batch_id']}/codes/0")
