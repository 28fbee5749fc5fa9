"""The SQL of line reports and of what they add up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.statuses import STATUSES, Octets, ReportRows
from printer_export.tables import (
    code_statuses,
    line_counts,
    line_report_blocks,
    line_report_tallies,
    line_reports,
)

_COUNTED = [status.value for status in STATUSES if status != "unprinted"]


async def lock_counts(conn: AsyncConnection, batch_id: int, issued: int) -> None:
    """Let one report of a batch run at a time."""
    await conn.execute(
        pg_insert(line_counts)
        .values(batch_id=batch_id, issued=issued)
        .on_conflict_do_nothing()
    )
    await conn.execute(
        select(line_counts.c.batch_id)
        .where(line_counts.c.batch_id == batch_id)
        .with_for_update()
    )


async def load_counts(
    conn: AsyncConnection, batch_id: int, issued: int
) -> dict[str, int]:
    """Load how the codes of a batch stand; they add up to `issued`."""
    return (await load_counts_of(conn, {batch_id: issued}))[batch_id]


async def load_counts_of(
    conn: AsyncConnection, issued: Mapping[int, int]
) -> dict[int, dict[str, int]]:
    """Load how the codes of batches stand; each adds up to what `issued` says."""
    rows = await conn.execute(
        select(line_counts).where(line_counts.c.batch_id.in_(issued))
    )
    found = {row.batch_id: row for row in rows}
    loaded = {}
    for batch_id, quantity in issued.items():
        row = found.get(batch_id)
        counts = {name: getattr(row, name) if row else 0 for name in _COUNTED}
        counts["unprinted"] = quantity - sum(counts.values())
        loaded[batch_id] = {"issued": quantity} | counts
    return loaded


async def add_counts(
    conn: AsyncConnection, batch_id: int, deltas: dict[str, int]
) -> None:
    """Add to the counts; the constraint refuses what does not add up."""
    await conn.execute(
        update(line_counts)
        .where(line_counts.c.batch_id == batch_id)
        .values({name: line_counts.c[name] + deltas[name] for name in _COUNTED})
    )


async def load_chunks(
    conn: AsyncConnection, batch_id: int, chunk_nos: Sequence[int]
) -> dict[int, Octets]:
    """Load the statuses of chunks that have any."""
    rows = await conn.execute(
        select(code_statuses.c.chunk_no, code_statuses.c.statuses).where(
            code_statuses.c.batch_id == batch_id,
            code_statuses.c.chunk_no.in_(chunk_nos),
        )
    )
    return {r.chunk_no: np.frombuffer(r.statuses, dtype=np.uint8) for r in rows}


async def save_chunks(
    conn: AsyncConnection, batch_id: int, chunks: dict[int, Octets]
) -> None:
    """Store the statuses of chunks."""
    added = pg_insert(code_statuses)
    await conn.execute(
        added.on_conflict_do_update(
            index_elements=["batch_id", "chunk_no"],
            set_={"statuses": added.excluded.statuses},
        ),
        [
            {"batch_id": batch_id, "chunk_no": number, "statuses": statuses.tobytes()}
            for number, statuses in chunks.items()
        ],
    )


async def find_report(
    conn: AsyncConnection, batch_id: int, content_hash: bytes
) -> dict[str, Any] | None:
    """Find the answer that the same content got before."""
    found = await conn.execute(
        select(line_reports.c.answer).where(
            line_reports.c.batch_id == batch_id,
            line_reports.c.content_hash == content_hash,
        )
    )
    answer: dict[str, Any] | None = found.scalar_one_or_none()
    return answer


async def begin_report(
    conn: AsyncConnection,
    *,
    batch_id: int,
    content_hash: bytes,
    person: str,
    now: datetime,
) -> int:
    """Add a report whose outcome is not known yet; returns report_id."""
    added = await conn.execute(
        insert(line_reports)
        .values(
            batch_id=batch_id,
            content_hash=content_hash,
            person=person,
            at=now,
            row_count=0,
            wrong_rows=0,
            answer={},
        )
        .returning(line_reports.c.report_id)
    )
    return int(added.scalar_one())


async def finish_report(
    conn: AsyncConnection,
    report_id: int,
    *,
    row_count: int,
    wrong_rows: int,
    answer: dict[str, Any],
) -> None:
    """Record what a report came to."""
    await conn.execute(
        update(line_reports)
        .where(line_reports.c.report_id == report_id)
        .values(row_count=row_count, wrong_rows=wrong_rows, answer=answer)
    )


_PACKED = np.dtype(
    [("first", "<i8"), ("last", "<i8"), ("status", "u1"), ("note", "<u2")]
)


async def insert_block(
    conn: AsyncConnection,
    report_id: int,
    block_no: int,
    rows: ReportRows,
    notes: Iterable[tuple[str, str]],
) -> None:
    """Keep the rows of a block that counted, for the story of single codes.

    Rows that go on where the one before ended, saying the same, are kept as one.
    """
    same = (rows.status[1:] == rows.status[:-1]) & (rows.note[1:] == rows.note[:-1])
    begins = np.append(True, ~(same & (rows.first[1:] == rows.last[:-1] + 1)))
    ends = np.append(begins[1:], True)
    last = rows.last[ends]
    rows = replace(rows.pick(begins), last=last)
    packed = np.empty(len(rows), dtype=_PACKED)
    packed["first"], packed["last"] = rows.first, rows.last
    packed["status"], packed["note"] = rows.status, rows.note
    await conn.execute(
        insert(line_report_blocks).values(
            report_id=report_id,
            block_no=block_no,
            first_index=int(rows.first.min()),
            last_index=int(rows.last.max()),
            notes=[list(pair) for pair in notes],
            packed=packed.tobytes(),
        )
    )


async def insert_tallies(
    conn: AsyncConnection, report_id: int, tallies: dict[tuple[str, str, str], int]
) -> None:
    """Keep how many codes had which status, reason and grade."""
    if tallies:
        await conn.execute(
            insert(line_report_tallies),
            [
                {
                    "report_id": report_id,
                    "status": status,
                    "reason": reason,
                    "grade": grade,
                    "quantity": quantity,
                }
                for (status, reason, grade), quantity in tallies.items()
            ],
        )


async def list_reports(
    conn: AsyncConnection, batch_id: int, *, before_id: int | None, limit: int
) -> list[Row[Any]]:
    """List the reports of a batch, newest first."""
    query = (
        select(line_reports)
        .where(line_reports.c.batch_id == batch_id)
        .order_by(line_reports.c.report_id.desc())
        .limit(limit)
    )
    if before_id is not None:
        query = query.where(line_reports.c.report_id < before_id)
    return list((await conn.execute(query)).all())


async def load_report(conn: AsyncConnection, report_id: int) -> Row[Any] | None:
    """Load a report with its answer."""
    found = await conn.execute(
        select(line_reports).where(line_reports.c.report_id == report_id)
    )
    return found.one_or_none()


async def load_tallies(conn: AsyncConnection, batch_id: int) -> list[dict[str, Any]]:
    """Add up statuses, reasons and grades over all reports of a batch."""
    rows = await conn.execute(
        text(
            "SELECT t.status, t.reason, t.grade, sum(t.quantity)::bigint AS quantity"
            " FROM line_report_tallies AS t JOIN line_reports AS r USING (report_id)"
            " WHERE r.batch_id = :batch_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ),
        {"batch_id": batch_id},
    )
    return [dict(row) for row in rows.mappings()]


async def find_story(
    conn: AsyncConnection, batch_id: int, index: int
) -> list[dict[str, Any]]:
    """Tell what reports said of one code, oldest first."""
    rows = await conn.execute(
        select(
            line_reports.c.report_id,
            line_reports.c.person,
            line_reports.c.at,
            line_report_blocks.c.packed,
            line_report_blocks.c.notes,
        )
        .join(line_report_blocks)
        .where(
            line_reports.c.batch_id == batch_id,
            line_report_blocks.c.first_index <= index,
            line_report_blocks.c.last_index >= index,
        )
        .order_by(line_reports.c.report_id, line_report_blocks.c.block_no)
    )
    story: list[dict[str, Any]] = []
    for row in rows:
        packed = np.frombuffer(row.packed, dtype=_PACKED)
        here = packed[(packed["first"] <= index) & (packed["last"] >= index)]
        for each in here:
            reason, grade = row.notes[int(each["note"])]
            story.append(
                {
                    "report_id": row.report_id,
                    "person": row.person,
                    "at": row.at,
                    "status": STATUSES[int(each["status"])].value,
                    "reason": reason,
                    "grade": grade,
                }
            )
    return story
