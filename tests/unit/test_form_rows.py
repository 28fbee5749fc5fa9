"""Rows of a form: added and taken away by its buttons, and read as they stand."""

import pytest

from console.frame.rows import RowKind

PRIZES = RowKind("prize", ("id", "name"), 3)


def test_a_row_is_there_if_its_first_field_is() -> None:
    """Even if nothing stands in it; what has no place among the rows is left."""
    form = {"prize0_id": " car ", "prize0_name": "A car", "prize1_id": "", "x": "y"}
    assert PRIZES.read(form | {"prize2_name": "lost", "prize3_id": "four"}) == [
        {"id": "car", "name": "A car"},
        {"id": "", "name": ""},
    ]
    assert len(list(PRIZES.fields)) == 6


@pytest.mark.parametrize(
    ("step", "left", "focus"),
    [
        ("add_prize", ["a", "b", ""], "prize2_id"),
        ("remove_prize_0", ["b"], "add_prize"),
        ("remove_prize_9", ["a", "b"], "add_prize"),
        ("remove_prize_x", ["a", "b"], None),
        ("remove_prize_\u0661", ["a", "b"], None),
        ("save", ["a", "b"], None),
        ("add_card", ["a", "b"], None),
    ],
)
def test_a_step_changes_its_rows_and_tells_where_to_go_on(
    step: str, left: list[str], focus: str | None
) -> None:
    rows = [{"id": "a", "name": ""}, {"id": "b", "name": ""}]
    assert PRIZES.change(rows, step) == focus
    assert [each["id"] for each in rows] == left


def test_there_are_never_more_rows_than_may_be() -> None:
    rows = [{"id": f"{n}", "name": ""} for n in range(3)]
    assert PRIZES.change(rows, "add_prize") == "prize2_id"
    assert len(rows) == 3
