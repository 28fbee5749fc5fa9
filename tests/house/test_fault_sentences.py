"""What a fault tells a person is an entry of a catalogue, not made where it is raised.

So is what pre-flight, a check of a package, or a wrong row of a report tells.

What operators alone are told, on a terminal, stays English: by the feeder, and by what
of crowncap only commands call.
"""

import ast
from collections.abc import Iterator

import pytest

from core import errors
from tests.house.test_house_rules import ROOT

FEATURES = (
    "anti_fraud",
    "codegen",
    "console",
    "core",
    "crowncap",
    "events",
    "printer_export",
    "rewards",
    "scan_api",
)
# No request reaches these; in audit, what stands in the place of a sentence is SQL.
_ON_A_TERMINAL = {
    ROOT / "crowncap" / folder for folder in ("audit", "cli", "demo_week")
}
FAULTS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Fault)
}
# Where the sentence stands among the arguments.
_OF_FIELD = 2
_PARTS = {"Check", "FieldError", "Finding", "RowError"}
_PLACES = {"field": _OF_FIELD, "but": 0}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def made_here(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Find faults whose sentence is written, formatted or joined where they are."""
    for scope in ast.walk(tree):
        if isinstance(scope, (ast.Module, *_FUNCTIONS)):
            named = {
                target.id
                for node in ast.walk(scope)
                if isinstance(node, ast.Assign) and is_made(node.value)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(scope):
                told = sentence_of(node)
                if told is not None and (
                    is_made(told) or (isinstance(told, ast.Name) and told.id in named)
                ):
                    yield told.lineno, ast.unparse(told)


def sentence_of(node: ast.AST) -> ast.expr | None:
    """Give what a call that makes a fault, or a part of one, tells of it."""
    if not isinstance(node, ast.Call):
        return None
    place = None
    match node.func:
        case ast.Name(id=name) if name in _PARTS:
            place = _OF_FIELD
        case ast.Name(id=name) if name in FAULTS:
            place = 0
        case ast.Attribute(value=ast.Name(id=name), attr=maker) if name in FAULTS:
            place = _PLACES.get(maker)
    if place is None:
        return None
    by_name = [each.value for each in node.keywords if each.arg == "detail"]
    return next(iter([*node.args[place : place + 1], *by_name]), None)


def is_made(told: ast.expr) -> bool:
    """Tell whether an expression makes text of its own."""
    match told:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp():
            return is_made(told.left) or is_made(told.right)
        case ast.Call(func=ast.Name(id="str")):
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            return True
        case ast.IfExp():
            return is_made(told.body) or is_made(told.orelse)
    return False


@pytest.mark.parametrize("feature", FEATURES)
def test_a_fault_takes_its_sentence_from_a_catalogue(feature: str) -> None:
    """So that it is told in the reader's language."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {told}"
        for path in sorted((ROOT / feature).rglob("*.py"))
        if not _ON_A_TERMINAL & set(path.parents)
        for line, told in made_here(ast.parse(path.read_text()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "raised",
    [
        'raise NotFound("There is none.")',
        'raise Conflict(f"{name} is taken.", code="taken")',
        'raise Conflict("Taken: " + name)',
        "raise Conflict(str(fault))",
        'raise InvalidInput.field("/a", "wrong", "It is wrong.")',
        'raise UnsupportedMedia.but("Send text.", readable)',
        'FieldError("/a", "wrong", "%s is wrong." % name)',
        'FieldError("/a", "wrong", detail="It is wrong.")',
        'raise Forbidden("; ".join(told))',
        'Finding("rows", Level.OK, f"{rows} rows are right.")',
        'RowError(line, 1, "It is wrong.")',
        'told = f"{name} is wrong."\nraise InvalidInput(told)',
    ],
)
def test_a_sentence_that_is_made_where_a_fault_is_raised_is_found(raised: str) -> None:
    """In whatever way it is made."""
    assert list(made_here(ast.parse(raised)))


@pytest.mark.parametrize(
    "raised",
    [
        'raise NotFound(message("none"))',
        'raise InvalidInput.field("/a", "wrong", message("wrong"))',
        "raise InvalidInput(errors[0].detail, errors=errors)",
        "raise Conflict(fault.detail)",
        'told = message("wrong")\nraise Conflict(told, code="wrong")',
    ],
)
def test_what_is_said_from_a_catalogue_or_passed_on_is_fine(raised: str) -> None:
    """Whoever made what is passed on said it from one."""
    assert not list(made_here(ast.parse(raised)))
