"""Lists, asked at once, against a plain look at each entry."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import h3.api.basic_int as h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.decision import decide, obey_list
from anti_fraud.domain.lists import (
    CodeSpan,
    Found,
    Listed,
    ListEntry,
    ListKind,
    ListName,
    Lists,
    Subject,
    tidy_cell,
    tidy_network,
)
from anti_fraud.domain.places import cell_of
from anti_fraud.domain.verdict import Verdict
from core.conditions import Facts
from tests.fixtures.rule_sets import SECOND

NOW = datetime(2027, 1, 10, tzinfo=UTC)
CELLS = [cell_of(31.2, 121.4), cell_of(31.21, 121.4), cell_of(40.0, 116.0)]
NETWORKS = ["192.0.2.0/24", "192.0.2.7/32", "192.0.0.0/8", "2001:db8::/32"]
ADDRESSES = ["192.0.2.7", "192.1.0.1", "10.0.0.1", "2001:db8::1", "2001:db9::1"]
VALUES = {
    ListKind.MEMBER: st.sampled_from(["ann", "bo"]),
    ListKind.DEVICE: st.sampled_from(["phone", "tablet"]),
    ListKind.STORE: st.sampled_from(["s1", "s2"]),
    ListKind.PRODUCT: st.sampled_from(["06901234567892", "06901234567893"]),
    ListKind.NETWORK: st.sampled_from(NETWORKS),
    ListKind.CELL: st.builds(
        lambda cell, resolution: f"{h3.cell_to_parent(cell, resolution):x}",
        st.sampled_from(CELLS),
        st.integers(4, 8),
    ),
    ListKind.CODE_RANGE: st.just("1"),
}


@st.composite
def entries(draw: st.DrawFn) -> Lists:
    """Make lists of entries that overlap."""
    made = {}
    for entry_id in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(ListKind))
        codes = None
        if kind is ListKind.CODE_RANGE:
            first, last = sorted(draw(st.tuples(*[st.integers(0, 30)] * 2)))
            codes = CodeSpan(first, last)
        hours = draw(st.sampled_from([None, -1, 0, 1]))
        until = None if hours is None else NOW + timedelta(hours=hours)
        name = draw(st.sampled_from(ListName))
        value = draw(VALUES[kind])
        made[entry_id] = ListEntry(entry_id, name, kind, value, until, codes)
    return Lists(made)


SUBJECTS = st.builds(
    Subject,
    st.integers(0, 31),
    st.sampled_from([None, "ann", "bo", "cy"]),
    st.sampled_from([None, "phone"]),
    st.sampled_from([None, *(ip_address(each).packed for each in ADDRESSES)]),
    st.sampled_from([None, "s1"]),
    st.sampled_from([None, *CELLS]),
    st.sampled_from([None, "06901234567892"]),
)


def plainly(entry: ListEntry, subject: Subject) -> bool:
    """Tell whether an entry names a scan, by itself."""
    match entry.kind:
        case ListKind.NETWORK:
            address = subject.address
            return address is not None and ip_address(address) in ip_network(
                entry.value
            )
        case ListKind.CELL:
            cell = int(entry.value, 16)
            return subject.cell is not None and cell == h3.cell_to_parent(
                subject.cell, h3.get_resolution(cell)
            )
        case ListKind.CODE_RANGE:
            assert entry.codes is not None
            return entry.codes.first <= subject.code_id <= entry.codes.last
        case _:
            name = {"product": "gtin"}.get(entry.kind, f"{entry.kind}_id")
            return bool(getattr(subject, name) == entry.value)


@given(lists=entries(), subject=SUBJECTS)
def test_the_strongest_entry_that_holds_and_names_a_scan_decides(
    lists: Lists, subject: Subject
) -> None:
    """Override before block before allow, the older of two equals; expired ones not."""
    named = [
        each
        for each in lists.entries.values()
        if (each.until is None or each.until > NOW) and plainly(each, subject)
    ]
    order = [ListName.OVERRIDE, ListName.BLOCK, ListName.ALLOW]
    decisive = min(
        (each for each in named if each.list is not ListName.SHOP),
        key=lambda each: (order.index(each.list), each.entry_id),
        default=None,
    )
    is_shop = any(each.list is ListName.SHOP for each in named)
    listed = None if decisive is None else Listed(decisive.list, decisive.entry_id)
    assert lists.find(subject, NOW) == Found(listed, is_shop)


@given(lists=entries(), other=entries(), subject=SUBJECTS)
def test_changed_lists_are_what_they_would_have_been_at_once(
    lists: Lists, other: Lists, subject: Subject
) -> None:
    removed = [entry_id for entry_id in lists.entries if entry_id % 3 == 0]
    changed = lists.with_changed(other.entries.values(), removed)
    whole = {**lists.entries, **other.entries}
    for entry_id in removed:
        whole.pop(entry_id, None)
    assert changed.find(subject, NOW) == Lists(whole).find(subject, NOW)


@pytest.mark.parametrize(
    ("name", "verdicts"),
    [
        (ListName.OVERRIDE, ["pass", "pass", "pass"]),
        (ListName.BLOCK, ["refuse", "refuse", "refuse"]),
        (ListName.ALLOW, ["pass", "pass", "refuse"]),
    ],
)
def test_a_list_stands_above_the_rules_which_say_what_they_said(
    name: ListName, verdicts: list[str]
) -> None:
    """Allow keeps nothing waiting, and lets no refusal through."""
    rules = SECOND
    known: list[Facts] = [
        {},
        {"signals_available": False},
        {"member_scans_1d": 99, "member_scans_10m": 99},
    ]
    judged = [decide(rules, facts, NOW.date()) for facts in known]
    assert [each.verdict for each in judged] == list(Verdict)
    obeyed = [obey_list(each, Listed(name, 7)) for each in judged]
    assert [each.verdict for each in obeyed] == verdicts
    assert [(o.score, o.hits) for o in obeyed] == [(j.score, j.hits) for j in judged]


def test_networks_and_cells_are_written_in_one_way_or_refused() -> None:
    assert tidy_network("2001:DB8:0::/32") == "2001:db8::/32"
    assert tidy_network("192.0.2.1") == "192.0.2.1/32"
    assert tidy_network("192.0.2.1/24") is None
    assert tidy_cell(f"{CELLS[0]:X}") == f"{CELLS[0]:x}"
    finer = h3.cell_to_center_child(CELLS[0], 9)
    wrong = ("x", "1", f"{finer:x}", "f" * 99)
    assert [tidy_cell(each) for each in wrong] == [None] * 4
