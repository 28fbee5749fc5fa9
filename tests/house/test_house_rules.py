"""The house rules of CONTRIBUTING.md, held against every file of the project."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 400
PACKAGES = (
    "anti_fraud",
    "bench",
    "codegen",
    "console",
    "core",
    "crowncap",
    "events",
    "feeder",
    "migrations",
    "printer_export",
    "rewards",
    "scan_api",
)
# What of core is pure, and so open to every domain.
PURE_CORE = {
    "core.bounds", "core.conditions", "core.errors", "core.event_types",
    "core.messages", "core.moments", "core.names", "core.origin", "core.networks",
}  # fmt: skip
VAGUE_NAMES = {"common", "helper", "helpers", "manager", "service", "util", "utils"}
IO_MODULES = {
    "aiohttp", "alembic", "asyncio", "granian", "hiredis", "http", "httpx", "io",
    "litestar", "logging", "multiprocessing", "os", "pathlib", "prometheus_client",
    "psycopg", "random", "redis", "requests", "secrets", "select", "shutil", "socket",
    "sqlalchemy", "sqlite3", "starlette", "structlog", "subprocess", "tempfile",
    "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
OUR_IO_MODULES = {
    "core.auth", "core.batching", "core.clock", "core.db", "core.ids", "core.log",
    "core.redis", "core.settings",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}
STATEMENT_MAKERS = {"delete", "insert", "select", "text", "update"}
SQL_LIKE = re.compile(
    r"\s*(SELECT\s|INSERT INTO\s|UPDATE \w+ (AS \w+ )?SET\s|DELETE FROM\s|TRUNCATE\s"
    r"|(CREATE|ALTER|DROP) (TABLE|INDEX|FUNCTION|ROLE|DATABASE)\s|WITH \w+ AS \()"
)
# Who may hold SQL without being a store, and why.
SQL_ELSEWHERE = {
    "core/auth/": "each module there holds the SQL of its one table",
    "core/database_clock.py": "asks PostgreSQL for the time",
    "core/db.py": "looks for sessions that hold locks",
    "core/db_arrays.py": "hands statements of stores to the driver",
    "core/fence.py": "the fence is everyone's",
    "core/jobs.py": "the queue's tables are the job library's",
    "core/outbox.py": "everyone writes to the outbox",
    "crowncap/audit/": "the audit reads every table and is owned by none",
    "crowncap/demo_week/past.py": "sets PostgreSQL's clock back for the demo",
    "crowncap/embedded/postgres.py": "creates the database that stores live in",
    "crowncap/migrate.py": "locks the schema that stores live in",
    "crowncap/schema.py": "asks which tables are partitions, to leave them out",
}
# Tests that a machine may be unable to run, and why.
MAY_SKIP = {
    "tests/browser/conftest.py": "a machine may have no browser; CI insists on one",
    "tests/fixtures/programs.py": "a machine may lack 7-Zip or age; CI insists on them",
    "tests/unit/test_export_formats.py": "a disk may hold the file that is too large",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file of the project."""

    path: str
    text: str
    tree: ast.Module

    @property
    def module(self) -> str:
        """The file's dotted name."""
        return self.path.removesuffix(".py").replace("/", ".")

    @property
    def parts(self) -> list[str]:
        """Its directories and its own name, without the ending."""
        return self.path.removesuffix(".py").split("/")


