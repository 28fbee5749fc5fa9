"""A line report of a million single caps, from its first byte to the commit.

Both ways of naming single caps, 98 % printed, 1 % rejected, 1 % wasted, in process
and on the PostgreSQL of a service that runs beside it; spoilt codes become void in the
same transaction. The baseline is the textbook's: one row a cap, COPYed into a table
and merged into one status a code with one statement. Environment:
`CROWNCAP_BENCH_ROWS` (10^6 unless set).
"""

import asyncio
import io
import os
import statistics
from pathlib import Path

import numpy as np
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncEngine

from bench.measure import rounded
from bench.serving import (
    CROWNCAP,
    StoreUrls,
    free_port,
    scratch_data,
    started,
    wait_until_ready,
)
from codegen.domain import EpochKeys, seal
from codegen.domain.batches import Batch, BatchOrder
from codegen.domain.code_text import LinkForm
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.pipeline import Issuance, issue_batch
from core.auth.principal import OPERATOR
from core.clock import SystemClock, elapsed_s, utc_datetime
from core.db import create_engine
from printer_export.domain.reports.taking import ReportOrder
from printer_export.pipeline.reports.taking import take_report
from printer_export.pipeline.reports.text import ReportText

ROUNDS = 5
_STATUSES = ("printed",) * 98 + ("rejected", "wasted")


def run() -> dict[str, object]:
    """Return rows a second of both ways, of the baseline, and the ratio."""
    rows = int(os.environ.get("CROWNCAP_BENCH_ROWS", "1000000"))
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up: list[str | Path] = [
            CROWNCAP,
            "up",
            "--demo",
            "--no-week",
            "--port",
            str(port),
            "--data-dir",
            data,
        ]
        with started(up, log, {}) as process:
            wait_until_ready(process, f"http://127.0.0.1:{port}/health/ready", log)
            return asyncio.run(_measure(data, rows))


async def _measure(data: Path, rows: int) -> dict[str, object]:
    issuance = Issuance(
        MasterKeyFile(data / "keys" / "master-keys"),
        HighWaterMark(data / "keys" / "high-water.json"),
        "HTTPS://CAP.CN",
        frozenset({"cap.cn"}),
    )
    engine = create_engine(StoreUrls.of(data, "crowncap").database_url)
    keys = issuance.key_file.load()
    by_code: list[float] = []
    by_index: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):
        batch = await _issue(engine, issuance, rows)
        by_code.append(await _take(engine, keys, batch, _code_report(keys, batch)))
        batch = await _issue(engine, issuance, rows)
        by_index.append(await _take(engine, keys, batch, _index_report(rows)))
        plain.append(await _merge_plainly(engine, rows))
    await engine.dispose()
    code_s, index_s, plain_s = map(statistics.median, (by_code, by_index, plain))
    return {
        "rows": rows,
        "rounds": ROUNDS,
        "codes_rows_per_s": rounded(rows / code_s),
        "indexes_rows_per_s": rounded(rows / index_s),
        "textbook_rows_per_s": rounded(rows / plain_s),
        "ratio_codes": rounded(plain_s / code_s),
        "ratio_indexes": rounded(plain_s / index_s),
    }


async def _issue(engine: AsyncEngine, issuance: Issuance, rows: int) -> Batch:
    order = BatchOrder.check(
        quantity=rows, link_base="HTTPS://CAP.CN", link_form=LinkForm.SHORT
    )
    async with engine.begin() as conn:
        now = utc_datetime(SystemClock().now_ms())
        return await issue_batch(conn, issuance, order, OPERATOR, now=now)


async def _take(
    engine: AsyncEngine, keys: EpochKeys, batch: Batch, content: bytes
) -> float:
    started = elapsed_s()
    text = ReportText.of(io.BytesIO(content))
    order = ReportOrder(batch)
    async with engine.begin() as conn:
        now = utc_datetime(SystemClock().now_ms())
        done = await take_report(conn, keys, order, text, OPERATOR, now=now)
    seconds = elapsed_s() - started
    assert done.answer.unprinted == 0, done
    assert done.answer.wrong_rows == 0, done
    return seconds


def _code_report(keys: EpochKeys, batch: Batch) -> bytes:
    serials = np.arange(batch.first_serial, batch.first_serial + batch.quantity)
    codes = seal(keys, batch.epoch, serials.astype(np.uint64)).tobytes().decode()
    lines = [
        f"{codes[16 * i : 16 * i + 16]},{_STATUSES[i * 37 % 100]},,\n"
        for i in range(batch.quantity)
    ]
    return ("code,status,reason,grade\n" + "".join(lines)).encode()


def _index_report(rows: int) -> bytes:
    lines = [f"{i},{i},{_STATUSES[i * 37 % 100]},,\n" for i in range(rows)]
    return ("from_index,to_index,status,reason,grade\n" + "".join(lines)).encode()


async def _merge_plainly(engine: AsyncEngine, rows: int) -> float:
    """Do it as a textbook does: a table with a row a cap, filled and merged."""
    async with engine.begin() as conn:
        await conn.execute(sql("DROP TABLE IF EXISTS plain_statuses"))
        await conn.execute(
            sql("CREATE TABLE plain_statuses (code bigint PRIMARY KEY, status text)")
        )
    started = elapsed_s()
    async with engine.begin() as conn:
        await conn.execute(
            sql(
                "CREATE TEMP TABLE plain_report (code bigint, status text)"
                " ON COMMIT DROP"
            )
        )
        raw = (await conn.get_raw_connection()).driver_connection
        assert raw is not None
        async with (
            raw.cursor() as cursor,
            cursor.copy("COPY plain_report FROM STDIN") as copy,
        ):
            for i in range(rows):
                await copy.write_row((i, _STATUSES[i * 37 % 100]))
        await conn.execute(
            sql(
                "INSERT INTO plain_statuses SELECT * FROM plain_report"
                " ON CONFLICT (code) DO UPDATE SET status = excluded.status"
            )
        )
    return elapsed_s() - started
