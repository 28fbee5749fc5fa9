"""What is shown of all workers together speaks of workers only."""

from tests.acceptance.test_cases import open_case
from tests.fixtures.processes import jobs_of, origins_of, wait_for
from tests.fixtures.service import Service


def metrics_of(service: Service) -> set[str]:
    """Read what is shown, as lines."""
    return set(service.get("/metrics").text.splitlines())


def test_what_serves_nobody_has_no_gauges(service: Service) -> None:
    """What workers are forked from, and jobs: they would say that all is down."""
    up = {"crowncap_redis_up 1.0", "crowncap_postgres_up 1.0"}
    # Of two workers that have just begun the second may not have looked yet.
    wait_for(lambda: up <= metrics_of(service))
    # What jobs count is shown all the same.
    counted = 'crowncap_incidents_total{kind="clone"}'
    open_case(service, "metrics-clone")
    wait_for(lambda: counted in service.get("/metrics").text, what="the incident")
    assert up <= metrics_of(service)
    metrics = service.data_dir / "run" / "metrics"
    for pid in origins_of(service.pid):
        assert not list(metrics.glob(f"*_{pid}.db"))
    for pid in jobs_of(service.pid):
        assert not list(metrics.glob(f"gauge_*_{pid}.db"))
