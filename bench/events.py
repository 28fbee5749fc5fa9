"""Events: read back through `GET /v1/events`, and delivered as webhooks by one worker.

A service of one worker, whose outbox is filled by paid scans in batches, as
bench/commits makes them. Read: one client, page after page of 1,000, until the end.
Webhooks: the process of jobs beside the worker sends to a receiver on this machine that
answers at once, in a process of its own. CPU is that of the worker, and of the process
of jobs; PostgreSQL's is left out. Environment: see bench/commits.py.
"""

import asyncio
import multiprocessing
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Final

import httpx

from bench.commits import Ground, on_ground
from bench.measure import rounded
from bench.serving import CROWNCAP, TICKS_PER_S, descendants_of
from scan_api.domain.scans import Outcome

_WAIT_S: Final = 180.0
_PAGE: Final = 1_000
_ID: Final = b'"event_id":"'
_PROCESSES: Final = multiprocessing.get_context("spawn")


def run() -> dict[str, object]:
    """Return events a second read back, and delivered."""
    os.environ["CROWNCAP_WEBHOOK_NETWORKS"] = "127.0.0.0/8"
    return on_ground(_measure)


async def _measure(ground: Ground) -> dict[str, object]:
    token = _admin_token(ground)
    with _receiver() as (port, count):
        async with httpx.AsyncClient(
            base_url=ground.base_url,
            headers={"authorization": f"Bearer {token}"},
            timeout=60,
        ) as http:
            url = f"http://127.0.0.1:{port}/hooks"
            body = {"url": url, "types": ["scan.rewarded"]}
            made = await http.post("/v1/webhook-endpoints", json=body)
            made.raise_for_status()
            await ground.commit(list(ground.paid()), Outcome.REWARDED)
            delivered = await _delivered(count, len(ground.codes))
            return delivered | await _read_back(http)


async def _delivered(count: "Synchronized[int]", wanted: int) -> dict[str, object]:
    """Wait for webhooks; scans are committed by now, and nothing else goes on."""
    sender = _process_named("crowncap jobs")
    began_s, began, ticks = time.perf_counter(), count.value, _ticks(sender)
    deadline_s = began_s + _WAIT_S
    # The count is another process's, which sets no event here.
    while count.value < wanted and time.perf_counter() < deadline_s:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    took_s = time.perf_counter() - began_s
    return {
        "webhooks": count.value,
        "webhooks_while_scans_were_committed": began,
        "webhooks_a_second": rounded((count.value - began) / took_s),
        "sender_cpu_us_a_webhook": rounded(
            1e6 * (_ticks(sender) - ticks) / TICKS_PER_S / (count.value - began)
        ),
    }


async def _read_back(http: httpx.AsyncClient) -> dict[str, object]:
    """Read all events three times; gives the best rate, and that of each."""
    rates, costs, worker = [], [], _process_named("crowncap worker")
    for _ in range(3):
        ticks = _ticks(worker)
        began_s, events, after = time.perf_counter(), 0, ""
        while True:
            page = (await http.get(f"/v1/events?limit={_PAGE}{after}")).content
            found = page.count(_ID)
            if not found:
                break
            events += found
            # What a client does with them is not our time: only where to go on.
            last = page.rindex(_ID) + len(_ID)
            after = f"&after={page[last : last + 32].decode()}"
        rates.append(rounded(events / (time.perf_counter() - began_s)))
        costs.append(1e6 * (_ticks(worker) - ticks) / TICKS_PER_S / events)
    return {
        "events": events,
        "events_read_a_second": max(rates),
        "events_read_a_second_of_each": str(rates),
        "worker_cpu_us_an_event": rounded(min(costs)),
    }


def _process_named(name: str) -> int:
    """Find the process of the service that runs beside us, by its name."""
    below = set(descendants_of(os.getpid()))
    for path in Path("/proc").glob("[0-9]*/comm"):
        if int(path.parent.name) in below and path.read_text().strip() == name:
            return int(path.parent.name)
    raise RuntimeError(f"no process named {name!r}")


def _ticks(pid: int) -> int:
    """Read the CPU time of one process so far (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _admin_token(ground: Ground) -> str:
    command = [str(CROWNCAP), "token", "staff", "--role", "admin", "--name", "bench"]
    command += ["--data-dir", str(ground.data)]
    return subprocess.check_output(command, text=True).strip()  # noqa: S603 - our own program


# A receiver that answers at once ------------------------------------------------------


class _Receiver(asyncio.Protocol):
    """Counts requests, and answers each 204."""

    def __init__(self, count: "Synchronized[int]") -> None:
        self._count, self._left = count, b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        assert self._transport is not None
        self._left += data
        while (end := self._left.find(b"\r\n\r\n")) >= 0:
            head = self._left[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._left) < end + 4 + length:
                return
            self._left = self._left[end + 4 + length :]
            self._count.value += 1
            self._transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def _serve(count: "Synchronized[int]", ports: Connection) -> None:
    async def forever() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Receiver(count), "127.0.0.1", 0)
        ports.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


@contextmanager
def _receiver() -> Iterator[tuple[int, "Synchronized[int]"]]:
    """Run a receiver in a process of its own; gives its port and its count."""
    count = _PROCESSES.Value("q", 0)
    here, there = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_serve, args=(count, there), daemon=True)
    process.start()
    try:
        yield here.recv(), count
    finally:
        process.kill()
        process.join()
