"""What lines and pre-flight find is told in the reader's language."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import Binding, CodeRange, EpochState, RangeState
from core.clock import utc_datetime
from core.messages import say
from printer_export.domain.messages import message
from printer_export.domain.packages.orders import (
    Encryption,
    Package,
    PackageOrder,
    Sheet,
)
from printer_export.domain.packages.preflight import (
    Finding,
    Level,
    check_order,
    check_ranges,
)
from printer_export.domain.packages.rows import Preset
from printer_export.domain.reports.answer import KeptAnswer, KeptRow, keep_errors
from printer_export.domain.reports.header import Columns, read_header
from printer_export.domain.reports.reader import Lines, ReportReader
from printer_export.domain.reports.statuses import STATUSES

KEYS = EpochKeys.from_masters({0: bytes(32)})
NOW = utc_datetime(1_800_000_000_000)
BATCH = Batch(
    *(1, 0, 5_000, 100_000, "06901234567892", None, None, Placement.INSIDE),
    *(None, None, (), None, "HTTPS://CAPS.CN", LinkForm.SHORT, "ada", NOW),
    units=(Unit("roll-1", 0, 9),),
)
WRONG_ROWS = {
    "from_index,to_index,status,reason,grade": [
        ["0", "1", "printed"],
        ["0", "1", "gone", "", ""],
        ["0", "1", "printed", "x" * 501, ""],
        ["0", "1", "printed", "x\x07", ""],
        ["0", "1", "printed", "", "great"],
        ["0", "100000", "printed", "", ""],
        ["zero", "1", "printed", "", ""],
    ],
    "code,status": [["0000000000000000", "printed"]],
    "unit,quantity,status": [["roll-9", "1", "printed"]],
}


FOREIGN = ("HTTPS://EVIL.EXAMPLE", "HTTPS://CAPS.CN:8443", "https://caps.cn/a/b")


def untold(sentences: list[str]) -> list[str]:
    """Give the sentences that a reader of Chinese would get in English."""
    assert sentences
    return [each for each in sentences if say("zh", each) == each]


def test_every_wrong_row_is_told_in_chinese_from_the_answer_that_kept_it() -> None:
    """One row for each thing that may be wrong with it."""
    sentences = []
    for header, rows in WRONG_ROWS.items():
        columns = read_header(header.split(","))
        assert isinstance(columns, Columns)
        reader = ReportReader(columns, BATCH, KEYS)
        errors = [reader.read(Lines([row], [2])).errors for row in rows]
        assert all(errors)
        kept = keep_errors(error for found in errors for error in found)
        written = msgspec.json.encode(kept)
        read = msgspec.json.decode(written, type=tuple[KeptRow, ...])
        told = [each.recall() for each in read]
        assert told == [each.message for each in kept]
        sentences += told
    assert untold(sentences) == []


@pytest.mark.parametrize("told", [None, ["no_such_entry", {}], ["not_whole", {}]])
def test_a_wrong_row_that_no_entry_fits_is_told_as_it_was_answered(told: Any) -> None:
    """Kept before entries were, or by an entry that is gone or has other gaps."""
    kept = KeptRow(2, 1, "'x' is no whole number.", told)
    assert say("zh", kept.recall()) == "'x' is no whole number."


def test_why_nothing_was_activated_is_told_from_the_answer_that_kept_it() -> None:
    """And an answer of before that was kept has nothing to tell."""
    why = message("active_when_shipped")
    names = (status.value for status in STATUSES)
    counts = dict.fromkeys(("batch_id", "rows", "issued", *names), 0)
    kept = counts | {"not_activated": str(why), "told": why.kept}
    answer = msgspec.convert(json.loads(json.dumps(kept)), KeptAnswer)
    assert say("zh", answer.recall_reason()) == "装箱发货时启用。"
    assert not msgspec.convert(counts, KeptAnswer).recall_reason()


def check(package: Package, epoch: EpochState, **given: Any) -> list[Finding]:
    """Look at an order, of a host that may be printed unless told otherwise."""
    usual: dict[str, Any] = {
        "link_hosts": frozenset({"caps.cn"}),
        "known_printhouse": True,
    }
    return check_order(package, epoch, **(usual | given))


def with_base(link_base: str) -> Package:
    """Take an order of a batch with this link base."""
    batch = replace(BATCH, link_base=link_base)
    return Package(1, batch, PackageOrder(Preset.CSV, 0, 9), 900, "ada", NOW)


@pytest.mark.parametrize(
    ("link_base", "kept_back_by"),
    [
        ("HTTPS://CAPS.CN", []),
        ("https://caps.cn", []),
        *((b, ["link"]) for b in FOREIGN),
    ],
)
def test_only_listed_hosts_are_printed(link_base: str, kept_back_by: list[str]) -> None:
    """Another host, another port, and a base that is none keep a package back."""
    findings = check(with_base(link_base), EpochState.OPEN)
    assert [f.check for f in findings if f.level is Level.BLOCKING] == kept_back_by


def test_every_finding_of_preflight_is_told_in_chinese() -> None:
    """Orders with nothing wrong, and with everything."""
    fine = Package(1, BATCH, PackageOrder(Preset.CSV, 0, 9), 900, "ada", NOW)
    order = PackageOrder(
        *(Preset.CSV, 0, 99_999),
        encryption=Encryption.NONE,
        sheet=Sheet.A4,
        printhouse="nobody",
    )
    odd = Package(1, BATCH, order, 900, "ada", NOW)
    first = BATCH.first_code_id
    active = CodeRange(first, first + 9, 1, RangeState.ACTIVATED, Binding())
    findings = [
        *check(fine, EpochState.OPEN, known_printhouse=True),
        *check(odd, EpochState.FROZEN, link_hosts=frozenset(), known_printhouse=False),
        *(each for base in FOREIGN for each in check(with_base(base), EpochState.OPEN)),
        *check_ranges(fine, [], 0),
        *check_ranges(odd, [active], 3),
    ]
    assert {finding.level.value for finding in findings} == {
        *("ok", "warning", "blocking"),
    }
    assert untold([finding.sentence for finding in findings]) == []
    assert say("en", findings[0].sentence) == findings[0].sentence
