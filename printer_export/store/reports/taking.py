"""The SQL of line reports that were taken in."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.reconciliation import ReasonCount
from printer_export.domain.reports.answer import KeptAnswer
from printer_export.domain.reports.statuses import (
    STATUSES,
    ReportedStatus,
    ReportRows,
)
from printer_export.domain.reports.taking import ReportOrder, TakenReport
from printer_export.tables import (
    line_report_blocks,
    line_report_tallies,
    line_reports,
)

_TAKEN = select(*(line_reports.c[field.name] for field in fields(TakenReport)))


async def find_report(
    conn: AsyncConnection, batch_id: int, content_hash: bytes, again: str
) -> TakenReport | None:
    """Find the first report of the same rows; of those said to be `again`, if any."""
    query = _TAKEN.where(
        line_reports.c.batch_id == batch_id,
        line_reports.c.content_hash == content_hash,
    )
    if again:
        query = query.where(line_reports.c.again == again)
    found = await conn.execute(query.order_by(line_reports.c.report_id).limit(1))
    row = found.one_or_none()
    return None if row is None else _taken(row)


def _taken(row: Row[Any]) -> TakenReport:
    answer = msgspec.convert(row.answer, KeptAnswer)
    known = dict(row._mapping)  # noqa: SLF001 - its public spelling
    return TakenReport(**known | {"answer": answer})


async def has_older(conn: AsyncConnection, batch_id: int) -> bool:
    """Tell whether a batch has reports whose hash has their options in it."""
    found = await conn.execute(
        select(line_reports.c.report_id)
        .where(line_reports.c.batch_id == batch_id, line_reports.c.options.is_(None))
        .limit(1)
    )
    return found.first() is not None


async def insert_report(
    conn: AsyncConnection,
    order: ReportOrder,
    *,
    content_hash: bytes,
    person: str,
    now: datetime,
    answer: KeptAnswer,
) -> int:
    """Add a report that counted, and number its blocks; returns report_id."""
    batch_id = order.batch.batch_id
    added = await conn.execute(
        insert(line_reports)
        .values(
            batch_id=batch_id,
            content_hash=content_hash,
            person=person,
            at=now,
            row_count=answer.rows,
            wrong_rows=answer.wrong_rows,
            options=order.options,
            again=order.again,
            answer=msgspec.to_builtins(answer),
        )
        .returning(line_reports.c.report_id)
    )
    report_id = int(added.scalar_one())
    await conn.execute(
        update(line_report_blocks)
        .where(line_report_blocks.c.report_id == -batch_id)
        .values(report_id=report_id)
    )
    return report_id


_PACKED = np.dtype(
    [("first", "<i8"), ("last", "<i8"), ("status", "u1"), ("note", "<u2")]
)


async def insert_block(
    conn: AsyncConnection,
    batch_id: int,
    block_no: int,
    rows: ReportRows,
    notes: Iterable[tuple[str, str]],
) -> None:
    """Keep the rows of a block that counted, for the history of single codes.

    Until their report has its number they go by that of the batch, below zero.
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
            report_id=-batch_id,
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
) -> list[TakenReport]:
    """List the reports of a batch, newest first."""
    query = (
        _TAKEN.where(line_reports.c.batch_id == batch_id)
        .order_by(line_reports.c.report_id.desc())
        .limit(limit)
    )
    if before_id is not None:
        query = query.where(line_reports.c.report_id < before_id)
    return [_taken(row) for row in await conn.execute(query)]


async def load_report(conn: AsyncConnection, report_id: int) -> TakenReport | None:
    """Load a report with its answer."""
    found = await conn.execute(_TAKEN.where(line_reports.c.report_id == report_id))
    row = found.one_or_none()
    return None if row is None else _taken(row)


async def load_tallies(conn: AsyncConnection, batch_id: int) -> list[ReasonCount]:
    """Add up statuses, reasons and grades over all reports of a batch."""
    rows = await conn.execute(
        text(
            "SELECT t.status, t.reason, t.grade, sum(t.quantity)::bigint AS quantity"
            " FROM line_report_tallies AS t JOIN line_reports AS r USING (report_id)"
            " WHERE r.batch_id = :batch_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ),
        {"batch_id": batch_id},
    )
    return [ReasonCount(*row) for row in rows]


async def count_printed(conn: AsyncConnection, batch_id: int, since: datetime) -> int:
    """Count the caps that reports since a moment told as printed."""
    found = await conn.execute(
        select(func.coalesce(func.sum(line_report_tallies.c.quantity), 0))
        .join(line_reports, line_reports.c.report_id == line_report_tallies.c.report_id)
        .where(
            line_reports.c.batch_id == batch_id,
            line_reports.c.at >= since,
            line_report_tallies.c.status == "printed",
        )
    )
    return int(found.scalar_one())


async def find_reports_of(
    conn: AsyncConnection, batch_id: int, index: int
) -> list[ReportedStatus]:
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
    told: list[ReportedStatus] = []
    for row in rows:
        packed = np.frombuffer(row.packed, dtype=_PACKED)
        here = packed[(packed["first"] <= index) & (packed["last"] >= index)]
        for each in here:
            reason, grade = row.notes[int(each["note"])]
            told.append(
                ReportedStatus(
                    row.report_id,
                    row.person,
                    row.at,
                    STATUSES[int(each["status"])].value,
                    reason,
                    grade,
                )
            )
    return told
