"""Start on many claims with an empty Valkey, serve at once, fill the filters behind.

Each round starts the real service with one worker on the same database, times the first
paid scan and the moment when every segment is ready, and then fills all segments again,
in this process, as a worker does (one segment at a time), as `crowncap filters rebuild`
does (two), and the way that was there before: SQLAlchemy's rows through numpy.fromiter.
The start that fills first is the start plus that. `CROWNCAP_BENCH_CLAIMS` is the number
of claims, 10^7 unless set; `CROWNCAP_BENCH_ROUNDS` of rounds, 5 unless set.
"""

import asyncio
import contextlib
import http.client
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import psycopg
import redis
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.measure import rounded
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    cpu_seconds,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from bench.supply import CAMPAIGN, GTIN, issue_codes, mint_tokens, run_crowncap
from codegen.domain.ranges import SERIAL_BITS
from core.bloom import pack_bitmap
from core.db import create_engine
from core.redis import RedisClient, connect
from scan_api.store.filters import READY_BIT, FilterBuilder, claimed_key
from scan_api.tables import claims

SEGMENT_BITS: Final = 20
SEGMENT: Final = 1 << SEGMENT_BITS
PATIENCE_S: Final = 600
POLL_S: Final = 0.002

_CLAIM = f"""
    INSERT INTO claims (code_id, scan_id, member_no)
    SELECT code_id, code_id, 1 FROM (
        SELECT (epoch::bigint << {SERIAL_BITS}) + first_serial AS first FROM batches
        WHERE batch_id = %s) AS b,
        generate_series(first, first + %s::bigint - 1) AS code_id
"""  # noqa: S608 - made of constants


@dataclass(frozen=True, slots=True)
class Ground:
    """An installation with claims, and what is scanned on it."""

    data: Path
    quantity: int
    segments: list[int]
    codes: Iterator[str]
    token: str

    @property
    def urls(self) -> StoreUrls:
        """Where its servers are while it runs."""
        return StoreUrls.of(self.data, "crowncap")


def run() -> dict[str, object]:
    """Return medians: seconds to the first scan, to full filters; claims a second."""
    quantity = int(os.environ.get("CROWNCAP_BENCH_CLAIMS", "10000000"))
    rounds = int(os.environ.get("CROWNCAP_BENCH_ROUNDS", "5"))
    figures: dict[str, list[float]] = defaultdict(list)
    with scratch_data() as data:
        with serving(data):
            ground = prepare(data, quantity, rounds)
        for _ in range(rounds):
            for name, value in one_round(ground).items():
                figures[name].append(value)
    medians = {name: statistics.median(found) for name, found in figures.items()}
    fills_first_s = medians["first_scan_s"] + quantity / medians["rows_per_s"]
    spread = {
        f"{name}_range": f"{rounded(min(found))}-{rounded(max(found))}"
        for name, found in figures.items()
    }
    return {
        "claims": quantity,
        "segments": len(ground.segments),
        "rounds": rounds,
        **{name: rounded(value) for name, value in medians.items()},
        "first_scan_s_if_filled_first": rounded(fills_first_s),
        "ratio_first_scan": rounded(fills_first_s / medians["first_scan_s"]),
        "ratio_one_at_a_time_to_rows": rounded(
            medians["one_at_a_time_per_s"] / medians["rows_per_s"]
        ),
        **spread,
    }


@contextlib.contextmanager
def serving(data: Path) -> Iterator[tuple[int, int]]:
    """Run the service; gives its port and process, before it answers."""
    port = free_port()
    up = f"up --demo --no-week --workers 1 --port {port}".split()
    log = data.parent / "up.log"
    with started([CROWNCAP, *up, "--data-dir", data], log, {}) as process:
        yield port, process.pid
        wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)


