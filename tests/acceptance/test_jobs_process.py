"""The process of jobs beside the workers, as somebody has it who runs `crowncap up`."""

import os
import signal

from crowncap.embedded.process import is_running
from tests.fixtures.colleague import at_work, title_of
from tests.fixtures.processes import jobs_of, wait_for
from tests.fixtures.service import OwnService, Service


def runners(service: Service) -> int:
    """Count those that PostgreSQL knows to live."""
    [(count,)] = service.query(
        "SELECT count(*) FROM jobs.procrastinate_workers"
        " WHERE last_heartbeat > now() - interval '15 seconds'"
    )
    return int(count)


def test_a_killed_process_of_jobs_is_replaced_and_ends_with_the_rest(
    own_service: OwnService,
) -> None:
    service = own_service(workers=1)
    wait_for(lambda: runners(service) == 1, what="a process of jobs")
    [first] = jobs_of(service.pid)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: runners(service) == 2, what="another one")
    [second] = jobs_of(service.pid)
    assert second != first
    [end] = [line for line in service.log().splitlines() if '"worker_ended"' in line]
    assert '"worker": "jobs"' in end
    assert "ended by SIGKILL" in end
    service.kill()
    wait_for(lambda: not is_running(second), what="its end with its parent's")


def test_an_admin_sees_what_failed_and_nobody_else(service: Service) -> None:
    service.query(
        "SET search_path = jobs; INSERT INTO procrastinate_jobs"
        " (queue_name, task_name, args, status)"
        " VALUES ('default', 'nobody_does_this', '{\"payout_no\": 7}', 'failed')"
    )
    with at_work(service, service.staff("admin")) as admin:
        page = admin.get("/console/jobs")
        assert title_of(page) == "Jobs"
        assert "nobody_does_this" in page.text
        assert "payout_no 7" in page.text
    with at_work(service, service.issuer) as issuer:
        assert issuer.get("/console/jobs").status_code == 403
