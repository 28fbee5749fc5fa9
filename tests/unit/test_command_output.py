"""What commands answer: JSON for programs, tables for people."""

import json
import os
import pty
import subprocess
import sys

import pytest

from crowncap.cli.output import print_answer

ROWS = [
    {"batch_id": 7, "lot": None, "counts": {"issued": 10}, "units": []},
    {"batch_id": 12, "lot": "A", "counts": {"issued": 5}, "units": []},
]


@pytest.mark.parametrize("answer", [ROWS, ROWS[0], []])
def test_a_program_reads_json(
    answer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, whatever it is."""
    print_answer(answer, as_json=False)
    assert json.loads(capsys.readouterr().out) == answer


def on_a_terminal(call: str) -> list[str]:
    """Run one call with a terminal as its standard output; gives the lines."""
    ours, theirs = pty.openpty()
    program = f"from crowncap.cli.output import print_answer; print_answer({call})"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=theirs,
        env=os.environ | {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "80"},
    ):
        os.close(theirs)
        heard = b""
        # Linux ends the reading with an error once nobody holds the other side.
        while piece := _read(ours):
            heard += piece
    os.close(ours)
    return [line.rstrip() for line in heard.decode().splitlines()]


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_a_person_reads_a_table() -> None:
    """Numbers to the right; a column that is empty everywhere is left out."""
    assert on_a_terminal(f"{ROWS!r}, as_json=False") == [
        "batch_id  lot  counts",
        "       7  –    issued 10",
        "      12  A    issued 5",
    ]


def test_a_person_reads_one_thing_line_by_line() -> None:
    """A field each; --json is obeyed on a terminal too."""
    lines = on_a_terminal("{'batch_id': 7, 'final': True}, as_json=False")
    assert lines == ["batch_id  7", "final     yes"]
    assert on_a_terminal("[], as_json=False") == ["There are none."]
    assert on_a_terminal("{'batch_id': 7}, as_json=True") == ['{"batch_id":7}']
