"""The console's pages for codes: the history of one cap, and lists that leaked."""

import re
from pathlib import Path

from tests.fixtures.cartons import Warehouse, accepted
from tests.fixtures.colleague import Colleague, at_work, order_package
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields


def test_a_caps_life_stands_on_one_page(
    service: Service, ann: Colleague, bob: Colleague, lin: Colleague, tmp_path: Path
) -> None:
    """Issued, packaged, taken, printed, activated, scanned and paid; in this order."""
    batch = service.issue(50, activate=False)
    page = order_package(ann, batch)
    bob.press(page, f"{page}/approve")
    assert ann.send_form(ann.get(page), f"{page}/content").status_code == 200
    file = tmp_path / "shift.csv"
    file.write_text("from_index,to_index,status,reason,grade\n0,49,printed,,B\n")
    lin.drop(batch["batch_id"], file, activate="now")
    code = service.codes(batch, 7, 7)[0]
    assert service.scan(code, "cap-lover")["outcome"] == "rewarded"
    with at_work(service, service.staff("analyst")) as analyst:
        shown = analyst.press("/console/codes", "/console/codes", code=f" {code} ")
        assert str(shown.url.path).endswith(f"/{batch['batch_id']}/codes/7")
        assert code not in shown.text
        kinds = re.findall(r'<li class="e-(\w+)"', shown.text)
        assert "cap-lover" in shown.text
    assert kinds == [
        *("issued", "packaged", "approved", "downloaded"),
        *("printed", "activate", "rewarded"),
    ]
    hidden = lin.get(str(shown.url.path)).text
    assert "cap-lover" not in hidden


def test_a_life_tells_carton_pallet_road_and_recall(
    service: Service, lin: Colleague
) -> None:
    """What happened to its carton happened to the cap; nothing later hides anything."""
    warehouse = Warehouse(service, service.staff("line"))
    batch = warehouse.batch(20)
    carton = warehouse.carton(batch, 0, 9)
    pallet = warehouse.pallet(carton)
    warehouse.report(batch, "0,8,printed", "9,9,wasted")
    accepted(warehouse.move("shipments", pallet))
    accepted(warehouse.move("receipts", pallet))
    code = service.codes(batch, 4, 4)[0]
    assert service.scan(code, "first-fan")["outcome"] == "rewarded"
    assert service.scan(code, "second-fan")["outcome"] == "already_claimed"
    scope = {"carton": carton, "reason": "bad seal", "instructions": "Do not drink."}
    recall = accepted(service.post("/v1/recalls", scope, service.issuer))
    approval = f"/v1/recalls/{recall['recall_id']}/approvals"
    accepted(service.post(approval, {}, service.staff("admin")))
    here = f"/console/batches/{batch['batch_id']}/codes"
    shown = lin.get(f"{here}/4").text
    assert re.findall(r'<li class="e-(\w+)"', shown) == [
        *("issued", "packing", "palletising", "printed", "shipping", "activate"),
        *("receiving", "rewarded", "recall"),
    ]
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert f"carton {carton} · pallet {pallet}" in text
    assert "5 points" in text
    assert "bad seal" in text
    assert "Other scans 1" in text
    looks = service.query(
        "SELECT detail FROM audit_log WHERE action = 'code.look' AND subject = %s",
        f"batch:{batch['batch_id']}",
    )
    assert looks
    stages = re.findall(r"<li( class=\"\w+\")?><b>(\w+)</b>", shown)
    assert [name for done, name in stages if "done" in done] == [
        *("Issued", "Printed", "Packed", "Shipped", "Activated", "Scanned", "Paid"),
    ]
    assert (' class="ended"', "Recalled") in stages
    wasted = lin.get(f"{here}/9").text
    assert re.findall(r'<li class="e-(\w+)"', wasted) == [
        *("issued", "packing", "palletising", "wasted", "void"),
        *("shipping", "receiving"),
    ]
    with at_work(service, service.staff("line"), "zh-CN") as reader:
        assert "原因： 产线报告" in reader.get(f"{here}/9").text


