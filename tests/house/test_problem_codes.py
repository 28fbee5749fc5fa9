"""Every code that the source gives a problem is explained, with its status."""

import ast
from collections.abc import Iterator
from pathlib import Path

import core.errors
from core.errors import Fault
from core.problem_codes import PROBLEM_CODES

ROOT = Path(__file__).parents[2]
ROOMS = (
    *("core", "codegen", "feeder", "printer_export", "scan_api"),
    *("anti_fraud", "rewards", "console", "crowncap", "events"),
)
# 403 where somebody wants what is kept from them, 409 where they want to change it.
TWO_STATUSES = {"second_person_needed", "package_cancelled", "not_approved"}


def faults_of(kind: type[Fault]) -> Iterator[type[Fault]]:
    """Give a class of faults and all that are made of it in core.errors."""
    yield kind
    for each in kind.__subclasses__():
        yield from faults_of(each)


def codes_given() -> Iterator[tuple[str, int]]:
    """Give each code in the source with the status of the fault that carries it."""
    classes = {
        kind.__name__: kind
        for kind in faults_of(Fault)
        if kind.__module__ == core.errors.__name__
    }
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = getattr(getattr(node, "func", None), "id", "")
                for given in getattr(node, "keywords", ()) if name in classes else ():
                    if given.arg == "code" and isinstance(given.value, ast.Constant):
                        yield str(given.value.value), classes[name].status
    for kind in faults_of(Fault):
        yield kind.code, kind.status


def test_every_code_is_explained_with_its_status() -> None:
    """Or its address would lead nowhere."""
    given = set(codes_given())
    assert {code for code, _ in given} - PROBLEM_CODES.keys() == set()
    wrong = {
        (code, status)
        for code, status in given
        if PROBLEM_CODES[code].status != status and code not in TWO_STATUSES
    }
    assert wrong == set()


def test_no_code_is_explained_that_nothing_gives() -> None:
    """Codes that are passed on by name stand in the source as words."""
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name != "problem_codes.py"
    )
    assert [code for code in PROBLEM_CODES if f'"{code}"' not in source] == []
