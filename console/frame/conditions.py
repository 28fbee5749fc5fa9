"""A condition as rows of a form, in groups one level deep; pure.

Rows are added and taken away by buttons, so that it works without scripts. Each row
knows from when it is added which fact it is about. Deeper trees, which only programs
write, are kept as they are and not taken apart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from console.frame.messages import message
from core.conditions import FactKind
from core.conditions.reading import MAX_DEPTH
from core.conditions.trees import ORDERED_OPS
from core.errors import FieldError

Values = dict[str, str]
Kinds = Mapping[str, FactKind]
# By the names of its nodes: where in the tree which field of the form stands.
Places = dict[str, str]

MAX_GROUPS: Final = 6
MAX_ROWS: Final = 10
WORDS: Final = ("all", "any")
NOT_IN: Final = "not in"
_EQUAL: Final = ("==", "!=")
_AMONG: Final = ("in", NOT_IN)
_ROW: Final = ("fact", "op", "value")
_COMMAS: Final = re.compile("[,，、;；]")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_STEP: Final = re.compile(
    r"(add|remove)_(group|row|kept)(?:_(\d{1,2}))?(?:_(\d{1,2}))?", re.ASCII
)
_WRONG: Final = "invalid"


def ops_of(kind: FactKind) -> tuple[str, ...]:
    """List the comparisons that make sense on a kind of fact."""
    if kind is FactKind.FLAG:
        return ("==",)
    if kind is FactKind.TEXT:
        return (*_EQUAL, *_AMONG)
    return (*_EQUAL, *sorted(ORDERED_OPS), *_AMONG)


def _fields() -> Iterator[str]:
    yield from ("when_word", "when_kept")
    for g in range(MAX_GROUPS):
        yield from (f"g{g}_word", f"g{g}_add_fact")
        yield from (f"g{g}_r{r}_{n}" for r in range(MAX_ROWS) for n in _ROW)


CONDITION_FIELDS: Final = frozenset(_fields())


@dataclass(slots=True)
class Group:
    """Comparisons of which all have to hold, or any."""

    word: str
    rows: list[Values] = field(default_factory=list)


@dataclass(slots=True)
class ConditionForm:
    """All that stands in the form of a condition, as texts.

    `word` is how groups stand to each other; `kept` is a tree too deep for rows, as
    JSON, and empty where there is none.
    """

    word: str = "all"
    groups: list[Group] = field(default_factory=list)
    kept: str = ""

    def change(self, step: str, form: Mapping[str, str]) -> str | None:
        """Add a row or take one away; gives the field to go on with, None for no step.

        What is not there any more, or would be one too many, changes nothing.
        """
        found = _STEP.fullmatch(step)
        if found is None:
            return None
        verb, what = found[1], found[2]
        outer, inner = (-1 if each is None else int(each) for each in found.group(3, 4))
        if verb == "add":
            return self._add(what, outer, form)
        if what == "kept":
            self.kept = ""
        elif what == "group":
            del self.groups[outer : outer + 1]
        elif outer < len(self.groups):
            del self.groups[outer].rows[inner : inner + 1]
        return "when_word"

    def _add(self, what: str, outer: int, form: Mapping[str, str]) -> str:
        if what == "group" and len(self.groups) < MAX_GROUPS:
            self.groups.append(Group("all"))
            return f"g{len(self.groups) - 1}_add_fact"
        if what == "row" and 0 <= outer < len(self.groups):
            rows = self.groups[outer].rows
            fact = form.get(f"g{outer}_add_fact", "")
            if fact and len(rows) < MAX_ROWS:
                rows.append({"fact": fact})
            return f"g{outer}_r{len(rows) - 1}_op"
        return "when_word"

    def write(self, kinds: Kinds) -> "WrittenCondition":
        """Make the condition that the rows say."""
        if self.kept:
            return _read_kept(self.kept)
        faults: list[tuple[str, FieldError]] = []
        parts: list[Any] = []
        places: Places = {}
        for g, group in enumerate(self.groups):
            nodes = list(_write_rows(g, group, kinds, faults))
            if not nodes:
                continue
            flat = group.word == self.word or len(nodes) == 1
            base, count = f"/when/{self.word}", len(parts)
            for n, (name, _) in enumerate(nodes):
                within = f"{count + n}" if flat else f"{count}/{group.word}/{n}"
                places[f"{base}/{within}"] = name
            written = [node for _, node in nodes]
            parts += written if flat else [{group.word: written}]
        if not parts:
            return WrittenCondition(None, {}, faults)
        if len(parts) == 1:
            only = f"/when/{self.word}/0"
            alone = {f"/when{at.removeprefix(only)}": n for at, n in places.items()}
            return WrittenCondition(parts[0], alone, faults)
        return WrittenCondition({self.word: parts}, places, faults)


@dataclass(frozen=True, slots=True)
class WrittenCondition:
    """The tree of a form, None for no condition; where which field stands in it.

    `faults` are what is wrong, by field.
    """

    tree: Any
    places: Places
    faults: list[tuple[str, FieldError]]

    def field_of(self, pointer: str) -> str | None:
        """Find the field of a place in the tree, or of the nearest around it."""
        at = pointer
        while at not in self.places and at.startswith("/when/"):
            at = at.rpartition("/")[0]
        return self.places.get(at)


def read_condition_form(form: Mapping[str, str]) -> ConditionForm:
    """Take apart what a form sent; a row is there if its fact is."""

    def row(prefix: str) -> Values:
        found = {name: form.get(f"{prefix}_{name}", "").strip() for name in _ROW}
        return {name: value for name, value in found.items() if value}

    word = form.get("when_word", "")
    read = ConditionForm(word if word in WORDS else "all")
    read.kept = form.get("when_kept", "").strip()
    for g in range(MAX_GROUPS):
        inner = form.get(f"g{g}_word", "")
        if inner in WORDS:
            rows = (row(f"g{g}_r{r}") for r in range(MAX_ROWS))
            read.groups.append(Group(inner, [each for each in rows if "fact" in each]))
    return read


def is_condition(tree: Any, depth: int = MAX_DEPTH) -> bool:
    """Tell whether something has a condition's shape; what it asks may be wrong."""
    if not isinstance(tree, dict) or depth == 0:
        return False
    if set(tree) == set(_ROW):
        return isinstance(tree["fact"], str) and isinstance(tree["op"], str)
    match tree:
        case {"not": part} if len(tree) == 1:
            return is_condition(part, depth - 1)
        case {"all": [*parts]} | {"any": [*parts]} if len(tree) == 1:
            return all(is_condition(part, depth - 1) for part in parts)
    return False


