"""Reconciliation over HTTP: the caps of all batches, by plant and line."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.clock import business_day
from tests.acceptance.test_batch_routes import path_of, refused
from tests.acceptance.test_line_reports import PARTS, fresh, send, taken
from tests.fixtures.processes import fresh_address
from tests.fixtures.service import CLOCK, Json, Service

HEADER = "from_index,to_index,status,reason,grade\n"


@pytest.fixture
def plant(service: Service) -> str:
    """Name a plant that no other test knows."""
    assert service
    return f"plant-{fresh_address()}"


def places(service: Service, token: str, plant: str, **query: Any) -> list[Json]:
    """Give the places that a plant has a part in."""
    answer = service.http.get(
        "/v1/reconciliation",
        params=query,
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json()["items"] if plant in each["plants"]]


def bind(service: Service, batch: Json, **place: Any) -> None:
    """Activate some codes of a batch at a place."""
    service.change(batch, "activations", **place)


def test_a_plants_caps_add_up_over_its_batches(service: Service, plant: str) -> None:
    """Each part is the sum of the batches', reported on or not; so is the equation."""
    lin = service.staff("line")
    first, second = fresh(service, 100), fresh(service, 50)
    for batch in (first, second):
        bind(service, batch, plant=plant, to_index=49)
    torn = "0,49,printed,,\n50,59,wasted,torn,\n60,61,rejected,blurred,F\n"
    taken(send(service, lin, first, f"{HEADER}{torn}62,63,wasted,torn,D\n"))
    (place,) = places(service, lin, plant)
    assert place["plants"] == [plant]
    assert place["lines"] is None
    assert place["batches"] == 2
    assert place["issued"] == 150
    assert [place[part] for part in PARTS] == [50, 2, 12, 0, 86, 0]
    assert place["spoilage_rate"] == pytest.approx(14 / 64, abs=1e-6)
    assert place["reasons"] == [
        {"status": "wasted", "reason": "torn", "quantity": 12},
        {"status": "rejected", "reason": "blurred", "quantity": 2},
    ]
    one = service.get(path_of(first, "/reconciliation"), lin).json()
    assert one["spoilage_rate"] == place["spoilage_rate"]
    untouched = service.get(path_of(second, "/reconciliation"), lin).json()
    assert untouched["spoilage_rate"] is None


def test_lines_of_a_plant_are_told_apart(service: Service, plant: str) -> None:
    """A batch that two plants share is counted once, under both names."""
    for line, quantity in (("l-1", 10), ("l-2", 20), ("l-2", 30)):
        bind(service, fresh(service, quantity, line=line), plant=plant)
    shared = fresh(service, 40, line="l-1")
    bind(service, shared, plant=plant, to_index=9)
    bind(service, shared, plant="elsewhere", from_index=10)
    found = places(service, service.staff("analyst"), plant, by="line")
    assert [(p["plants"], p["lines"], p["batches"], p["issued"]) for p in found] == [
        ([plant], ["l-2"], 2, 50),
        (["elsewhere", plant], ["l-1"], 1, 40),
        ([plant], ["l-1"], 1, 10),
    ]


def test_days_are_those_on_which_batches_were_issued(
    service: Service, plant: str
) -> None:
    """Both days are included; days are those of the brand's calendar."""
    bind(service, fresh(service, 5), plant=plant)
    today = business_day(CLOCK.now_ms(), ZoneInfo("Asia/Shanghai"))
    day = timedelta(days=1)
    for first, last, count in (
        (today - day, today, 1),
        (today, today + day, 1),
        (today + day, today + 2 * day, 0),
        (today - 9 * day, today - day, 0),
    ):
        query = {"from": str(first), "to": str(last)}
        assert len(places(service, service.issuer, plant, **query)) == count, query


def test_a_token_adds_up_what_it_may_look_at(service: Service, plant: str) -> None:
    """Another line's batches are not in the sum; other roles see nothing."""
    for line, quantity in (("mine", 5), ("theirs", 7)):
        bind(service, fresh(service, quantity, line=line), plant=plant)
    mine = service.staff_token("line", name="worker", line="mine")
    (place,) = places(service, mine, plant)
    assert place["issued"] == 5
    wrong = ("by=brand", "from=yesterday", "to=2026-02-30")
    for query in wrong:
        answer = service.get(f"/v1/reconciliation?{query}", service.issuer)
        assert answer.status_code in {400, 422}, query
    refused(service.get("/v1/reconciliation", service.staff("cashier")), 403)