def prepare(data: Path, quantity: int, rounds: int) -> Ground:
    """Issue a batch and claim all of it behind everybody's back."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            codes = issue_codes(data, rounds)
            break
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    order = ["--quantity", str(quantity), "--gtin", GTIN, "--campaign", CAMPAIGN]
    issued = json.loads(run_crowncap(data, "batch", "issue", *order))
    url = StoreUrls.of(data, "crowncap").database_url
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_CLAIM, (issued["batch_id"], quantity))
        conn.execute("VACUUM (ANALYZE) claims")
        [(first, last)] = conn.execute(
            "SELECT min(code_id), max(code_id) FROM claims"
        ).fetchall()
    segments = list(range(first >> SEGMENT_BITS, (last >> SEGMENT_BITS) + 1))
    [token] = mint_tokens(data, 1)
    return Ground(data, quantity, segments, iter(codes), token)


def one_round(ground: Ground) -> dict[str, float]:
    """Start, scan, see the filters full; then fill them in three ways."""
    began_s = time.perf_counter()
    with serving(ground.data) as (port, pid):
        first_scan_s = scan_until_paid(ground, port) - began_s
        spent = cpu_seconds([pid])
        begun_s, full_s = watch_filling(ground)
        ways = asyncio.run(fill_in_each_way(ground))
    return {
        "first_scan_s": first_scan_s,
        "all_filled_s": full_s - began_s,
        "filled_behind_per_s": ground.quantity / (full_s - begun_s),
        # What the start would take on a machine with nothing else to do, nearly.
        "first_scan_cpu_s": sum(spent.values()),
        **ways,
    }


def scan_until_paid(ground: Ground, port: int) -> float:
    """Ask until the service answers; tells when it did. Raises if it does not pay."""
    body = json.dumps({"code": next(ground.codes)})
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {ground.token}",
    }
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("POST", "/v1/scans", body, headers)
            answer = connection.getresponse()
            outcome = json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            time.sleep(POLL_S)
            continue
        finally:
            connection.close()
        if outcome.get("outcome") != "rewarded":
            raise RuntimeError(f"The first scan was answered {outcome}.")
        return time.perf_counter()
    raise RuntimeError("The service never answered.")


def watch_filling(ground: Ground) -> tuple[float, float]:
    """Tell when the filling was seen to begin, and when every segment was ready.

    It begins a second after the worker: the first scan is usually paid by then.
    """
    begun_s = 0.0
    with redis.Redis.from_url(ground.urls.redis_url) as client:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            pipeline = client.pipeline(transaction=False)
            for segment in ground.segments:
                pipeline.getbit(claimed_key(segment), READY_BIT)
                pipeline.exists(claimed_key(segment))
            answers = pipeline.execute()
            now_s = time.perf_counter()
            if not begun_s and any(answers):
                begun_s = now_s
            if all(answers):
                return begun_s, now_s
            time.sleep(POLL_S)
    raise RuntimeError("The filters were never full.")


async def fill_in_each_way(ground: Ground) -> dict[str, float]:
    """Fill every segment anew, in this process; claims a second, the loop's stops."""
    engine = create_engine(ground.urls.database_url)
    client = connect(ground.urls.redis_url, timeout_s=10)
    builder = FilterBuilder(engine, client)
    stops: list[float] = []
    watching = asyncio.create_task(_watch_loop(stops))
    found = {}
    try:
        for name, lanes in (("one_at_a_time", 1), ("two_at_a_time", 2)):
            rate = await _rate(ground, lanes, builder.rebuild_claimed)
            found[f"{name}_per_s"] = rate
        found["longest_stop_ms"] = max(stops) * 1e3

        async def by_rows(segment: int) -> None:
            await rebuild_by_rows(engine, client, segment)

        found["rows_per_s"] = await _rate(ground, 1, by_rows)
    finally:
        watching.cancel()
        await client.close()
        await engine.dispose()
    return found


async def _rate(
    ground: Ground, lanes: int, fill: Callable[[int], Awaitable[object]]
) -> float:
    remaining = iter(ground.segments)

    async def lane() -> None:
        for segment in remaining:
            await fill(segment)

    began_s = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(lanes)))
    return ground.quantity / (time.perf_counter() - began_s)


async def _watch_loop(stops: list[float]) -> None:
    while True:
        began_s = time.perf_counter()
        await asyncio.sleep(0.001)
        stops.append(time.perf_counter() - began_s - 0.001)


async def rebuild_by_rows(
    engine: AsyncEngine, client: RedisClient, segment: int
) -> None:
    """Restore a bitmap as it was done before: a row and an object a claim."""
    first = segment << SEGMENT_BITS
    async with engine.connect() as conn:
        rows = await conn.execute(
            select(claims.c.code_id).where(
                claims.c.shard == 0,
                claims.c.code_id.between(first, first + SEGMENT - 1),
            )
        )
        offsets = np.fromiter(rows.scalars(), np.int64) - first
    bitmap = pack_bitmap(offsets.astype(np.uint32), bits=SEGMENT)
    await client.call(b"SET", claimed_key(segment), bitmap + b"\x80")
