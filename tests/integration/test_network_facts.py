"""What is known of a scan's network is judged by, kept, and judged by once more."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anti_fraud.domain.places import cell_of
from anti_fraud.network_data import NetworkData
from core.redis import connect
from scan_api.domain.scans import Outcome, Scan
from scan_api.pipeline.recorded_facts import read_facts
from scan_api.pipeline.replay import replay_scans
from scan_api.store.recorded_facts import MemberScan
from tests.fixtures.ground import TIMEZONE, Ground
from tests.fixtures.network_data import write_xdb
from tests.fixtures.worker import Worker, publish, worker_of

HOME, RACK = "192.0.2.7", "198.51.100.7"
SHENZHEN, HARBIN = cell_of(22.55, 114.06), cell_of(45.80, 126.53)
RULES = [
    ("rack", 20, {"fact": "network_kind", "op": "==", "value": "hosting"}),
    ("far", 60, {"fact": "gps_ip_distance_km", "op": ">", "value": 300}),
    ("abroad", 90, {"fact": "network_country", "op": "!=", "value": "CN"}),
    ("there", 1, {"fact": "network_province", "op": "in", "value": ["CN-44"]}),
]


@pytest.fixture
async def worker(
    ledger: Ground, redis_url: str, tmp_path: Path
) -> AsyncIterator[Worker]:
    """Start a worker that has data about two networks."""
    await ledger.rules()
    await ledger.campaign("points")
    path = write_xdb(
        tmp_path / "a.xdb",
        [
            ("192.0.2.0", "192.0.2.255", "中国|广东省|深圳市|电信|CN"),
            ("198.51.100.0", "198.51.100.255", "United States|Ohio|0|IDC|US"),
        ],
    )
    sentence = {"en": "Why.", "zh": "原因。"}
    rules = [
        {"id": name, "score": score, "sentence": sentence, "when": when}
        for name, score, when in RULES
    ]
    await publish(ledger, rules=rules)
    async with worker_of(ledger, redis_url) as started:
        started.pipeline.find_network = NetworkData.open([path]).find
        yield started


def scan_from(
    worker: Worker, code: int, address: str | None, cell: int | None = None
) -> Scan:
    opened = worker.opened(code, f"m{code}", cell=cell)
    return msgspec.structs.replace(opened, address=address)


async def test_rules_read_what_is_known_of_a_network(worker: Worker) -> None:
    """And each scan keeps it, so that a replay equals the record without the data."""
    codes = await worker.ground.live(5, campaign_id="points")
    scans = [
        scan_from(worker, codes[0], HOME, SHENZHEN),
        scan_from(worker, codes[1], HOME, HARBIN),
        scan_from(worker, codes[2], RACK, HARBIN),
        scan_from(worker, codes[3], "203.0.113.1", HARBIN),
        scan_from(worker, codes[4], None),
    ]
    outcomes = [(await worker.pipeline.submit(scan)).outcome for scan in scans]
    assert outcomes == [
        *(Outcome.REWARDED, Outcome.HELD, Outcome.REFUSED),
        *(Outcome.REWARDED, Outcome.REWARDED),
    ]
    ids = [scan.scan_id for scan in scans]
    async with worker.ground.engine.connect() as conn:
        replays = await replay_scans(conn, ids, TIMEZONE)
    assert all(replays[each].equals_record for each in ids)
    assert [replays[each].recorded.hits for each in ids] == [
        *(("there",), ("far", "there"), ("rack", "abroad"), (), ()),
    ]
    facts = [network_facts(replays[each].decision) for each in ids]
    assert facts[0] == {
        "network_kind": "carrier",
        "network_country": "CN",
        "network_province": "CN-44",
        "gps_ip_distance_km": 0,
    }
    assert facts[2] == {"network_kind": "hosting", "network_country": "US"}
    assert facts[3:] == [{}, {}]


async def test_a_release_knows_the_network_that_the_scan_came_from(
    worker: Worker,
) -> None:
    """It was known while Redis was away, and nobody else can tell it afterwards."""
    [code] = await worker.ground.live(1, campaign_id="points")
    scan = scan_from(worker, code, HOME, HARBIN)
    worker.pipeline.signals.redis = connect("unix:///nowhere.sock", timeout_s=1)
    assert (await worker.pipeline.submit(scan)).outcome is Outcome.HELD
    worker.pipeline.signals.redis = worker.redis
    rows = await worker.ground.rows(
        "SELECT scan_id, code_id, member_no FROM scans WHERE member_no IS NOT NULL"
    )
    past = [MemberScan(*row) for row in rows]
    state = await worker.states.of_codes([code])
    async with worker.ground.engine.connect() as conn:
        [known] = await read_facts(conn, past, state, TIMEZONE)
    told = known.facts
    assert told["signals_available"] is True
    assert told["member_scans_10m"] == 1
    assert told["network_province"] == "CN-44"
    distance = told["gps_ip_distance_km"]
    assert isinstance(distance, int)
    assert distance > 2_000


def network_facts(decision: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in decision.facts.items()
        if name.startswith(("network_", "gps_"))
    }
