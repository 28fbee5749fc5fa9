"""One reader of codes at every door: what scanners, chats and people make of a code."""

import re

import pytest

from crowncap.demo import GTIN
from tests.fixtures.cartons import Warehouse, accepted, fresh_sscc
from tests.fixtures.colleague import Colleague
from tests.fixtures.service import Service
from tests.fixtures.visitor import heading, visiting

GS = "\x1d"
OTHER_GTIN = "00012345678905"


@pytest.mark.parametrize(
    "form",
    [
        "(01){gtin}(21){code}",
        "]Q321{code}\x1d01{gtin}",
        "\x00]d201{gtin}10LOT\x1d21{code}\x04",
        "“https：／／cap。example／C／{code}”。",
        "我的瓶盖：HTTPS://CAP.EXAMPLE/01/{gtin}/21/{code}，快来领",
    ],
)
def test_a_scan_is_read_whatever_stands_around_it(service: Service, form: str) -> None:
    """Genuine is genuine, as a handheld scanner sends it or a friend forwards it."""
    text = form.format(gtin=GTIN, code=service.fresh_code())
    assert service.scan(text)["outcome"] == "verified"
    with visiting(service) as visitor:
        led = visitor.http.get("/", params={"code": text})
        assert heading(visitor.get(led.headers["location"])) == "Genuine"


def test_a_gtin_in_an_element_string_must_be_the_products(service: Service) -> None:
    """As in a link: a code under another product's name is not passed off as it."""
    code = service.fresh_code()
    for text in (f"(01){OTHER_GTIN}(21){code}", f"]Q301{OTHER_GTIN}21{code}"):
        assert service.scan(text)["outcome"] == "invalid"
    assert service.scan(f"(01){GTIN}(21){code}")["outcome"] == "verified"


def test_any_text_is_answered(service: Service) -> None:
    """Whatever a text is made of, the answer is an outcome and no fault."""
    for text in ("\x00" * 256, "(01)" * 64, "]Q3", "\u202e" * 9, "/" * 256, "%" * 256):
        assert service.scan(text)["outcome"] == "invalid"


def test_lines_and_issuers_name_codes_as_scanners_send_them(service: Service) -> None:
    """Activation, voids, cartons and the command line read what the scan reads."""
    batch = service.issue(4, activate=False)
    first, second, third, last = service.codes(batch)
    told = [f"]Q301{GTIN}10L1{GS}21{first}\x04", f"\u200e{second}\u200f"]
    told += [f"(01){GTIN}(21){third}", f"“{last}”。"]
    assert service.change(batch, "activations", codes=told)["changed"] == 4
    warehouse = Warehouse(service, service.staff("line"))
    carton = {"sscc": fresh_sscc(), "codes": told[:2]}
    accepted(warehouse.pack(carton))
    voided = service.change(batch, "voids", codes=told[2:], reason="torn")
    assert voided["changed"] == 2
    opened = service.run("code", "open", told[0].strip("\x04"))
    assert '"valid":true' in opened.stdout


def test_pasted_codes_are_found_in_the_console(
    service: Service, ann: Colleague
) -> None:
    """A dump of JSON, a chat, and one cap as a label shows it."""
    batch = service.issue(4)
    codes = service.codes(batch)
    pasted = (
        f'{{\n  "codes": [\n    "{codes[0]}",\n    "{codes[1].lower()}"\n  ]\n}}\n'
        f"张三 12:30\n「{codes[2]}」、（01）{GTIN}（21）{codes[3]}。\n"
    )
    shown = ann.press("/console/leaks", "/console/leaks", codes=pasted).text
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert "4 codes pasted" in text
    assert "not ours" not in text
    assert "Only these codes: 4" in text
    typed = f"(01){GTIN}(21){codes[3]}"
    cap = ann.press("/console/codes", "/console/codes", code=typed)
    assert str(cap.url.path).endswith(f"/{batch['batch_id']}/codes/3")
