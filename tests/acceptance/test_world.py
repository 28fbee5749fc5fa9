"""The end of a simulated world, sent to the shared service."""

from dataclasses import replace
from datetime import timedelta

from bench.fraud import Tally, outcome_of, send_stage
from bench.inhabitants.goods import DAY_S
from bench.inhabitants.town import DAYS
from bench.staff import Staff
from bench.staging import Stage
from bench.world import make_world
from core.clock import SystemClock, utc_datetime
from tests.fixtures.service import Service


def test_the_end_of_a_world_is_sent_and_counted(service: Service) -> None:
    """Its batches and members are its own, so nobody else is judged otherwise."""
    world = make_world(9, 0.03)
    # What a service takes that is not told to take older scans.
    late = [scan for scan in world.scans if scan.at_s > (DAYS - 2) * DAY_S]
    world = replace(world, scans=late, listed_shops=[])
    begins = utc_datetime(SystemClock().now_ms()) - timedelta(days=DAYS, hours=2)
    stage = Stage(
        *(service.data_dir, Staff.hire(service.data_dir, service.port), begins, world)
    )
    stage.prepare(None)
    outcomes = [outcome_of(reply) for reply in send_stage(stage)]
    assert len(outcomes) == len(late)
    tally = Tally()
    tally.add(world, outcomes)
    figures = tally.figures()
    honest = figures["honest"]
    assert honest["scans"] == sum(not scan.person.attack for scan in late)
    counted = sum(tally.kinds.values(), start=type(tally.value)())
    # What was told to be worth something is paid or waits, whoever it is.
    assert counted["rewarded"] + counted["held"] > honest["scans"] / 2
    assert set(figures["attacks"]) == {
        scan.person.kind for scan in late if scan.person.attack
    }
