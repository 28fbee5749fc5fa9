"""Send prepared requests over many connections and time the answers.

A closed loop: each connection sends its next request when it has the answer to the
last. It is a process of its own, one thread and one epoll, so that it takes as little
as it can from the server beside it; its own share is among the figures. Linux only.
"""

import json
import resource
import select
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final

SEPARATOR: Final = b"\0"
HEAD_END: Final = b"\r\n\r\n"
LENGTH: Final = b"\r\ncontent-length:"
OUTCOME: Final = b'"outcome":"'
CHUNK: Final = 65_536
# An answer that takes longer than this is as good as none.
PATIENCE_S: Final = 10.0
MAX_SAMPLES: Final = 3
OK: Final = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bench needs to know of an answer."""

    status: int
    outcome: str


def parse_reply(received: bytes) -> Reply | None:
    """Read an answer with a Content-Length; None while some of it is still missing."""
    head = received.find(HEAD_END)
    if head < 0:
        return None
    at = received.find(LENGTH, 0, head)
    if at < 0:
        at = received[:head].lower().find(LENGTH)
        if at < 0:
            raise ValueError("The answer has no Content-Length.")
    at += len(LENGTH)
    end = received.find(b"\r\n", at)
    if len(received) < head + len(HEAD_END) + int(received[at:end]):
        return None
    outcome = ""
    at = received.find(OUTCOME, head)
    if at >= 0:
        at += len(OUTCOME)
        outcome = received[at : received.find(b'"', at)].decode()
    return Reply(int(received[9:12]), outcome)


@dataclass(slots=True)
class Tally:
    """What came back, and how fast."""

    sent: int = 0
    broken: int = 0
    latencies_s: list[float] = field(default_factory=list)
    replies: Counter[tuple[int, str]] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    def add(self, reply: Reply, latency_s: float, received: bytes) -> None:
        """Count one answer; keep a few of those that say no."""
        self.latencies_s.append(latency_s)
        self.replies[reply.status, reply.outcome] += 1
        if reply.status != OK and len(self.samples) < MAX_SAMPLES:
            self.samples.append(received[:600].decode("latin-1"))


@dataclass(slots=True)
class Line:
    """One connection with its request under way."""

    link: socket.socket
    sent_at_s: float = 0.0
    received: bytes = b""


@dataclass(slots=True)
class Loop:
    """The connections, and what is to be sent over them until the deadline."""

    requests: Iterator[bytes]
    deadline_s: float = 0.0
    tally: Tally = field(default_factory=Tally)
    lines: dict[int, Line] = field(default_factory=dict)
    poll: select.epoll = field(default_factory=select.epoll)

    def connect(self, port: int, connections: int) -> None:
        """Open all connections before the first request."""
        for _ in range(connections):
            link = socket.create_connection(("127.0.0.1", port))
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.lines[link.fileno()] = Line(link)
            self.poll.register(link, select.EPOLLIN)

    def send_next(self, number: int, line: Line) -> None:
        """Send a connection's next request, or close it when there is none."""
        in_time = time.perf_counter() < self.deadline_s
        request = next(self.requests, None) if in_time else None
        if request is None:
            self.drop(number, line)
            return
        self.tally.sent += 1
        line.received = b""
        line.sent_at_s = time.perf_counter()
        # A request is smaller than any send buffer, so this does not block.
        line.link.sendall(request)

    def receive(self, number: int, line: Line) -> None:
        """Take what has come in; an answer that is whole makes room for the next."""
        chunk = line.link.recv(CHUNK)
        received = line.received + chunk if line.received else chunk
        reply = parse_reply(received)
        if reply is not None:
            self.tally.add(reply, time.perf_counter() - line.sent_at_s, received)
            self.send_next(number, line)
        elif chunk:
            line.received = received
        else:
            self.tally.broken += 1
            self.drop(number, line)

    def drop(self, number: int, line: Line) -> None:
        """Let a connection go."""
        self.poll.unregister(number)
        line.link.close()
        del self.lines[number]


def drive(
    requests: Iterator[bytes], *, port: int, connections: int, seconds: float
) -> tuple[Tally, float]:
    """Send until the time or the requests are used up, then wait for what is out.

    Returns the tally and the seconds from the first request to the last answer.
    """
    loop = Loop(requests)
    loop.connect(port, connections)
    start = time.perf_counter()
    loop.deadline_s = start + seconds
    for number, line in list(loop.lines.items()):
        loop.send_next(number, line)
    while loop.lines and (events := loop.poll.poll(PATIENCE_S)):
        for number, _ in events:
            loop.receive(number, loop.lines[number])
    elapsed = time.perf_counter() - start
    # What has not answered by now never will.
    for number, line in list(loop.lines.items()):
        loop.tally.broken += 1
        loop.drop(number, line)
    loop.poll.close()
    return loop.tally, elapsed


def describe(tally: Tally, seconds: float) -> dict[str, object]:
    """Put a run's figures into what JSON can say."""
    ordered = sorted(tally.latencies_s) or [0.0]
    usage = resource.getrusage(resource.RUSAGE_SELF)
    outcomes: Counter[str] = Counter()
    refusals: Counter[int] = Counter()
    for (status, outcome), count in tally.replies.items():
        if status == OK:
            outcomes[outcome] += count
        else:
            refusals[status] += count
    return {
        "sent": tally.sent,
        "answered": len(tally.latencies_s),
        "broken": tally.broken,
        "seconds": seconds,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[len(ordered) * 99 // 100],
        "max_ms": 1000 * ordered[-1],
        "outcomes": dict(outcomes),
        "refusals": {str(status): count for status, count in refusals.items()},
        "samples": tally.samples,
        "cpu_s": usage.ru_utime + usage.ru_stime,
    }


def main() -> None:
    """Take FILE PORT CONNECTIONS SECONDS ORDER; print one JSON object.

    FILE holds whole HTTP requests with a NUL between them; ORDER is `once` or `cycle`.
    """
    file, port, connections, seconds, order = sys.argv[1:]
    requests = Path(file).read_bytes().split(SEPARATOR)
    before = resource.getrusage(resource.RUSAGE_SELF)
    tally, elapsed = drive(
        cycle(requests) if order == "cycle" else iter(requests),
        port=int(port),
        connections=int(connections),
        seconds=float(seconds),
    )
    figures = describe(tally, elapsed)
    # Reading the file came before the first request.
    figures["start_cpu_s"] = before.ru_utime + before.ru_stime
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