def test_a_mistyped_code_is_told_apart_from_one_out_of_reach(
    service: Service, ann: Colleague
) -> None:
    """Forged codes are none of ours; a code of another brand looks never issued."""
    batch = service.issue(5)
    code = service.codes(batch, 0, 0)[0]
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    path = "/console/codes"
    assert ann.press(path, path, code=forged).status_code == 422
    token = service.staff_token("issuer", name="stranger", brand="Other Dairy")
    with at_work(service, token) as stranger:
        assert stranger.press(path, path, code=code).status_code == 404
        traced = stranger.press("/console/leaks", "/console/leaks", codes=code).text
        assert "never issued, or out of your scope" in traced
        assert "Report it at once" not in traced


def test_leaked_codes_lead_to_roll_package_and_who_took_it(
    service: Service, ann: Colleague, bob: Colleague
) -> None:
    """A pasted list shows its source, and a void ends the codes or the whole roll."""
    rolls = [
        {"name": "roll-1", "from_index": 0, "to_index": 19},
        {"name": "roll-2", "from_index": 20, "to_index": 39},
    ]
    batch = service.issue(50, activate=False, units=rolls)
    service.staff_token("printhouse", name="leaky-press")
    page = order_package(ann, batch, printhouse="leaky-press")
    bob.press(page, f"{page}/approve")
    ann.http.headers["x-forwarded-for"] = fresh_address()
    assert ann.send_form(ann.get(page), f"{page}/content").status_code == 200
    service.change(batch, "activations")
    codes = service.codes(batch)
    service.scan(codes[3], "early-bird")
    pasted = "\n".join([*codes[2:5], f"HTTPS://CAP.CN/C/{codes[25]}", codes[2], "ZZZ"])
    shown = ann.press("/console/leaks", "/console/leaks", codes=pasted).text
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    traced = "SELECT detail FROM audit_log WHERE action = 'code.trace'"
    assert ({"listed": 6},) in service.query(traced)
    assert "6 codes pasted 1 repeated 1 not ours: ZZZ" in text
    assert "leaky-press" in text
    assert "roll-1 Codes found here 3 Activated 3 Claimed 1" in text
    assert "Only these codes: 4" in text
    assert "All of their rolls, or batches: 40" in text
    form = hidden_fields(shown, "/console/leaks/void") | {"codes": pasted}
    nameless = ann.post("/console/leaks/void", form | {"reach": "listed"})
    assert nameless.status_code == 422
    listed = form | {"reach": "listed", "reason": "on a forum"}
    assert "<b>4</b> codes are void now" in ann.post("/console/leaks/void", listed).text
    assert service.scan(codes[2])["outcome"] == "not_active"
    assert service.scan(codes[6])["outcome"] == "verified"
    whole = listed | {"codes": codes[2], "reach": "unit"}
    # Three of the twenty on roll-1 are void by now.
    assert "<b>17</b> codes are void now" in ann.post("/console/leaks/void", whole).text
    assert service.scan(codes[6])["outcome"] == "not_active"
    assert service.scan(codes[30])["outcome"] == "verified"
    # What lies on no roll is no reason to end the rolls.
    rest = ann.press("/console/leaks", "/console/leaks", codes=codes[45]).text
    assert "In no named roll, indexes 40 – 49" in rest
    whole |= {"codes": codes[45]}
    assert "<b>10</b> codes are void now" in ann.post("/console/leaks/void", whole).text
    assert service.scan(codes[30])["outcome"] == "verified"
    service.audit()


def test_a_list_that_is_too_long_or_empty_is_refused(ann: Colleague) -> None:
    """The sentence says how many there may be; nothing is looked up."""
    path = "/console/leaks"
    assert ann.press(path, path, codes=" ,; ").status_code == 422
    long = ann.press(path, path, codes="A " * 10_001)
    assert long.status_code == 422
    assert "10,000" in long.text


def test_an_analyst_previews_a_void_and_leaves_it_to_others(service: Service) -> None:
    """The contract gives voids to lines and issuers."""
    batch = service.issue(5)
    codes = service.codes(batch)
    with at_work(service, service.staff("analyst")) as analyst:
        shown = analyst.press("/console/leaks", "/console/leaks", codes=codes[0])
        assert "Only these codes" in shown.text
        assert 'action="/console/leaks/void"' not in shown.text
        form = hidden_fields(shown.text, "/console/leaks")
        body = form | {"codes": codes[0], "reach": "listed", "reason": "x"}
        assert analyst.post("/console/leaks/void", body).status_code == 403
