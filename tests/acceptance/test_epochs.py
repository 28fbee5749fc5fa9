"""The life of an epoch, by command line and HTTP: rotate, close, freeze, retire."""

import json

from tests.fixtures.processes import wait_for
from tests.fixtures.service import OwnService


def test_epochs_are_rotated_frozen_and_retired_while_scans_go_on(
    own_service: OwnService,
) -> None:
    """Codes of all epochs pay until theirs is frozen (held) or retired (not active)."""
    service = own_service()
    old = service.codes(service.issue(10))
    assert json.loads(service.cli("key", "rotate")) == {"epoch": 1, "state": "open"}
    batch = service.issue(10)
    assert batch["epoch"] == 1
    new = service.codes(batch)
    # Closed means that nothing is issued; what was issued still pays.
    assert service.scan(old[0], "ann")["outcome"] == "rewarded"
    assert service.scan(new[0], "ann")["outcome"] == "rewarded"
    service.cli("key", "freeze", "0")
    held = service.scan(old[1], "ann")
    assert held["outcome"] == "held"
    assert held["points_available"] == 10
    assert service.scan(new[1], "ann")["outcome"] == "rewarded"
    service.cli("key", "retire", "0")
    assert service.scan(old[2], "ann")["outcome"] == "not_active"
    assert service.scan(old[0], "ann")["outcome"] == "not_active"
    for illegal in (("freeze", "0"), ("close", "0"), ("freeze", "7")):
        assert service.run("key", *illegal).returncode == 2
    states = {
        row["epoch"]: row["state"] for row in json.loads(service.cli("key", "list"))
    }
    assert states == {0: "retired", 1: "open"}
    service.cli("key", "close", "1")
    refused = service.post("/v1/batches", {"quantity": 1}, service.issuer)
    assert refused.status_code == 409
    assert refused.json()["code"] == "no_open_epoch"
    assert service.scan(new[2], "bob")["outcome"] == "rewarded"
    service.audit()


def test_serials_past_two_to_the_31_are_scanned_like_any_other(
    own_service: OwnService,
) -> None:
    """Partitions of claims exist for high serials too, and are made in time."""
    service = own_service(workers=1)
    # The high-water mark moves the next batch, as after a restored backup.
    mark = service.data_dir / "keys" / "high-water.json"
    mark.write_text(json.dumps({"0": (1 << 32) + 7}))
    batch = service.issue(10)
    assert batch["first_serial"] > 1 << 32
    code, other, *_ = service.codes(batch)
    assert service.scan(code, "bob")["outcome"] == "rewarded"
    assert service.scan(other)["outcome"] == "verified"
    tables = {
        name
        for (name,) in service.query(
            "SELECT tableoid::regclass::text FROM claims UNION"
            " SELECT tableoid::regclass::text FROM sightings"
        )
    }
    assert tables == {"claims_4", "sightings_4"}
    wait_for(lambda: service.scan(code, "bob")["by_you"] is True)
    service.audit()
