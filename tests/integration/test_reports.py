"""When a report is the same as one before, and what it is numbered."""

import io
from dataclasses import replace
from typing import Any

import pytest

from codegen.domain.batches import Batch, Unit
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput
from printer_export.domain.reports.answer import ReportOutcome
from printer_export.domain.reports.taking import Activate, OnError, ReportOrder
from printer_export.pipeline.reports.taking import preview_report, take_report
from printer_export.pipeline.reports.text import ReportText
from printer_export.store.reports.taking import find_reports_of, load_tallies
from tests.fixtures.ground import CLOCK, Ground

ROLL = (Unit("roll-1", 0, 99),)
SHIFT = "unit,quantity,status,reason\nroll-1,30,printed,\n"


async def send(
    ground: Ground,
    batch: Batch,
    content: str | bytes,
    take: Any = take_report,
    **options: Any,
) -> ReportOutcome:
    """Hand a report to what takes it, in a transaction of its own."""
    octets = content if isinstance(content, bytes) else content.encode()
    async with ground.engine.begin() as conn:
        done: ReportOutcome = await take(
            conn,
            ground.issuance.key_file.load(),
            ReportOrder(batch, **options),
            ReportText.of(io.BytesIO(octets)),
            OPERATOR,
            now=utc_datetime(CLOCK.now_ms()),
        )
    return done


async def test_the_same_rows_count_once_and_equal_work_as_often_as_it_is_told(
    ledger: Ground,
) -> None:
    """Whatever the encoding; a word for the other work makes it new, and once."""
    batch = await ledger.issue(100, units=ROLL)
    first = await send(ledger, batch, SHIFT)
    assert (first.answer.printed, first.same_as, first.answer.changed) == (30, None, 30)
    for saved in (SHIFT.encode("utf-16"), SHIFT.replace(",", ";").encode("gb18030")):
        again = await send(ledger, batch, saved)
        assert again == replace(first, same_as=first.report_id)
    night = await send(ledger, batch, SHIFT, again="night")
    assert (night.answer.printed, night.same_as) == (60, None)
    repeated = await send(ledger, batch, SHIFT, again="night")
    assert (repeated.answer.printed, repeated.same_as) == (60, night.report_id)


async def test_the_same_rows_with_other_options_are_told_which(ledger: Ground) -> None:
    """They have counted; another option cannot be followed without counting again."""
    batch = await ledger.issue(100, units=ROLL)
    first = await send(ledger, batch, SHIFT)
    for options in ({"activate": Activate.NOW}, {"on_error": OnError.REFUSE}):
        with pytest.raises(Conflict, match="activate=none") as refused:
            await send(ledger, batch, SHIFT, **options)
        assert refused.value.code == "other_options"
        assert f"Report {first.report_id} " in refused.value.detail


async def test_a_report_of_an_earlier_release_is_known_again(ledger: Ground) -> None:
    """Its hash had the bytes of the file and its options in it."""
    batch = await ledger.issue(100, units=ROLL)
    first = await send(ledger, batch, SHIFT, activate=Activate.NOW)
    await ledger.rows(
        "UPDATE line_reports SET options = NULL, content_hash = sha256(convert_to("
        "E'skip\\nnow\\nunit,quantity,status,reason\\nroll-1,30,printed,\\n', 'UTF8'))"
    )
    assert (await send(ledger, batch, SHIFT)).same_as == first.report_id


async def test_what_is_refused_or_looked_at_takes_no_number(ledger: Ground) -> None:
    """And nothing of it stays; a code's history names the report that counted."""
    batch = await ledger.issue(100)
    head = "from_index,to_index,status\n"
    first = await send(ledger, batch, head + "0,9,printed\n")
    with pytest.raises(InvalidInput):
        await send(
            ledger,
            batch,
            head + "0,0,printed\n0,999,printed\n",
            on_error=OnError.REFUSE,
        )
    seen = await send(
        ledger, batch, head + "0,9,wasted\n", preview_report, activate=Activate.NOW
    )
    assert (seen.answer.voided, seen.answer.wasted, seen.report_id) == (10, 10, None)
    second = await send(ledger, batch, head + "10,19,printed\n")
    assert (second.answer.printed, second.answer.wasted) == (20, 0)
    assert first.report_id is not None
    assert second.report_id == first.report_id + 1
    async with ledger.engine.connect() as conn:
        told = await find_reports_of(conn, batch.batch_id, 15)
    assert [each.report_id for each in told] == [second.report_id]
    assert await ledger.audit() == []


async def test_reasons_and_grades_count_what_changed(ledger: Ground) -> None:
    """A cap that is told again, with other rows beside it, is in no reason twice."""
    batch = await ledger.issue(100)
    head = "from_index,to_index,status,reason\n"
    await send(ledger, batch, head + "0,9,wasted,torn\n")
    more = await send(ledger, batch, head + "0,12,wasted,torn\n")
    assert (more.answer.changed, more.answer.unchanged) == (3, 10)
    async with ledger.engine.connect() as conn:
        [told] = await load_tallies(conn, batch.batch_id)
    assert told.quantity == 13
