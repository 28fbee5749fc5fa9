"""What is shown of all workers together speaks of workers only."""

from tests.fixtures.processes import jobs_of, origins_of, wait_for
from tests.fixtures.service import Service


def test_what_serves_nobody_has_no_metrics(service: Service) -> None:
    """What workers are forked from, and jobs: gauges would say that all is down."""
    up = {"crowncap_redis_up 1.0", "crowncap_postgres_up 1.0"}
    # Of two workers that have just begun the second may not have looked yet.
    wait_for(lambda: up <= set(service.get("/metrics").text.splitlines()))
    for pid in (*origins_of(service.pid), *jobs_of(service.pid)):
        assert not list((service.data_dir / "run" / "metrics").glob(f"*_{pid}.db"))
