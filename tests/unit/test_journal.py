"""The journal: what is in it after every way to write it."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Conflict, NotFound
from feeder import store
from feeder.codes import (
    RowFile,
    RowPlan,
    merge_spans,
    runs_of,
    subtract_spans,
)
from feeder.journal import Binding, Journal, Settled, State
from feeder.report import ReportRow, report_rows, write_report

LANES = RowPlan([RowFile("a", 50, 98, -2), RowFile("b", 50, 1, 2)])


def binding(to_index: int = 99) -> Binding:
    """Bind a journal to nothing in particular."""
    return Binding("id", "ab" * 32, "3", "7", "p.zip", "zpl://h:1", 0, to_index)


def new_journal(path: Path, plan: RowPlan = LANES) -> Journal:
    """Make a journal of a whole package."""
    selection = plan.spans_between(0, plan.rows - 1)
    return Journal.create(path, binding(plan.rows - 1), plan, selection)


def test_what_was_recorded_is_there_after_the_journal_is_opened_again(
    tmp_path: Path,
) -> None:
    """Runs, doubt and numbers."""
    path = tmp_path / "a.journal"
    with new_journal(path) as journal:
        journal.record(30, [Settled(0, 9, State.PRINTED)])
        journal.record(30, [Settled(12, 12, State.REJECTED, "bad mark")])
    with Journal.open(path) as journal:
        assert journal.sent_until == 30
        assert journal.in_doubt() == [(10, 11), (13, 29)]
        counts = journal.counts()
        assert (counts.sent, counts.printed, counts.rejected) == (30, 10, 1)
        assert (counts.in_doubt, counts.remaining) == (19, 70)
        assert journal.settle_doubt("lost") == 19
        assert journal.counts().indeterminate == 19
        assert journal.in_doubt() == []


def test_runs_that_touch_become_one(tmp_path: Path) -> None:
    """The file grows with interruptions, not with codes."""
    with new_journal(tmp_path / "a") as journal:
        for first in (0, 20, 40, 10, 30):
            journal.record(60, [Settled(first, first + 9, State.PRINTED)])
        assert list(journal.settled_within(0, 99)) == [Settled(0, 49, State.PRINTED)]


def test_a_code_settles_once(tmp_path: Path) -> None:
    """A second end of the same code is a bug, and nothing of it is written."""
    with new_journal(tmp_path / "a") as journal:
        journal.record(20, [Settled(5, 9, State.PRINTED)])
        with pytest.raises(AssertionError):
            journal.record(25, [Settled(9, 10, State.INDETERMINATE)])
        assert journal.counts().sent == 20
        with pytest.raises(AssertionError):
            journal.record(10)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(24)), st.lists(st.sampled_from(State), min_size=24))
def test_any_order_of_settling_gives_the_same_report(
    order: list[int], states: list[State]
) -> None:
    """Against a plain dict."""
    plan = RowPlan([RowFile("a", 12, 22, -2), RowFile("b", 12, 1, 2)])
    conn = sqlite3.connect(":memory:", isolation_level=None)
    store.make_journal(
        conn,
        Path("x"),
        {
            **{name: str(getattr(binding(23), name)) for name in Binding.__slots__},
            "state": "open",
            "plan": '[{"path":"a","rows":12,"first_index":22,"index_step":-2},'
            '{"path":"b","rows":12,"first_index":1,"index_step":2}]',
        },
        plan.spans_between(0, 23),
    )
    journal = Journal(Path("x"), conn)
    journal.record(24)
    for position in order:
        journal.record(24, [Settled(position, position, states[position])])
    told = {
        index: row.state
        for row in report_rows(journal)
        for index in range(row.from_index, row.to_index + 1)
    }
    assert told == {plan.index_at(p): states[p] for p in range(24)}
    runs = list(report_rows(journal))
    assert all(
        a.to_index + 1 < b.from_index or a.state is not b.state
        for a, b in pairwise(runs)
    )
    journal.close()


def test_a_report_settles_what_is_in_doubt_and_quotes_reasons(tmp_path: Path) -> None:
    """Whoever hands it in has said the last word."""
    plan = RowPlan([RowFile("a", 10, 0, 1)])
    with new_journal(tmp_path / "a", plan) as journal:
        runs = [Settled(0, 3, State.PRINTED), Settled(4, 4, State.REJECTED, 'a,"b"')]
        journal.record(7, runs)
        counts = write_report(journal, tmp_path / "out.csv")
        assert counts.in_doubt == 0
        assert list(report_rows(journal))[-1] == ReportRow(
            5, 6, State.INDETERMINATE, "reported before the printer had told"
        )
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "from_index,to_index,status,reason,grade",
        "0,3,printed,,",
        '4,4,rejected,"a,""b""",',
        "5,6,indeterminate,reported before the printer had told,",
    ]
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".part"] == []


