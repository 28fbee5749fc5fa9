"""What the documentation names must exist; what must be documented is."""

import re
from functools import cache
from pathlib import Path

import click
import prometheus_client.metrics
import pytest

import anti_fraud.store.incidents
import core.auth.refusals
import scan_api.pipeline.metrics
from crowncap.cli import cli

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[\s/(])crowncap((?: +[a-z][a-z-]*)+)")
# PostgreSQL and Prometheus spell series with these endings.
ENDINGS = ("_total", "_bucket", "_count", "_sum")
INVARIANTS = range(1, 15)


def name_of(path: Path) -> str:
    """Name a document within the project."""
    return path.relative_to(ROOT).as_posix()


@cache
def code_in(path: Path) -> tuple[str, ...]:
    """Give what stands in code blocks, indented blocks and code spans."""
    text = path.read_text(encoding="utf-8")
    found = [block or span for block, span in CODE.findall(text)]
    return (*found, *(line[4:] for line in text.splitlines() if line[:4] == "    "))


def anchors_in(path: Path) -> set[str]:
    """Give the anchors that a renderer makes of a document's headings."""
    text = FENCED.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Relative links name files that exist, and headings within them."""
    broken = []
    for target in LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        if "://" in target or target.startswith("mailto:"):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and anchor not in anchors_in(found)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_command_that_is_named_exists(path: Path) -> None:
    """`crowncap …` is looked up in the command line's own tree."""
    unknown = []
    for text in code_in(path):
        for words in COMMAND.findall(text):
            node: click.Command | None = cli
            for word in words.split():
                if not isinstance(node, click.Group):
                    break
                node = node.get_command(click.Context(node), word)
                if node is None:
                    unknown.append(words.strip())
    assert unknown == []


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_option_that_is_named_exists(path: Path) -> None:
    """A line that calls a command uses options which that command has."""
    unknown = []
    for text in code_in(path):
        for line in re.sub(r"\\\n", " ", text).splitlines():
            match = COMMAND.search(line)
            if match is None:
                continue
            node: click.Command = cli
            for word in match[1].split():
                if isinstance(node, click.Group):
                    node = node.get_command(click.Context(node), word) or node
            known = {name for p in node.params for name in p.opts} | {"--help"}
            rest = re.split(r"[|;)#]|&&", line[match.end() :])[0]
            unknown += [
                f"{match[0].strip()} {option}"
                for option in re.findall(r"(?<!\S)--[a-z-]+", rest)
                if option not in known
            ]
    assert unknown == []


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    """`make …` is looked up in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for text in code_in(path)
        for target in re.findall(r"(?:^|\s)make ([a-z]+)", text, re.MULTILINE)
    }
    assert named <= targets


def test_the_readme_asks_for_two_commands() -> None:
    """A newcomer runs one and then the other; CI runs the second."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    asked = re.findall(r"^ {4}(make \w+)", readme, re.MULTILINE)
    assert asked == ["make run", "make test"]
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_environment_is_documented_whole_and_no_more() -> None:
    """Each variable of core/settings.py has a row in operations, and the reverse."""
    settings = (ROOT / "core" / "settings.py").read_text(encoding="utf-8")
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    read = set(re.findall(r"environ\.get\(\s*\"(CROWNCAP_[A-Z_]+)\"", settings))
    rows = set(re.findall(r"^\| `(CROWNCAP_[A-Z_]+)` \|", operations, re.MULTILINE))
    assert read
    assert rows == read


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_no_document_names_a_variable_that_nothing_reads(path: Path) -> None:
    """A variable of a dream is worse than none."""
    settings = (ROOT / "core" / "settings.py").read_text(encoding="utf-8")
    named = re.findall(r"(?<!_)CROWNCAP_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    assert [name for name in named if name not in settings] == []


def metric_names() -> set[str]:
    """Name every metric as it is shown on /metrics."""
    kinds = prometheus_client.metrics.MetricWrapperBase
    modules = (
        scan_api.pipeline.metrics,
        core.auth.refusals,
        anti_fraud.store.incidents,
    )
    members = (member for module in modules for member in vars(module).values())
    found = (m for m in members if isinstance(m, kinds))
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for metric in found
        for family in metric.describe()
    }


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_metric_that_is_named_exists(path: Path) -> None:
    """Whoever copies an alert from the docs watches something."""
    named = re.findall(r"\bcrowncap_[a-z_]*[a-z]", path.read_text(encoding="utf-8"))
    series = metric_names()
    series |= {name + ending for name in series for ending in ENDINGS}
    assert [name for name in named if name not in series] == []


