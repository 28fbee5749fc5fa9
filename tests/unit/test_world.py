"""The simulated world: the same for a seed, and as its docstrings say."""

from collections import Counter, defaultdict

import pytest

from bench.inhabitants.goods import CARTON, DAY_S, Cap
from bench.inhabitants.town import DAYS, Scan
from bench.world import World, make_world

SIZE = 0.05


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(7, SIZE)


def told(scan: Scan) -> tuple[object, ...]:
    """Give what a service is sent of a scan, and the truth about it."""
    person = scan.person
    sent = (scan.at_s, scan.sent_s, scan.code, scan.signed_in, scan.ip, scan.place)
    seen = (person.device, person.environment, person.risk_rank, scan.region)
    return (*sent, *seen, person.member, person.kind, person.attack, scan.value)


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    again = make_world(7, SIZE)
    assert [told(scan) for scan in again.scans] == [told(scan) for scan in world.scans]
    assert again.listed_shops == world.listed_shops


def test_another_seed_gives_another_world(world: World) -> None:
    other = make_world(8, SIZE)
    assert [scan.at_s for scan in other.scans] != [scan.at_s for scan in world.scans]


def test_scans_arrive_in_order_and_after_they_were_made(world: World) -> None:
    sent = [scan.sent_s for scan in world.scans]
    assert sent == sorted(sent)
    assert all(0 <= scan.at_s <= scan.sent_s for scan in world.scans)
    assert max(sent) < (DAYS + 1) * DAY_S


def test_each_code_pays_once_and_only_who_signed_in(world: World) -> None:
    paid = Counter(scan.code for scan in world.scans if scan.value)
    assert set(paid.values()) == {1}
    for scan in world.scans:
        if scan.value:
            assert scan.signed_in
            assert isinstance(scan.code, Cap)
            assert world.batches[scan.code.batch].activated_s <= scan.sent_s


def test_honest_people_are_the_majority_and_buy_only_what_has_arrived(
    world: World,
) -> None:
    honest = [scan for scan in world.scans if not scan.person.attack]
    assert len(honest) > len(world.scans) / 2
    for scan in honest:
        if isinstance(scan.code, Cap):
            assert world.batches[scan.code.batch].received_s < scan.at_s
            assert scan.code.index < world.batches[scan.code.batch].quantity


def test_a_member_is_honest_or_not_and_every_attack_happens(world: World) -> None:
    truths: dict[str, set[tuple[str, bool]]] = defaultdict(set)
    for scan in world.scans:
        truths[scan.person.member].add((scan.person.kind, scan.person.attack))
    assert all(len(truth) == 1 for truth in truths.values())
    attacks = {kind for truth in truths.values() for kind, attack in truth if attack}
    assert len(attacks) == 15
    assert "household" not in attacks


def test_the_offline_send_a_days_scans_at_once(world: World) -> None:
    late = [scan for scan in world.scans if scan.person.kind == "offline"]
    assert max(scan.sent_s - scan.at_s for scan in late) > DAY_S / 4


def test_a_case_scanner_takes_whole_cartons(world: World) -> None:
    cartons = Counter(
        (scan.code.batch, scan.code.index // CARTON)
        for scan in world.scans
        if scan.person.kind == "case_scanner" and isinstance(scan.code, Cap)
    )
    assert set(cartons.values()) == {CARTON}
