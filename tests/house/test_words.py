"""The glossary's words are the code's, and those that it does not use are not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
PACKAGES = (
    *("anti_fraud", "bench", "codegen", "console", "core", "crowncap", "feeder"),
    *("events", "migrations", "printer_export", "rewards", "scan_api"),
)
DEFINED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_ROW = re.compile(r"^\| (.+?) \| ", re.MULTILINE)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def unused_words() -> list[str]:
    """Read the table's left column."""
    _, _, table = GLOSSARY.read_text(encoding="utf-8").partition("## Words that")
    rows = _ROW.findall(table)[1:]
    return [word for row in rows for word in re.findall("`([^`]+)`", row)]


def named() -> Iterator[tuple[str, str]]:
    """Give each name that the code defines, and where."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            place = path.relative_to(ROOT)
            for part in (*place.parts[:-1], place.stem):
                yield part, str(place)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, DEFINED):
                    yield node.name, f"{place}:{node.lineno}"


def is_word_of(word: str, name: str) -> bool:
    """Tell whether a name is this word, or holds it if it stands between stars."""
    if word.startswith("*"):
        return name[0].isupper() and word.strip("*") in _WORD.findall(name)
    return name.strip("_") == word.strip("_")


@pytest.mark.parametrize(
    ("word", "name", "told"),
    [
        ("*Desk*", "PageDesk", True),
        ("*Desk*", "desks", False),
        ("laying", "_laying", True),
        ("laying", "displaying", False),
        ("All", "AllOf", False),
        ("SnapshotKeeper", "SnapshotKeeper", True),
    ],
)
def test_a_word_is_found_in_a_name(word: str, name: str, *, told: bool) -> None:
    """Whole, and never as a part of another word."""
    assert is_word_of(word, name) is told


def test_words_that_were_replaced_are_not_used_again() -> None:
    """The glossary says what is said instead."""
    words = unused_words()
    assert {"*Desk*", "*Standing*", "lanes", "ScanView"} <= set(words)
    found = {
        f"{place} {name}"
        for name, place in named()
        for word in words
        if is_word_of(word, name)
    }
    assert sorted(found) == []
