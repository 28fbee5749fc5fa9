"""Who approves a recall or a void sees in the console what it is, and approves that."""

import re

from tests.fixtures.colleague import Colleague, at_work
from tests.fixtures.service import Service
from tests.fixtures.visitor import hidden_fields


def test_a_recall_is_approved_as_the_page_shows_it(service: Service) -> None:
    """With its text and counts; when they changed since, it is looked at again."""
    lot = "SHOWN-1"
    batch = service.issue(30, activate=False)
    service.change(batch, "activations", lot=lot, from_index=0, to_index=9)
    wish = {"lot": lot, "reason": "glass", "instructions": "Bring it <back>."}
    recall = service.post("/v1/recalls", wish, service.issuer).json()["recall_id"]
    path = f"/console/recalls/{recall}"
    with (
        at_work(service, service.issuer) as ada,
        at_work(service, service.staff("admin")) as ben,
    ):
        assert "/approve" not in ada.get(path).text
        page = ben.get(path).text
        assert "Bring it &lt;back&gt;." in page
        assert "Approve the recall: 10" in page
        assert f"recalls/{recall}" in ben.get("/console/recalls").text
        form = hidden_fields(page, f"{path}/approve")
        service.change(batch, "activations", lot=lot, from_index=10, to_index=19)
        stale = ben.post(f"{path}/approve", form)
        assert stale.status_code == 409
        assert "20 codes now" in stale.text
        unnamed = ben.post(f"{path}/approve", form | {"digest": ""})
        assert unnamed.status_code == 409
        form = hidden_fields(ben.get(path).text, f"{path}/approve")
        assert ben.post(f"{path}/approve", form).status_code == 303
        done = ben.get(path).text
        assert "in effect" in done
        assert re.search(r"Caps taken.*?20", done, re.DOTALL)


def test_a_line_asks_for_what_it_may_not_void_where_leaks_are_traced(
    service: Service,
) -> None:
    """One pasted code does not end a whole batch: an issuer sees it first."""
    batch = service.issue(50)
    [code] = service.codes(batch, 7, 7)
    with at_work(service, service.staff("line")) as lin:
        page = lin.post("/console/leaks", _paste(lin, code)).text
        form = hidden_fields(page, "/console/leaks/void")
        form |= {"codes": code, "reach": "unit", "reason": "leaked"}
        answer = lin.post("/console/leaks/void", form).text
        assert "<b>0</b>" in answer
        [path] = set(re.findall(r"/console/void-requests/\d+", answer))
    counts = service.get(f"/v1/batches/{batch['batch_id']}", service.issuer).json()
    assert counts["counts"]["activated"] == 50
    with at_work(service, service.issuer) as ada:
        page = ada.get(path).text
        assert "Approve the void: 50" in page
        form = hidden_fields(page, f"{path}/approve")
        assert ada.post(f"{path}/approve", form).status_code == 303
    counts = service.get(f"/v1/batches/{batch['batch_id']}", service.issuer).json()
    assert counts["counts"]["void"] == 50


def _paste(colleague: Colleague, code: str) -> dict[str, str]:
    page = colleague.get("/console/leaks").text
    return hidden_fields(page, "/console/leaks") | {"codes": code}
