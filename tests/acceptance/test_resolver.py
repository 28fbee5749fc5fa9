"""GS1 Digital Links over HTTP: links for who asks for links, a page for a phone."""

import re
from typing import Any

import httpx
import pytest

from crowncap.demo import GTIN, PRODUCT
from tests.acceptance.test_batch_routes import refused
from tests.fixtures.compressing import compress
from tests.fixtures.service import Service
from tests.fixtures.visitor import heading, visiting

LINKSET = "application/linkset+json"
PIP = "https://ref.gs1.org/voc/pip"
DEFAULT = "https://ref.gs1.org/voc/defaultLink"
FORGED = "0000000000000000"
CONTEXT = "https://ref.gs1.org/standards/resolver/linkset-context"
# What GS1-Conformant resolver 1.2 and RFC 9264, section 4.2, let stand in a link set.
RELATION = re.compile(r"[a-z-]+|https?://[A-Za-z0-9./]+")
TARGET = {"href", "title", "type", "hreflang", "context", "fwqs", "public"}
SHOWN, SHOWN_PAGE = "06901234567205", "https://dairy.example/milk?size=1"


@pytest.fixture(scope="module")
def shown(service: Service) -> str:
    """Add a product that has a page of its own."""
    product = {"gtin": SHOWN, "name": "Yoghurt", "brand": "Demo Dairy"}
    answer = service.post(
        "/v1/products", product | {"page_url": SHOWN_PAGE}, service.issuer
    )
    assert answer.status_code == 201, answer.text
    return SHOWN


@pytest.mark.parametrize(
    "ask", [{"params": {"linkType": "linkset"}}, {"headers": {"accept": LINKSET}}]
)
def test_who_asks_for_links_gets_a_link_set(
    service: Service, shown: str, ask: dict[str, dict[str, str]]
) -> None:
    """As application/linkset+json, without a redirect, for any origin."""
    answer = httpx.get(f"{service.base_url}/01/{shown}/10/L1/21/{FORGED}/", **ask)  # type: ignore[arg-type] # httpx types each keyword
    assert answer.status_code == 200
    assert answer.headers["content-type"] == LINKSET
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "json-ld#context" in answer.headers["link"]
    (entry,) = answer.json()["linkset"]
    assert entry["anchor"].endswith(f"/01/{shown}/10/L1")
    assert len(entry[DEFAULT]) == 1
    assert entry[PIP][0]["href"] == SHOWN_PAGE


@pytest.mark.parametrize(
    "path", ["", "/10/L1", "/22/2A/10/a%2Fb", f"/21/{FORGED}", f"/10/L1/21/{FORGED}/"]
)
def test_a_link_set_is_what_the_standards_ask_for(
    service: Service, shown: str, path: str
) -> None:
    """RFC 9264 as GS1 narrows it, with a context that makes JSON-LD of it."""
    url = f"{service.base_url}/01/{shown}{path}?linkType=linkset"
    answer, asked_head = httpx.get(url), httpx.head(url)
    rule = f'<{CONTEXT}>; rel="http://www.w3.org/ns/json-ld#context"'
    assert answer.headers["link"].startswith(rule)
    assert (asked_head.status_code, asked_head.content) == (200, b"")
    assert asked_head.headers["content-type"] == answer.headers["content-type"]
    found: dict[str, Any] = answer.json()
    assert set(found) == {"linkset"}
    for entry in found["linkset"]:
        assert entry.pop("anchor").startswith(f"{service.base_url}/01/{shown}")
        assert isinstance(entry.pop("description"), str)
        assert len(entry[DEFAULT]) == 1
        for relation, targets in entry.items():
            assert RELATION.fullmatch(relation)
            assert targets
            for target in targets:
                assert {"href", "title"} <= set(target) <= TARGET
                assert re.match("https?://[^/]", target["href"])
                assert target["title"]
                assert re.fullmatch(r"[\w.+-]+/[\w.+-]+", target["type"])
                for language in target["hreflang"]:
                    assert re.fullmatch("[a-z]{2}(-[A-Z]{2})?", language)


def test_links_tell_nothing_about_a_serial(service: Service) -> None:
    """A genuine, a forged and an unknown serial get links that differ in nothing else.

    So a resolver is no oracle for guessing codes, and passes nothing off as genuine.
    """
    genuine = service.fresh_code()
    texts = {
        service.get(f"/01/{GTIN}/21/{serial}?linkType=linkset").text.replace(serial, "")
        for serial in (genuine, FORGED, "UNHEARD-OF")
    }
    assert len(texts) == 1
    with visiting(service) as visitor:
        assert heading(visitor.get(f"/01/{GTIN}/21/{genuine}")) == "Genuine"
        forged = visitor.get(f"/01/{GTIN}/21/{FORGED}")
        assert heading(forged) == "Not one of our codes"


def test_a_type_redirects_and_passes_the_query_on(service: Service, shown: str) -> None:
    """307 to the link of that type; 404 for one that the product has not."""
    found = service.get(f"/01/{shown}?linkType=gs1:pip&utm=a%26b")
    assert found.status_code == 307
    assert found.headers["location"] == f"{SHOWN_PAGE}&utm=a%26b"
    refused(service.get(f"/01/{shown}?linkType=gs1:recipeInfo"), 404)
    refused(service.get(f"/01/{GTIN}?linkType=gs1:pip"), 404)
    refused(service.get(f"/01/{GTIN}?linkType=all"), 404)


