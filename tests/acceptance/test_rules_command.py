"""`crowncap rules` on the data of a service that runs."""

import json
from pathlib import Path

import pytest

from tests.acceptance.test_backtests import RULES
from tests.acceptance.test_rule_sets import Desk
from tests.fixtures.service import Json, Service


@pytest.fixture(scope="module")
def desk(service: Service) -> Desk:
    """Give analysts of the service that all tests share; no rules are activated."""
    return Desk(service)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a rule set to a file."""
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(RULES, ensure_ascii=False), encoding="utf-8")
    return path


def answer(service: Service, *words: str) -> Json:
    """Run a command that prints one object."""
    told: Json = json.loads(service.cli("rules", *words))
    return told


def test_a_file_is_checked_proposed_committed_and_compared(
    desk: Desk, file: Path
) -> None:
    """Whoever has a shell is one person, whose own version another activates."""
    service = desk.service
    warned = json.loads(service.cli("rules", "check", str(file)))
    assert [each["code"] for each in warned] == ["out_of_reach"]
    draft = answer(service, "propose", str(file), "--note", "thirds")
    version = str(draft["version"])
    assert draft["state"] == "draft"
    shown = answer(service, "show", version)
    assert shown["document"] == RULES
    assert (shown["author"], shown["note"]) == ("operator", "thirds")
    assert json.loads(service.cli("rules", "show", version, "--document")) == RULES
    assert answer(service, "commit", version)["state"] == "committed"
    listed = json.loads(service.cli("rules", "list"))
    assert {each["version"]: each["state"] for each in listed} == desk.states
    active = str(desk.active)
    refused = service.run(
        "rules", "activate", version, "--expected-active", active, "--reason", "r"
    )
    assert refused.returncode == 2
    assert "operator wrote rule set" in refused.stderr
    assert desk.active == int(active)
    changes = json.loads(service.cli("rules", "diff", active, version))
    told = {(c["part"], c["name"]): c["changed"] for c in changes}
    assert told["rules", "third"] == told["counters", "mine"] == "added"
    assert told["rules", "member-day"] == "removed"
    assert json.loads(service.cli("rules", "diff", version, version)) == []


def test_mistakes_of_a_file_are_told_one_by_one(desk: Desk, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(RULES | {"thresholds": {"refuse": 1, "hold": 2}}))
    for words in (["check", str(wrong)], ["propose", str(wrong)]):
        done = desk.service.run("rules", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "give a number below refuse" in done.stderr
    wrong.write_text("{")
    done = desk.service.run("rules", "check", str(wrong))
    assert (done.returncode, "is no JSON" in done.stderr) == (2, True)


def test_a_backtest_is_waited_for(desk: Desk, file: Path) -> None:
    """By the command itself, and by the service's processes of jobs."""
    service = desk.service
    member = service.member_token("tried-by-command")
    for _ in range(3):
        service.post("/v1/scans", {"code": service.fresh_code()}, member)
    version = str(answer(service, "propose", str(file))["version"])
    [(first, last)] = service.query(
        "SELECT (current_date - 1)::text, (current_date + 1)::text"
    )
    told = answer(service, "backtest", version, "--from", first, "--to", last)
    assert told["state"] == "done"
    assert told["scans"] == sum(told["outcomes"].values()) >= 3
    assert told["hits"]["third"] == told["outcomes"]["hold"] >= 1
    seen = service.get(f"/v1/backtests/{told['backtest_id']}", desk.li).json()
    assert (seen["scans"], seen["asked_by"]) == (told["scans"], "operator")
