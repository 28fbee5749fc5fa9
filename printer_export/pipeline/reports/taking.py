"""Taking in what a line reports: read, applied, added up, and put into effect."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch
from codegen.pipeline import get_batch, refuse_other_line
from core.auth import Staff
from core.auth.audit import record_action
from core.auth.guesses import note_wrong_codes, refuse_guesser
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from printer_export.domain.messages import message
from printer_export.domain.reports.answer import KeptAnswer, ReportOutcome, keep_errors
from printer_export.domain.reports.header import Naming, read_header
from printer_export.domain.reports.reader import ReportReader
from printer_export.domain.reports.statuses import STATUSES
from printer_export.domain.reports.taking import OnError, ReportOrder, TakenReport
from printer_export.pipeline.reports.effects import put_into_effect
from printer_export.pipeline.reports.repeats import find_repeated
from printer_export.pipeline.reports.statuses import (
    StatusUpdate,
    add_units,
    apply_statuses,
)
from printer_export.pipeline.reports.text import ReportText
from printer_export.pipeline.reports.unit_accounts import load_unit_accounts
from printer_export.store.reports import statuses as status_store
from printer_export.store.reports import taking as store

_AUDITED: Final = ("rows", "voided", "void_request_id", "activated", "not_activated")


async def take_report(
    conn: AsyncConnection,
    keys: EpochKeys,
    order: ReportOrder,
    text: ReportText,
    staff: Staff,
    *,
    now: datetime,
) -> ReportOutcome:
    """Take in a CSV report of a batch; the same rows again change nothing.

    Raises InvalidInput for a file without a header, and for one with any wrong row
    when wrong rows refuse it all; Conflict for rows that counted with other options.
    """
    batch = order.batch
    refuse_other_line(batch, staff)
    await status_store.lock_counts(conn, batch.batch_id, batch.quantity)
    if repeated := await find_repeated(conn, order, text):
        return repeated
    update, answer = await _count(conn, keys, order, text, staff, now=now)
    # Its number comes last, so that what is refused takes none.
    report_id = await store.insert_report(
        conn,
        order,
        content_hash=text.content_hash,
        person=staff.person,
        now=now,
        answer=answer,
    )
    await store.insert_tallies(conn, report_id, update.tallies)
    await record_action(
        conn,
        staff,
        action="line_report.import",
        subject=f"batch:{batch.batch_id}",
        detail={"report_id": report_id}
        | {name: getattr(answer, name) for name in _AUDITED},
        now=now,
    )
    return ReportOutcome(answer, report_id)


async def preview_report(
    conn: AsyncConnection,
    keys: EpochKeys,
    order: ReportOrder,
    text: ReportText,
    staff: Staff,
    *,
    now: datetime,
) -> ReportOutcome:
    """Tell what a report would come to; everything is done, and taken back.

    Raises what `take_report` raises.
    """
    refuse_other_line(order.batch, staff)
    async with conn.begin_nested() as attempt:
        await status_store.lock_counts(conn, order.batch.batch_id, order.batch.quantity)
        outcome = await find_repeated(conn, order, text)
        if outcome is None:
            _, answer = await _count(conn, keys, order, text, staff, now=now)
            outcome = ReportOutcome(answer)
        await attempt.rollback()
    return outcome


async def _count(
    conn: AsyncConnection,
    keys: EpochKeys,
    order: ReportOrder,
    text: ReportText,
    staff: Staff,
    *,
    now: datetime,
) -> tuple[StatusUpdate, KeptAnswer]:
    """Count a report and put it into effect; returns its answer, yet without number."""
    batch = order.batch
    update = await _read_all(conn, keys, batch, text, staff=staff)
    _refuse_wrong(order, update)
    deltas = zip(STATUSES, update.deltas.tolist(), strict=True)
    with _account_kept():
        await status_store.add_counts(
            conn, batch.batch_id, {s.value: n for s, n in deltas}
        )
    effects = await put_into_effect(conn, order, update, staff, now=now)
    why_not = effects.not_activated
    return update, KeptAnswer(
        batch_id=batch.batch_id,
        **await status_store.load_counts(conn, batch.batch_id, batch.quantity),
        rows=update.rows,
        changed=sum(update.tallies.values()),
        unchanged=update.unchanged,
        wrong_rows=update.wrong_rows,
        passed_over=tuple(update.passed_over),
        voided=effects.voided,
        void_request_id=effects.void_request_id,
        activated=effects.activated,
        not_activated=str(why_not or ""),
        told=why_not.kept if why_not else None,
        skipped=effects.skipped,
        errors=keep_errors(update.errors),
    )


async def list_reports(
    conn: AsyncConnection,
    batch_id: int,
    staff: Staff,
    *,
    before_id: int | None,
    limit: int,
) -> list[TakenReport]:
    """List the reports of a batch within the caller's scope, newest first; NotFound."""
    await get_batch(conn, batch_id, staff)
    return await store.list_reports(conn, batch_id, before_id=before_id, limit=limit)


async def get_report(
    conn: AsyncConnection, report_id: int, staff: Staff
) -> TakenReport:
    """Find a report of a batch within the caller's scope; raises NotFound."""
    missing = NotFound(message("no_report", report_id=report_id))
    report = await store.load_report(conn, report_id)
    if report is None:
        raise missing
    try:
        await get_batch(conn, report.batch_id, staff)
    except NotFound:
        raise missing from None
    return report


@contextmanager
def _account_kept() -> Iterator[None]:
    """Turn away what PostgreSQL refuses since caps would not add up."""
    try:
        yield
    except IntegrityError as fault:
        raise Conflict(message("account_violated"), code="account_violated") from fault


def _refuse_wrong(order: ReportOrder, update: StatusUpdate) -> None:
    """Let nothing count when anything is wrong, where that was asked for."""
    if update.wrong_rows and order.on_error is OnError.REFUSE:
        raise InvalidInput(
            message("report_refused", count=update.wrong_rows),
            code="report_refused",
            errors=tuple(
                FieldError(f"/{e.line}/{e.column}", "wrong_row", e.message)
                for e in update.errors[:100]
            ),
        )


async def _read_all(
    conn: AsyncConnection,
    keys: EpochKeys,
    batch: Batch,
    text: ReportText,
    *,
    staff: Staff,
) -> StatusUpdate:
    """Read the report block by block; reading and counting run in a thread."""
    lines = await asyncio.to_thread(text.lines)
    columns = read_header(lines.header)
    if isinstance(columns, FieldError):
        raise InvalidInput(columns.detail, code=columns.code, errors=(columns,))
    if columns.naming is Naming.CODES:
        await refuse_guesser(conn, staff)
    reader = ReportReader(columns, batch, keys)
    accounts = await load_unit_accounts(conn, batch)
    update = StatusUpdate(
        batch=batch,
        notes=reader.notes,
        accounts=accounts,
        passed_over=columns.passed_over,
    )
    blocks = lines.cut(columns.width)
    while block := await asyncio.to_thread(next, blocks, None):
        read = await asyncio.to_thread(reader.read, block)
        note_wrong_codes(read.tries)
        update.rows += read.lines
        errors = read.errors
        if len(read.rows):
            errors = errors + await apply_statuses(conn, update, read.rows)
        errors = errors + await add_units(update, read.units, reader.columns)
        update.note(errors)
    with _account_kept():
        update.deltas += await accounts.keep()
    return update