def decode_condition(encoded: str) -> Any:
    """Read a condition that a form kept whole; None for what is none."""
    try:
        tree = msgspec.json.decode(encoded)
    except (msgspec.DecodeError, RecursionError):
        return None
    return tree if is_condition(tree) else None


def lay_condition_out(tree: Any) -> ConditionForm:
    """Lay a condition out in rows, or keep it whole if it goes deeper."""
    if tree is None:
        return ConditionForm()
    laid = _lay_out(tree)
    if laid is None:
        return ConditionForm(kept=msgspec.json.encode(tree).decode())
    return laid


def _lay_out(tree: Any) -> ConditionForm | None:
    word, parts = _parts(tree)
    rows = [_row(part) for part in parts]
    groups = []
    if any(rows):
        # What stands by itself is a group, whose word is that of all.
        groups.append(Group(word, [row for row in rows if row]))
    for part, row in zip(parts, rows, strict=True):
        if row is None:
            inner_word, inner = _parts(part)
            inner_rows = [_row(each) for each in inner]
            if part in inner or not all(inner_rows):
                return None
            groups.append(Group(inner_word, [each for each in inner_rows if each]))
    fits = len(groups) <= MAX_GROUPS and all(len(g.rows) <= MAX_ROWS for g in groups)
    return ConditionForm(word, groups) if fits else None


def _parts(tree: Any) -> tuple[str, Sequence[Any]]:
    if isinstance(tree, dict) and len(tree) == 1:
        ((word, parts),) = tree.items()
        if word in WORDS:
            return word, parts
    return "all", [tree]


def _row(node: Any) -> Values | None:
    """Read one comparison, or one that is negated and has a word for it."""
    if not isinstance(node, dict):
        return None
    op = node.get("op")
    if set(node) == {"not"}:
        node = node["not"]
        if not isinstance(node, dict) or node.get("op") != "in":
            return None
        op = NOT_IN
    if set(node) != {"fact", "op", "value"}:
        return None
    value = node["value"]
    shown = ", ".join(map(_show, value)) if isinstance(value, list) else _show(value)
    return {"fact": node["fact"], "op": str(op), "value": shown}


def _show(value: Any) -> str:
    return f"{value}".lower() if isinstance(value, bool) else f"{value}"


def _read_kept(kept: str) -> WrittenCondition:
    tree = decode_condition(kept)
    if tree is None:
        told = FieldError("/when", _WRONG, message("condition_lost"))
        return WrittenCondition(None, {}, [("when_word", told)])
    return WrittenCondition(tree, {"/when": "when_word"}, [])


def _write_rows(
    g: int, group: Group, kinds: Kinds, faults: list[tuple[str, FieldError]]
) -> Iterator[tuple[str, Any]]:
    for r, row in enumerate(group.rows):
        name = f"g{g}_r{r}_value"
        kind = kinds.get(row["fact"], FactKind.TEXT)
        op = row.get("op", "==")
        texts = [row.get("value", "")]
        if op in _AMONG:
            texts = [each.strip() for each in _COMMAS.split(texts[0])]
        values = []
        for text in filter(None, texts):
            value = _read_value(text, kind)
            if value is None:
                told = message("no_number", given=text[:20])
                faults.append((name, FieldError(name, _WRONG, told)))
            values.append(value)
        if not values:
            told = message("condition_lacks_value")
            faults.append((name, FieldError(name, "required", told)))
        node = {
            "fact": row["fact"],
            "op": "in" if op == NOT_IN else op,
            "value": values if op in _AMONG else (values or [None])[0],
        }
        yield name, {"not": node} if op == NOT_IN else node


def _read_value(text: str, kind: FactKind) -> Any:
    if kind is FactKind.FLAG:
        return text == "true"
    if kind is FactKind.TEXT:
        return text
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)
