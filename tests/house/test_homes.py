"""Where a thing lives: a constant in one module, a feature within its contracts."""

import ast
import tomllib
from collections.abc import Iterator

from tests.house.test_house_rules import PACKAGES, ROOT, Source, of_packages


def constants(source: Source) -> Iterator[tuple[str, str]]:
    """Name each number and text that a module names for all, with its value."""
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            name, value = node.targets[0], node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            name, value = node.target, node.value
        else:
            continue
        if (
            isinstance(name, ast.Name)
            and name.id.isupper()
            and not name.id.startswith("_")
            and isinstance(value, ast.Constant | ast.BinOp)
        ):
            yield name.id, ast.unparse(value)


def test_a_constant_has_one_home_in_its_feature() -> None:
    """One that is written twice is changed once; a module's own begins with _."""
    homes: dict[tuple[str, str, str], list[str]] = {}
    for s in of_packages():
        if s.parts[0] not in {"bench", "migrations"}:
            for name, value in constants(s):
                homes.setdefault((s.parts[0], name, value), []).append(s.path)
    assert len(homes) > 100
    assert {name: at for (_, name, _), at in homes.items() if len(at) > 1} == {}


def test_contracts_of_imports_know_every_feature() -> None:
    """A feature that they do not name could import what it likes."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    linter = rules["tool"]["importlinter"]
    assert set(linter["root_packages"]) == set(PACKAGES)
    by_name = {each["name"]: each for each in linter["contracts"]}
    no_sql = by_name["Who answers HTTP leaves SQL to pipelines"]
    commands = by_name["Commands and the console call pipelines, and no route"]
    exhaustive = {
        container
        for each in linter["contracts"]
        if each.get("exhaustive")
        for container in each["containers"]
    }
    features = {s.parts[0] for s in of_packages() if s.parts[1] == "domain"}
    assert len(features) > 4
    for feature in sorted(features):
        assert feature in exhaustive
        assert {f"{feature}.store", f"{feature}.tables"} <= set(
            no_sql["forbidden_modules"]
        )
        if (ROOT / feature / "routes").is_dir():
            assert f"{feature}.routes" in no_sql["source_modules"]
            assert f"{feature}.routes" in commands["forbidden_modules"]
