"""docs/operations.md grants the serving role what the code writes, and no more."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEATURES = (
    *("core", "codegen", "anti_fraud", "rewards", "printer_export", "scan_api"),
    "events",
    "crowncap/audit",
    "crowncap/recovery",
)
# Written by functions in SQL, which run with the rights of who calls them.
FUNCTIONS = sorted((ROOT / "migrations" / "versions").glob("*_steps.sql"))
# The serving role owns these, since it makes and drops their partitions; the last is
# temporary.
OWNED = {"claims", "sightings", "scans", "scan_traces", "scan_traces_default"} | {
    "room_on_disk"
}
# The plant's feeder keeps files of its own, without any server.
ELSEWHERE = ROOT / "feeder"
INSERTS = ("insert", "pg_insert", "upsert")
CALLS = dict.fromkeys(INSERTS, "INSERT") | {"update": "UPDATE", "delete": "DELETE"}
WRITES = re.compile(r"\b(INSERT) INTO (\w+)|\b(UPDATE) (\w+)(?: AS \w+)?\s+SET")
DELETES = re.compile(r"\b(DELETE) FROM (\w+)")
UPSERTS = re.compile(r"INSERT INTO (\w+)[^;]*?DO\s+UPDATE", re.DOTALL)


def sources() -> Iterator[Path]:
    """List the modules that may write."""
    for feature in FEATURES:
        for path in (ROOT / feature).rglob("*.py"):
            if ELSEWHERE not in path.parents:
                yield path


def of_text(text: str) -> Iterator[tuple[str, str]]:
    """Name what SQL writes, as (privilege, table)."""
    for match in [*WRITES.finditer(text), *DELETES.finditer(text)]:
        verb, table = [group for group in match.groups() if group]
        yield verb, table
    for match in UPSERTS.finditer(text):
        yield "UPDATE", match[1]


def of_module(path: Path) -> Iterator[tuple[str, str]]:
    """Name what a module writes through SQLAlchemy and in SQL."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from of_text(node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            upserts = "on_conflict_do_update" in ast.unparse(node)
            yield from of_calls(node, upserts=upserts)


def of_calls(function: ast.AST, *, upserts: bool) -> Iterator[tuple[str, str]]:
    """Name what a function writes through SQLAlchemy."""
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        verb = CALLS.get(node.func.id)
        if verb is not None:
            table = ast.unparse(node.args[0]).rpartition(".")[2]
            yield verb, table
            if upserts and verb == "INSERT":
                yield "UPDATE", table


def test_the_serving_role_may_write_what_the_code_writes_and_no_more() -> None:
    """Whoever takes a worker over can rewrite no history."""
    needed: dict[str, set[str]] = defaultdict(set)
    for path in sources():
        for verb, table in of_module(path):
            needed[verb].add(table)
    for path in FUNCTIONS:
        for verb, table in of_text(path.read_text(encoding="utf-8")):
            needed[verb].add(table)
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    granted = {
        verb: set(re.split(r"[,\s]+", tables.strip()))
        for verb, tables in re.findall(
            r"GRANT (INSERT|UPDATE|DELETE) ON ([\w,\s]+) TO cap_app;", text
        )
    }
    assert granted.keys() == needed.keys()
    for verb, tables in granted.items():
        assert tables == needed[verb] - OWNED, verb
