"""Look at queues and cases, and decide many at once, with a million cases.

`CROWNCAP_BENCH_CASES` cases are there, 10^6 unless set, a tenth of them open, of which
10,000 hold a reward each. A worker serves; what is measured are whole answers over HTTP
of one caller: pages of the queue in each order and with filters, ten pages further on,
a case with 25 scans, and one bulk decision on the 10,000 cases.
"""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
from bench.supply import run_crowncap
from core.clock import SystemClock
from core.db import create_engine
from core.ids import first_id_at

HELD: Final = 10_000
SHOWN: Final = 25
LOOKS: Final = 30
_HOUR_MS: Final = 3_600_000
CLOCK: Final = SystemClock()

# Of each hundred cases ten are open; the first ones hold something.
_CASES: Final = """
    INSERT INTO cases (case_id, points, minor, opened_at, last_at, due_at, decided_at,
        others, scans, waiting, unexplained, score, heaviest, collects, kind,
        subject_kind, subject, subject_name, state, decision, decided_by, rules)
    SELECT :first + n, CASE WHEN open THEN 5 + n * 7919 % 4000 ELSE 0 END, 0, at, at,
        at + interval '1 day', CASE WHEN NOT open THEN at END, 0, 1,
        CASE WHEN open THEN 1 ELSE 0 END, 0, 60 + n * 31 % 25, 60, open,
        (ARRAY['clone', 'velocity', 'device_farm', 'other'])[1 + n % 4],
        (ARRAY['code', 'member', 'device', 'member'])[1 + n % 4], n::text, n::text,
        CASE WHEN open THEN 'open' ELSE 'decided' END,
        CASE WHEN NOT open THEN 'deny' END, CASE WHEN NOT open THEN 'bench' END,
        ARRAY['bench']
    FROM (SELECT n, n < :held OR n % 100 < 9 AS open,
            now() - n * interval '1 second' AS at
        FROM generate_series(0, CAST(:cases AS bigint) - 1) AS n) AS made
"""
# One hold a case; of the last case as many as a page shows.
_HOLDS: Final = (
    """CREATE TEMPORARY TABLE bench_holds AS
    SELECT :first + n AS id, n, :first + least(n, CAST(:held AS bigint) - 1) AS case_id,
        (SELECT min(offer_no) FROM offers WHERE kind = 'points') AS offer_no,
        (SELECT min(campaign_no) FROM campaigns) AS campaign_no
    FROM generate_series(0, CAST(:held AS bigint) + 23) AS n""",
    """INSERT INTO members (shard, member_no, member_id, created_at)
    SELECT 0, id, 'bench-' || n, now() FROM bench_holds""",
    """INSERT INTO scans (shard, scan_id, code_id, member_no, outcome, points,
        campaign_no, facts)
    SELECT 0, id, n, id, 'held', 5, campaign_no, '' FROM bench_holds""",
    """INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,
        credit_account, amount)
    SELECT 0, id, id, 'pending', offer_no, id, 5 FROM bench_holds""",
    """INSERT INTO balances (shard, member_no, unit, expires_on, available, pending)
    SELECT 0, id, 0, 'infinity', 0, 5 FROM bench_holds""",
    """INSERT INTO holds (shard, transfer_id, code_id, member_no, campaign_no, amount,
        day, reason, case_id)
    SELECT 0, id, n, id, campaign_no, 5, current_date, 'rules', case_id
    FROM bench_holds""",
    """INSERT INTO case_scans (scan_id, case_id, points, minor, others, score)
    SELECT id, case_id, 5, 0, 0, 60 FROM bench_holds""",
    """UPDATE cases AS c SET scans = s.n, waiting = s.n, points = 5 * s.n
    FROM (SELECT case_id, count(*) AS n FROM case_scans GROUP BY 1) AS s
    WHERE c.case_id = s.case_id""",
)
_QUEUES: Final = (
    "sort=due",
    "sort=value",
    "sort=score",
    "sort=due&kind=device_farm",
    "sort=value&assignee=none",
    "sort=due&state=decided",
)


