"""Bodies that never come, and servers that were stopped: everybody else is answered."""

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx

from tests.fixtures.processes import children_of, free_port, wait_for
from tests.fixtures.service import OwnService, Service

HALF_SENT = 300


def half_a_scan(address: str) -> bytes:
    """Word a request whose body is announced and not sent."""
    return (
        "POST /v1/scans HTTP/1.1\r\nHost: cap\r\nContent-Type: application/json\r\n"
        f"X-Forwarded-For: {address}\r\nContent-Length: 100\r\n\r\n{{"
    ).encode()


def test_half_sent_bodies_of_one_client_end_and_others_are_served(
    service: Service,
) -> None:
    """All but a few a worker are turned away; scans and health are answered beside."""
    with ExitStack() as stack:
        sockets = []
        for _ in range(HALF_SENT):
            one = socket.create_connection(("127.0.0.1", service.port), timeout=30)
            sockets.append(stack.enter_context(one))
            one.sendall(half_a_scan("203.0.113.77"))
        assert service.scan(service.fresh_code(), "beside")["outcome"] == "rewarded"
        assert service.readiness() == "ok"
        answers = [_read_to_end(one) for one in sockets]
    statuses = [answer.split(b" ", 2)[1] for answer in answers]
    assert set(statuses) == {b"408", b"429"}
    assert statuses.count(b"408") <= 64
    assert service.scan(service.fresh_code(), "beside")["outcome"] == "rewarded"


def _read_to_end(connection: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    read = b""
    while piece := connection.recv(65_536):
        read += piece
    return read


def test_health_is_told_to_whoever_asks_with_get_or_head(service: Service) -> None:
    """And nothing else is there."""
    assert service.http.head("/health/ready").status_code == 200
    assert service.http.head("/health/live").content == b""
    assert service.post("/health/live", {}).status_code == 405
    assert service.get("/health/other").status_code == 404


def test_while_postgres_is_stopped_everybody_is_answered(
    own_service: OwnService,
) -> None:
    """Stopped, not dead: connections are accepted, and no statement is answered."""
    health_port = free_port()
    service = own_service(CROWNCAP_HEALTH_PORT=str(health_port))
    apart = f"http://127.0.0.1:{health_port}/health/ready"
    assert httpx.get(apart).json()["status"] == "ok"
    code, token = service.fresh_code(), service.staff("issuer")
    paths = ("/health/ready", "/v1/batches/1", "/v1/packages", f"/C/{code}")
    with stopped(service.postgres_pid), ThreadPoolExecutor(8) as pool:
        # What was seen a moment before is told for a second.
        wait_for(lambda: service.readiness() != "ok")
        wait_for(lambda: httpx.get(apart).json()["status"] != "ok")
        asked = [pool.submit(service.get, path, token) for path in paths]
        asked.append(pool.submit(service.post, "/v1/scans", {"code": code}))
        asked.append(pool.submit(httpx.get, apart))
        answers = [each.result() for each in asked]
        assert [each.status_code for each in answers] == [503] * 6
        assert all("retry-after" in each.headers for each in answers)
        assert service.get("/health/live").status_code == 200
    # Which asks all workers, as the scan may come to any.
    wait_for(lambda: httpx.get(apart).json()["status"] == "ok")
    assert service.scan(code, "later")["outcome"] == "rewarded"
    with stopped(service.worker_pids()[0]):
        answer = httpx.get(apart)
        assert answer.json()["detail"] == "A worker does not answer."
        live = apart.replace("ready", "live")
        assert httpx.head(live).status_code == 200
    with socket.create_connection(("127.0.0.1", health_port)) as garbled:
        garbled.sendall(b"garbled\r\n\r\n")
        assert _read_to_end(garbled) == b""
    wait_for(lambda: httpx.get(apart).json()["status"] == "ok")


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process and its children, and let them go on in the end."""
    pids = [pid, *children_of(pid)]
    for each in pids:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in pids:
            os.kill(each, signal.SIGCONT)
