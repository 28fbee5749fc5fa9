"""A campaign's condition as rows of a form, in groups one level deep; pure.

Deeper trees, which only programs write, are kept as they are and not taken apart.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from console.frame.messages import message
from console.marketing.building.drafts import Draft, Group, Values
from core.conditions import FactKind
from core.conditions.trees import ORDERED_OPS
from core.errors import FieldError
from rewards.domain.claim_facts import CLAIM_FACT_KINDS

Kinds = Mapping[str, FactKind]
# By the names of its nodes: where in the tree which field of the form stands.
Places = dict[str, str]

# What campaigns may ask of a claim, as whoever decides knows it.
FACTS: Final[Kinds] = CLAIM_FACT_KINDS
NOT_IN: Final = "not in"
_EQUAL: Final = ("==", "!=")
_AMONG: Final = ("in", NOT_IN)
_COMMAS: Final = re.compile("[,，、;；]")
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_WRONG: Final = "invalid"


def ops_of(kind: FactKind) -> tuple[str, ...]:
    """List the comparisons that make sense on a kind of fact."""
    if kind is FactKind.FLAG:
        return ("==",)
    if kind is FactKind.TEXT:
        return (*_EQUAL, *_AMONG)
    return (*_EQUAL, *sorted(ORDERED_OPS), *_AMONG)


def put_condition(draft: Draft, tree: Any) -> None:
    """Lay a condition out in a draft's rows, or keep it whole if it goes deeper."""
    if tree is None:
        return
    laid = _lay_out(tree)
    if laid is None:
        draft.values["when_kept"] = msgspec.json.encode(tree).decode()
    else:
        draft.values["when_word"], draft.groups = laid


def _lay_out(tree: Any) -> tuple[str, list[Group]] | None:
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
    return word, groups


def _parts(tree: Any) -> tuple[str, Sequence[Any]]:
    if isinstance(tree, dict) and len(tree) == 1:
        ((word, parts),) = tree.items()
        if word in {"all", "any"}:
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


def write_condition(
    draft: Draft, kinds: Kinds
) -> tuple[Any, Places, list[tuple[str, FieldError]]]:
    """Make the condition of a draft's rows; None where there are none.

    Gives with it where the fields stand in it, and what is wrong, by field.
    """
    kept = draft.get("when_kept")
    if kept:
        return _read_kept(kept)
    word = draft.get("when_word") or "all"
    faults: list[tuple[str, FieldError]] = []
    parts: list[Any] = []
    places: Places = {}
    for g, group in enumerate(draft.groups):
        nodes = list(_write_rows(g, group, kinds, faults))
        if not nodes:
            continue
        flat = group.word == word or len(nodes) == 1
        base, count = f"/when/{word}", len(parts)
        for n, (field, _) in enumerate(nodes):
            within = f"{count + n}" if flat else f"{count}/{group.word}/{n}"
            places[f"{base}/{within}"] = field
        written = [node for _, node in nodes]
        parts += written if flat else [{group.word: written}]
    if not parts:
        return None, {}, faults
    if len(parts) == 1:
        only = f"/when/{word}/0"
        return (
            parts[0],
            {f"/when{at.removeprefix(only)}": field for at, field in places.items()},
            faults,
        )
    return {word: parts}, places, faults


def _read_kept(kept: str) -> tuple[Any, Places, list[tuple[str, FieldError]]]:
    try:
        return msgspec.json.decode(kept), {"/when": "when_word"}, []
    except msgspec.DecodeError:
        told = FieldError("/when", _WRONG, message("condition_lost"))
        return None, {}, [("when_word", told)]


def _write_rows(
    g: int, group: Group, kinds: Kinds, faults: list[tuple[str, FieldError]]
) -> Iterator[tuple[str, Any]]:
    for r, row in enumerate(group.rows):
        field = f"g{g}_r{r}_value"
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
                faults.append((field, FieldError(field, _WRONG, told)))
            values.append(value)
        if not values:
            told = message("condition_lacks_value")
            faults.append((field, FieldError(field, "required", told)))
        node = {
            "fact": row["fact"],
            "op": "in" if op == NOT_IN else op,
            "value": values if op in _AMONG else (values or [None])[0],
        }
        yield field, {"not": node} if op == NOT_IN else node


def _read_value(text: str, kind: FactKind) -> Any:
    if kind is FactKind.FLAG:
        return text == "true"
    if kind is FactKind.TEXT:
        return text
    if not _NUMBER.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)
