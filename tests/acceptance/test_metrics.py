"""What is shown of all workers together speaks of workers only."""

from tests.fixtures.processes import origins_of, wait_for
from tests.fixtures.service import Service


def test_what_workers_are_forked_from_has_no_metrics(service: Service) -> None:
    """It looks at nothing, so that its gauges would say for ever that all is down."""
    up = {"crowncap_redis_up 1.0", "crowncap_postgres_up 1.0"}
    # Of two workers that have just begun the second may not have looked yet.
    wait_for(lambda: up <= set(service.get("/metrics").text.splitlines()), within_s=20)
    [origin] = origins_of(service.pid)
    assert not list((service.data_dir / "run" / "metrics").glob(f"*_{origin}.db"))
