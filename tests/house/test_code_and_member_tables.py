"""No statement joins what is about codes with what is about members.

The two lie on different machines once an installation is spread (docs/decisions/0011);
who needs both asks for the one and then for the other. Read here are the words of SQL
and the tables that one function uses; a query that several functions put together, or
whose tables are handed in, can't be seen.
"""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.test_house_rules import Source, of_packages
from tests.integration.test_growing_tables import OF_CODES, OF_MEMBERS

CODES = frozenset(OF_CODES)
MEMBERS = frozenset(OF_MEMBERS) | {"identities"}
# Analysis reads all there is, on a copy if need be; so does what makes up a past.
ANALYSIS = {
    "bench/": "measures one machine",
    "crowncap/audit/": "recomputes each kind from the other",
    "crowncap/demo_week/": "makes up a week on one machine",
    "crowncap/recovery/": "runs by hand after a restore, of one machine so far",
    "migrations/": "changes one machine's schema",
}
_TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|USING)\s+(?:ONLY\s+)?(\w+)")


def names_in_sql(statement: str) -> set[str]:
    """Name what an SQL text reads or writes."""
    return set(_TABLE.findall(statement))


def texts_of(unit: ast.AST) -> Iterator[str]:
    """Give each text of a piece of code, whatever is filled into it left out."""
    for node in ast.walk(unit):
        if isinstance(node, ast.JoinedStr):
            parts = [v.value for v in node.values if isinstance(v, ast.Constant)]
            yield " _ ".join(part for part in parts if isinstance(part, str))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
            value = node.value
            yield value if isinstance(value, str) else value.decode("latin-1")


def tables_imported(tree: ast.Module) -> tuple[dict[str, str], set[str]]:
    """Tell which names of a module are tables, and which are modules of tables."""
    tables, modules = {}, set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        for alias in node.names:
            if node.module.endswith(".tables"):
                tables[alias.asname or alias.name] = alias.name
            elif alias.name == "tables":
                modules.add(alias.asname or alias.name)
    return tables, modules


def mixed(tree: ast.Module) -> Iterator[tuple[int, set[str]]]:
    """Find functions and texts that use tables of both kinds: line and tables."""
    tables, modules = tables_imported(tree)
    for unit in tree.body:
        found = [names_in_sql(text) for text in texts_of(unit)]
        used = set()
        for node in ast.walk(unit):
            if isinstance(node, ast.Name) and node.id in tables:
                used.add(tables[node.id])
            elif (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in modules
            ):
                used.add(node.attr)
        for names in (*found, used):
            if names & CODES and names & MEMBERS:
                yield unit.lineno, names & (CODES | MEMBERS)


@pytest.mark.parametrize(
    ("code", "is_mixed"),
    [
        ('Q = "SELECT 1 FROM scans AS s LEFT JOIN holds AS h USING (shard)"', True),
        ('Q = f"SELECT {x} FROM claims JOIN {y} JOIN members"', True),
        ('Q = b"INSERT INTO scans SELECT 1 FROM balances"', True),
        ('Q = "SELECT 1 FROM scans"; R = "SELECT 1 FROM holds"', False),
        ("from a.tables import scans, holds as h\ndef f(): return scans, h", True),
        ("from a import tables as t\ndef f(): return t.claims.c, t.members.c", True),
        ("from a import tables as t\ndef f(): t.claims\ndef g(): t.members", False),
        ("def f(scans, holds): return scans, holds", False),
    ],
)
def test_a_mixture_is_found(code: str, *, is_mixed: bool) -> None:
    """In texts of any kind, and in what one function does with tables."""
    assert any(mixed(ast.parse(code))) is is_mixed


def test_no_statement_joins_codes_with_members() -> None:
    """Each is a read of its own, the codes' side first."""
    looked_at: list[Source] = [
        s for s in of_packages() if not s.path.startswith(tuple(ANALYSIS))
    ]
    used: set[str] = set()
    for s in looked_at:
        used.update(tables_imported(s.tree)[0].values())
        used.update(*map(names_in_sql, texts_of(s.tree)))
    assert used & CODES
    assert used & MEMBERS
    found = [
        f"{s.path}:{line} {sorted(names)}"
        for s in looked_at
        for line, names in mixed(s.tree)
    ]
    assert found == []