def test_a_journal_is_open_once_and_other_files_are_none(tmp_path: Path) -> None:
    """Each refusal is one sentence."""
    path = tmp_path / "a"
    with new_journal(path), pytest.raises(Conflict, match="in use"):
        Journal.open(path)
    with pytest.raises(NotFound):
        Journal.open(tmp_path / "none")
    (tmp_path / "text").write_text("not a journal at all, but a text " * 40)
    with pytest.raises(Conflict, match="not a journal"):
        Journal.open(tmp_path / "text")
    sqlite3.connect(tmp_path / "other").execute("CREATE TABLE t (a)").connection.close()
    with pytest.raises(Conflict, match="not a journal"):
        Journal.open(tmp_path / "other")


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    """What could not be written was not sent."""
    with new_journal(tmp_path / "a") as journal:
        journal.record(10)
        journal._conn.execute("PRAGMA max_page_count = 1")
        reasons = [f"{number}" * 5000 for number in range(10)]
        runs = [Settled(at, at, State.REJECTED, r) for at, r in enumerate(reasons)]
        with pytest.raises(store.DiskFullError):
            journal.record(20, runs)
        counts = journal.counts()
        assert (counts.sent, counts.in_doubt, counts.rejected) == (10, 10, 0)
        assert journal.in_doubt() == [(0, 9)]


@given(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_spans_are_sets_of_positions(left: set[int], right: set[int]) -> None:
    """Merged, taken away from each other, and made from positions."""
    ours, theirs = list(runs_of(sorted(left))), list(runs_of(sorted(right)))
    assert merge_spans([*ours, *theirs]) == list(runs_of(sorted(left | right)))
    gone = subtract_spans(ours, theirs)
    assert {p for a, b in gone for p in range(a, b + 1)} == left - right


@given(st.integers(0, 99), st.integers(0, 99))
def test_a_range_of_indexes_is_found_in_lanes_that_run_backwards(
    first: int, last: int
) -> None:
    """And every position leads to its index and back."""
    wanted = set(range(min(first, last), max(first, last) + 1))
    spans = LANES.spans_between(min(wanted), max(wanted))
    found = [LANES.index_at(p) for a, b in spans for p in range(a, b + 1)]
    assert sorted(found) == sorted(wanted)
    assert all(LANES.index_at(LANES.position_of(i) or 0) == i for i in wanted)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bound SET value = 'x' WHERE name = 'to_index'",
        "UPDATE bound SET value = '99999999999999' WHERE name = 'to_index'",
        "DELETE FROM bound WHERE name = 'plan'",
        "UPDATE bound SET value = '[{}]' WHERE name = 'plan'",
        """UPDATE bound SET value = replace(value, '"index_step":2', '"index_step":0')
           WHERE name = 'plan'""",
        "DROP TABLE runs",
        "DELETE FROM progress",
    ],
)
def test_a_damaged_journal_is_one_sentence(tmp_path: Path, change: str) -> None:
    """Whatever is missing or makes no sense in it."""
    new_journal(tmp_path / "a").close()
    with sqlite3.connect(tmp_path / "a") as conn:
        conn.execute(change)
    conn.close()
    with pytest.raises(Conflict, match="damaged"):
        Journal.open(tmp_path / "a")


def test_a_report_of_a_damaged_journal_is_one_sentence(tmp_path: Path) -> None:
    """States that there are not; and reasons that no report could be written with."""
    with new_journal(tmp_path / "a") as journal:
        journal.record(10, [Settled(0, 3, State.REJECTED, "\u7eb8\u5361")])
        write_report(journal, tmp_path / "out.csv")
    assert b"rejected,??," in (tmp_path / "out.csv").read_bytes()
    with sqlite3.connect(tmp_path / "a") as conn:
        conn.execute("UPDATE runs SET state = 9")
    conn.close()
    with (
        Journal.open(tmp_path / "a") as journal,
        pytest.raises(Conflict, match="damaged"),
    ):
        write_report(journal, tmp_path / "out.csv")