def test_every_metric_is_documented() -> None:
    """What is counted, somebody should know how to read."""
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in metric_names() if f"`{name}`" not in operations] == []


def test_every_invariant_has_its_section() -> None:
    """All of them, in order, each with what enforces it or that nothing does yet."""
    text = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert [int(s.partition(".")[0]) for s in sections] == list(INVARIANTS)
    silent = [
        s.partition("\n")[0]
        for s in sections
        if "**Not yet" not in s
        and not ("**Enforced by**" in s and "**Audit**" in s and "**Tests**" in s)
    ]
    assert silent == []


def test_every_check_of_the_audit_is_under_its_invariant() -> None:
    """docs/invariants.md says the very sentence that `crowncap audit` prints."""
    files = (ROOT / "crowncap" / "audit").glob("*.py")
    audit = "".join(file.read_text(encoding="utf-8") for file in files)
    checks = re.findall(r"(?:Check|Finding)\(\s*(\d+),\s*\"([^\"]+)\"", audit)
    assert len(checks) > 12
    text = (ROOT / "docs" / "invariants.md").read_text(encoding="utf-8")
    sections = {
        int(s.partition(".")[0]): " ".join(s.split())
        for s in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    }
    missing = [f"{n}: {said}" for n, said in checks if said not in sections[int(n)]]
    assert missing == []


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_file_and_test_that_is_named_exists(path: Path) -> None:
    """`tests/file.py::name` and `folder/file.py` are looked up."""
    missing = []
    for text in code_in(path):
        for file, test in re.findall(r"^(\w+(?:/[\w.]+)+\.\w+)(?:::(\w+))?$", text):
            found = ROOT / file
            if file == "docs/performance.md":  # written when benches have run
                continue
            if file.startswith(("data/", "samples/")):  # within a package of codes
                continue
            if file.startswith("keys/"):  # tests/acceptance/test_backup.py has them
                continue
            if not found.is_file() or (
                test and f"def {test}(" not in found.read_text()
            ):
                missing.append(f"{file}::{test}")
    assert missing == []


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_every_python_name_that_is_named_exists(path: Path) -> None:
    """`package.module.name` and `package.module` are looked up in the source."""
    tops = "anti_fraud|codegen|core|crowncap|feeder|printer_export|rewards|scan_api"
    missing = []
    for text in code_in(path):
        match = re.fullmatch(rf"((?:{tops})(?:\.\w+)+)(?:\(\))?", text)
        if match and not _is_defined(match[1].split(".")):
            missing.append(match[1])
    assert missing == []


def _is_defined(parts: list[str]) -> bool:
    """Walk down folders and files; what is left must be named in the file."""
    place = ROOT
    for at, part in enumerate(parts):
        if (place / part).is_dir():
            place /= part
            continue
        file = place / f"{part}.py"
        left = parts[at + 1 :]
        if not file.is_file():
            file, left = place / "__init__.py", parts[at:]
        return file.is_file() and all(
            re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")) for name in left
        )
    return True


def test_every_decision_has_a_number_of_its_own() -> None:
    """Or "decision 35" would name two."""
    names = [path.name for path in sorted((ROOT / "docs/decisions").glob("*.md"))]
    numbers = [name.partition("-")[0] for name in names]
    assert len(numbers) == len(set(numbers)), names
    for name, number in zip(names, numbers, strict=True):
        text = (ROOT / "docs/decisions" / name).read_text(encoding="utf-8")
        assert text.startswith(f"# {int(number)}. "), name