async def _load(conn: AsyncConnection, cases: int) -> int:
    """Fill the tables; gives the number of the first case."""
    first = first_id_at(CLOCK.now_ms() - _HOUR_MS)
    values = {"first": first, "held": HELD, "cases": cases}
    for statement in (_CASES, *_HOLDS):
        compiled = text(statement)
        named = {name: values[name] for name in compiled.compile().params}
        await conn.execute(compiled, named)
    return first


async def _fill(database_url: str, cases: int) -> int:
    engine = create_engine(database_url)
    async with engine.begin() as conn:
        await conn.execute(text("SET statement_timeout = 0"))
        first = await _load(conn, cases)
    async with engine.connect() as conn:
        await conn.execution_options(isolation_level="AUTOCOMMIT")
        await conn.execute(text("VACUUM ANALYZE"))
    await engine.dispose()
    return first


def _cpu_s(pid: int) -> float:
    """Tell how long all processors worked so far: workers, PostgreSQL and Valkey."""
    return sum(cpu_seconds([pid]).values())


def _timed(ask: Callable[[], httpx.Response], times: int, pid: int) -> dict[str, float]:
    """Ask several times; gives milliseconds by the clock, and of all processors."""
    took, used = [], _cpu_s(pid)
    for _ in range(times):
        began = time.perf_counter()
        answer = ask()
        took.append((time.perf_counter() - began) * 1_000)
        assert answer.status_code == 200, answer.text
    cpu_ms = (_cpu_s(pid) - used) / times * 1_000
    return {
        "cpu_ms": rounded(cpu_ms),
        "median_ms": rounded(statistics.median(took)),
        "worst_ms": rounded(max(took)),
    }


def _walk(client: httpx.Client, pages: int) -> httpx.Response:
    """Read pages of the queue, one after the other; gives the last one."""
    cursor = ""
    for _ in range(pages):
        answer = client.get(f"/v1/cases?sort=value{cursor}")
        cursor = f"&cursor={answer.json()['next_cursor']}"
    return answer


def _decide(client: httpx.Client, first: int) -> httpx.Response:
    """Decide on all that holds something, every other case otherwise."""
    rows = [
        {
            "case_id": str(first + n),
            "expected_version": 1,
            "decision": ("approve", "deny")[n % 2],
        }
        for n in range(HELD)
    ]
    return client.post("/v1/cases/decisions", json={"rows": rows, "note": "bench"})


def run() -> dict[str, object]:
    """Return times of whole answers, in milliseconds."""
    cases = int(os.environ.get("CROWNCAP_BENCH_CASES", "1000000"))
    port = free_port()
    figures: dict[str, object] = {"cases": cases, "held": HELD}
    with scratch_data() as data:
        log = data.parent / "server.log"
        up = f"up --demo --no-week --workers 1 --port {port} --data-dir".split()
        with started([CROWNCAP, *up, data], log, {}) as process:
            base = f"http://127.0.0.1:{port}"
            wait_until_ready(process, f"{base}/health/ready", log)
            url = StoreUrls.of(data, "crowncap").database_url
            first = asyncio.run(_fill(url, cases))
            token = run_crowncap(data, "token", "staff", "--role", "analyst").strip()
            headers = {"authorization": f"Bearer {token}"}
            with httpx.Client(base_url=base, headers=headers, timeout=120) as client:
                for queue in _QUEUES:
                    asked = partial(client.get, f"/v1/cases?{queue}")
                    figures[f"queue {queue}"] = _timed(asked, LOOKS, process.pid)
                figures["ten pages"] = _timed(
                    partial(_walk, client, 10), 3, process.pid
                )
                path = f"/v1/cases/{first + HELD - 1}"
                figures["case of 25 scans"] = _timed(
                    partial(client.get, path), LOOKS, process.pid
                )
                began, used = time.perf_counter(), _cpu_s(process.pid)
                answer = _decide(client, first)
                figures["bulk_cpu_s"] = rounded(_cpu_s(process.pid) - used)
                figures["bulk_s"] = rounded(time.perf_counter() - began)
                done = json.loads(answer.content)
                assert all(row["ok"] for row in done["results"]), answer.text[:500]
    return figures