@cache
def tracked_files() -> tuple[str, ...]:
    """List what git tracks, or would if it were told to."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return tuple(sorted({name for name in names if (ROOT / name).is_file()}))


@cache
def sources() -> tuple[Source, ...]:
    """Parse every Python file."""
    found = []
    for name in tracked_files():
        if name.endswith(".py"):
            text = (ROOT / name).read_text(encoding="utf-8")
            found.append(Source(name, text, ast.parse(text)))
    return tuple(found)


def of_packages() -> list[Source]:
    """List what ships; tests and benches have rules of their own."""
    return [s for s in sources() if s.parts[0] in PACKAGES]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Name each imported module and each `module.name`."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.lineno, node.module
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def within(module: str, names: set[str]) -> bool:
    """Tell whether a module is one of these, or inside one."""
    return any(module == name or module.startswith(name + ".") for name in names)


def test_there_is_something_to_look_at() -> None:
    """A rule that reads no file would hold whatever they say."""
    assert len(of_packages()) > 60
    assert {s.parts[0] for s in sources()} >= {"codegen", "core", "scan_api", "tests"}


def test_a_function_has_at_most_70_lines() -> None:
    """What does not fit on a screen is two functions."""
    long = [
        f"{s.path}:{node.lineno} {node.name} has {lines} lines"
        for s in sources()
        for node in ast.walk(s.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_a_file_has_at_most_400_lines() -> None:
    """Past that it becomes a folder, split by noun."""
    long = [
        f"{s.path} has {lines} lines"
        for s in sources()
        if (lines := s.text.count("\n")) > MAX_FILE_LINES
    ]
    assert long == []


def test_a_module_is_named_after_what_is_in_it() -> None:
    """Anything fits into utils, so everything ends up there."""
    vague = [s.path for s in of_packages() if VAGUE_NAMES & set(s.parts)]
    assert vague == []


def test_every_package_is_one_that_the_rules_know() -> None:
    """A new package joins the list, and with it every rule."""
    known = {*PACKAGES, "tests"}
    strange = {s.parts[0] for s in sources() if len(s.parts) > 1} - known
    assert strange == set()


def test_a_domain_does_no_io_and_reads_no_clock() -> None:
    """Time, randomness and bytes are handed in."""
    found = []
    for s in of_packages():
        if "domain" not in s.parts:
            continue
        found += [
            f"{s.path}:{line} imports {module}"
            for line, module in imports(s)
            if within(module, IO_MODULES | OUR_IO_MODULES)
        ]
        found += [
            f"{s.path}:{node.lineno} calls {ast.unparse(node.func)}"
            for node in ast.walk(s.tree)
            if isinstance(node, ast.Call)
            and (
                (isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS)
                or (isinstance(node.func, ast.Name) and node.func.id == "open")
            )
        ]
    assert found == []


def test_a_domain_knows_domains_only() -> None:
    """What is pure rests on what is pure."""
    found = [
        f"{s.path}:{line} imports {module}"
        for s in of_packages()
        if "domain" in s.parts
        for line, module in imports(s)
        if module.split(".")[0] in PACKAGES
        and "domain" not in module.split(".")
        and not within(module, PURE_CORE)
        and module != "core"
    ]
    assert found == []


def holds_sql(source: Source) -> Iterator[str]:
    """Name the places where a file makes SQL statements or spells them out."""
    for line, module in imports(source):
        package, _, name = module.rpartition(".")
        if package.split(".")[0] == "sqlalchemy" and name in STATEMENT_MAKERS:
            yield f"{source.path}:{line} imports {module}"
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and SQL_LIKE.match(node.value)
        ):
            yield f"{source.path}:{node.lineno} {node.value.strip()[:40]!r}"


def test_sql_stands_in_stores() -> None:
    """A feature's store holds its only SQL; the few others say why."""
    found = [
        place
        for s in of_packages()
        if s.parts[0] not in {"bench", "migrations"}
        and not {"store", "tables"} & set(s.parts)
        and not s.path.startswith(tuple(SQL_ELSEWHERE))
        for place in holds_sql(s)
    ]
    assert found == []


def test_every_exception_to_the_sql_rule_is_still_one() -> None:
    """An exception that nobody needs any more is taken off the list."""
    needed = {
        prefix
        for prefix in SQL_ELSEWHERE
        for s in sources()
        if s.path.startswith(prefix) and any(holds_sql(s))
    }
    assert needed == set(SQL_ELSEWHERE)


def test_a_table_is_written_by_its_owner_only() -> None:
    """Each feature's tables are imported for writing by its own store."""
    found = []
    for s in of_packages():
        makers = {m.rpartition(".")[2] for _, m in imports(s) if "sqlalchemy" in m}
        if not makers & {"insert", "update", "delete"}:
            continue
        found += [
            f"{s.path}:{line} writes with {module}"
            for line, module in imports(s)
            if module.endswith(".tables") and module.split(".")[0] != s.parts[0]
        ]
    assert found == []


def test_a_store_never_commits() -> None:
    """Whoever calls it knows what else belongs to the transaction."""
    found = [
        f"{s.path}:{node.lineno} calls {node.func.attr}"
        for s in of_packages()
        if "store" in s.parts
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"commit", "rollback", "begin_nested"}
    ]
    assert found == []


def test_statements_are_of_sets_and_not_of_objects() -> None:
    """SQLAlchemy Core, not its ORM; what is measured against may use that."""
    found = [
        f"{s.path}:{line} imports {module}"
        for s in of_packages()
        if s.parts[0] != "bench"
        for line, module in imports(s)
        if within(module, {"sqlalchemy.orm"})
    ]
    assert found == []


@pytest.mark.parametrize("word", ["skip", "skipif", "xfail", "importorskip"])
def test_no_test_is_set_aside(word: str) -> None:
    """A test that does not run proves nothing."""
    found = [
        f"{s.path}:{node.lineno}"
        for s in sources()
        if s.parts[0] == "tests" and s.path not in MAY_SKIP
        for node in ast.walk(s.tree)
        if isinstance(node, ast.Attribute)
        and node.attr == word
        and "pytest" in ast.unparse(node)
    ]
    assert found == []


def test_no_test_patches_what_is_ours() -> None:
    """Fakes stand at ports; what is between is real."""
    found = [
        f"{s.path}:{line} imports {module}"
        for s in sources()
        if s.parts[0] == "tests"
        for line, module in imports(s)
        if within(module, {"unittest.mock", "mock", "fakeredis"})
    ]
    assert found == []


def test_nothing_names_a_place_on_one_machine() -> None:
    """What is tracked must mean the same everywhere."""
    machine = re.compile(r"(?<![\w.}-])/(work|root|home)/\w")
    registry = re.compile(
        r"py" + r"pi\.org|python" + r"hosted\.org|index" + r"-url\s*[=:]|npm" + r"js\."
    )
    found = []
    for name in tracked_files():
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}:{number}"
            for number, line in enumerate(text.splitlines(), 1)
            if machine.search(line) or registry.search(line)
        ]
    assert found == []


@pytest.mark.parametrize("name", ["requirements/run.lock", "requirements/dev.lock"])
def test_lock_files_carry_hashes_and_no_address(name: str) -> None:
    """They say what to install, and never from where."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert not re.search(r"^-(i|f|-index|-extra-index|-find-links)", text, re.MULTILINE)
