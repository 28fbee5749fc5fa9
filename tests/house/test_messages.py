"""Sentences for people are entries of catalogues, whole in both languages."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

from core.messages import Catalogue
from tests.house.test_house_rules import ROOT

# Where each catalogue is, and the folder of those who say something of it.
CATALOGUES = {
    "anti_fraud.domain.messages": "anti_fraud",
    "codegen.domain.messages": "codegen",
    "core.conditions.messages": "core/conditions",
    "core.sentences": "core",
    "console.frame.messages": "console",
    "crowncap.messages": "crowncap",
    "events.domain.messages": "events",
    "rewards.domain.messages": "rewards",
    "scan_api.domain.messages": "scan_api",
    "printer_export.domain.messages": "printer_export",
}


def load(module: str) -> Catalogue:
    """Import the catalogue of a module."""
    found = import_module(module).message
    assert isinstance(found, Catalogue)
    return found


def gaps(sentence: str) -> set[str]:
    """Name the gaps of an entry."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def names_catalogue(called: ast.expr, names: set[str]) -> bool:
    """Tell whether a call is `message(entry)` or `message.tell(language, entry)`."""
    if isinstance(called, ast.Attribute) and called.attr == "tell":
        called = called.value
    return isinstance(called, ast.Name) and called.id in names


def said(folder: str, module: str) -> Iterator[tuple[Path, ast.Call]]:
    """Find each place that says something of a module's catalogue."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == module
            for alias in node.names
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and names_catalogue(node.func, names):
                yield path, node


@pytest.mark.parametrize("module", CATALOGUES)
def test_each_entry_says_the_same_in_both_languages(module: str) -> None:
    """Its gaps are the same, and neither language stands for the other."""
    for code, (chinese, english) in load(module).sentences.items():
        assert gaps(chinese) == gaps(english), code
        assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese), code
        assert english.isascii() or "…" in english, code


@pytest.mark.parametrize(("module", "folder"), CATALOGUES.items())
def test_what_is_said_has_an_entry_and_fills_its_gaps(module: str, folder: str) -> None:
    """By name, so that a gap without a word is no matter of luck."""
    sentences = load(module).sentences
    unsaid = set(sentences)
    for path, call in said(folder, module):
        where = f"{path.relative_to(ROOT)}:{call.lineno}"
        tells = isinstance(call.func, ast.Attribute)
        assert len(call.args) == (2 if tells else 1), where
        for code in entries(call.args[-1]):
            assert code in sentences, where
            unsaid.discard(code)
            given = {keyword.arg for keyword in call.keywords}
            if None not in given:
                assert given == gaps(sentences[code][1]), where
    assert unsaid == set()


def entries(named: ast.expr) -> Iterator[str]:
    """List the entries that a call may name: one, or either of two."""
    if isinstance(named, ast.IfExp):
        yield from entries(named.body)
        yield from entries(named.orelse)
    else:
        assert isinstance(named, ast.Constant), ast.unparse(named)
        yield str(named.value)