def test_bad_syntax_is_400_and_an_unknown_product_404(service: Service) -> None:
    """The two are told apart, as the standard asks."""
    refused(service.get("/01/06901234567893?linkType=linkset"), 400)
    refused(service.get(f"/01/{GTIN}/21/A/10/L?linkType=linkset"), 400)
    refused(service.get(f"/01/{GTIN}?linkType=linkset&linkType=gs1:pip"), 400)
    refused(service.get("/01/00012345678905?linkType=linkset"), 404)


WRONG_LINKS = [
    f"/01/{GTIN}/foo",
    "/01/06901234567893",
    f"/01/06901234567893/21/{FORGED}",
    f"/01/{GTIN}/21/A/10/L",
    f"/01/{GTIN}/17/270101",
    f"/01/{GTIN}?17=991399",
    f"/01/{GTIN}?17=270101&17=270101",
    f"/01/{GTIN}?10=LOT",
    f"/01/{GTIN}?1234=x",
    "/01",
]


@pytest.mark.parametrize("path", WRONG_LINKS)
def test_a_wrong_link_is_400_to_machines_and_phones(
    service: Service, path: str
) -> None:
    """A browser still gets the page that says what to check."""
    asked = path + ("&" if "?" in path else "?") + "linkType=linkset"
    refused(service.get(asked), 400)
    with visiting(service) as visitor:
        shown = visitor.get(path)
        assert shown.status_code == 400
        assert heading(shown) == "Not one of our codes"
        assert visitor.http.head(path).status_code == 400
        assert visitor.post(path.partition("?")[0], {}).status_code in {400, 403}


def test_a_genuine_code_in_a_wrong_link_is_not_shown(service: Service) -> None:
    """Neither looked at nor claimed: the link was never printed."""
    code = service.fresh_code()
    with visiting(service) as visitor:
        for path in (f"/01/{GTIN}/21/{code}?17=991399", f"/01/{GTIN}/21/{code}/10/L"):
            shown = visitor.get(path)
            assert shown.status_code == 400
            assert PRODUCT not in shown.text
        right = visitor.get(f"/01/{GTIN}/21/{code}?17=270131&utm=1&3103=000195")
        assert heading(right) == "Genuine"


def test_the_serial_of_a_third_party_is_read(service: Service, shown: str) -> None:
    """AI 235 names an item that is not ours to judge: the product is shown."""
    assert service.get(f"/01/{shown}/235/TP-1?linkType=linkset").status_code == 200
    with visiting(service) as visitor:
        assert heading(visitor.get(f"/01/{shown}/235/TP-1")) == "Yoghurt"


def test_compressed_links_lead_where_the_others_do(
    service: Service, shown: str
) -> None:
    """As a whole, or behind the product: links for machines, pages for phones."""
    code = service.fresh_code()
    whole, behind = compress([("01", GTIN), ("21", code)]), compress([("21", code)])
    links = service.get(f"/{compress([('01', shown)])}?linkType=linkset").json()
    assert links["linkset"][0]["anchor"].endswith(f"/01/{shown}")
    with visiting(service) as visitor:
        visitor.sign_in("compressor")
        for path in (f"/{whole}", f"/01/{GTIN}/{behind}"):
            page = visitor.get(path)
            assert heading(page) == "Genuine"
            assert f'action="/01/{GTIN}/21/{code}"' in page.text
            assert visitor.http.head(path).status_code == 200
    assert service.scan(f"https://cap.example/{whole}")["outcome"] == "verified"
    refused(service.get("/AAAA"), 404)
    refused(
        service.get(f"/{compress([('01', '06901234567893')])}?linkType=linkset"), 400
    )


def test_head_is_answered_wherever_get_is(service: Service) -> None:
    """With the same status and type, and no body."""
    paths = service.get("/schema/openapi.json").json()["paths"]
    known = [path for path, told in paths.items() if "get" in told]
    asked = [re.sub(r"{[^}]*}", "1", path) for path in known]
    asked += ["/.well-known/gs1resolver", "/.well-known/crowncap-signing-key.pem"]
    asked += ["/sign-in", "/metrics", "/schema/openapi.json", "/console", "/nothing"]
    assert len(asked) > 15
    token = {"authorization": f"Bearer {service.staff('admin')}"}
    for path in asked:
        got, head = (
            service.http.request(method, path, headers=token)
            for method in ("GET", "HEAD")
        )
        assert head.status_code == got.status_code, path
        assert head.headers.get("content-type") == got.headers.get("content-type"), path
        assert head.content == b""
    assert service.http.head("/sign-out").status_code == 405


def test_a_phone_that_opens_a_product_is_asked_for_the_code(
    service: Service, shown: str
) -> None:
    """The product is named; nothing is called genuine, and links are pointed to."""
    with visiting(service) as visitor:
        page = visitor.get(f"/01/{shown}/10/L-7")
        assert heading(page) == "Yoghurt"
        assert "proves nothing" in page.text
        assert "L-7" in page.text
        assert 'name="code"' in page.text
        assert 'rel="linkset"' in page.headers["link"]
        assert visitor.get("/01/00012345678905").status_code == 404
        assert PRODUCT in visitor.get(f"/01/{GTIN}").text


def test_the_resolver_describes_itself(service: Service) -> None:
    """At the well-known place, and OPTIONS allows other origins."""
    described = service.get("/.well-known/gs1resolver").json()
    assert described["supportedPrimaryKeys"] == ["01"]
    assert described["resolverRoot"] == service.base_url
    assert described["jsonLdContextLocation"] == CONTEXT
    assert described["linkTypeDefaultCanBeLinkset"] is False
    for each in described["supportedLinkType"]:
        assert re.fullmatch("https?://.+/", each["namespace"])
        assert re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*:", each["prefix"])
    preflight = httpx.options(f"{service.base_url}/01/{GTIN}")
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == "*"
