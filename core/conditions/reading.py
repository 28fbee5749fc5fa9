"""Read what people write as JSON data, strictly: a mistake is named with its place.

Each reader raises InvalidInput for a field, by its JSON pointer (RFC 6901).
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final

from core.bodies import escape, unknown_field
from core.conditions.messages import message
from core.conditions.trees import (
    OPS,
    ORDERED_OPS,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    FactKind,
    Negation,
)
from core.errors import InvalidInput
from core.messages import Message

Kinds = Mapping[str, FactKind]

INVALID: Final = "invalid"
MAX_DEPTH: Final = 8
_SHOWN: Final = 40
_TOLD_KINDS: Final = {
    FactKind.NUMBER: message("a_number"),
    FactKind.FLAG: message("a_flag"),
    FactKind.TEXT: message("a_text"),
}


def read_condition(
    value: Any, pointer: str, kinds: Kinds, *, depth: int = 1
) -> Condition:
    """Read a condition tree over facts of these kinds, given what JSON decodes to."""
    if depth > MAX_DEPTH:
        raise wrong(pointer, message("too_deep", most=MAX_DEPTH))
    if isinstance(value, dict) and len(value) == 1:
        ((word, part),) = value.items()
        if word == "not":
            return Negation(
                read_condition(part, f"{pointer}/not", kinds, depth=depth + 1)
            )
        if word in {"all", "any"}:
            if not isinstance(part, list) or not part:
                raise wrong(
                    f"{pointer}/{word}", message("conditions_needed", word=word)
                )
            parts = tuple(
                read_condition(
                    item, f"{pointer}/{word}/{index}", kinds, depth=depth + 1
                )
                for index, item in enumerate(part)
            )
            return AllOf(parts) if word == "all" else AnyOf(parts)
    return _comparison(
        read_object(value, pointer, {"fact", "op", "value"}), pointer, kinds
    )


def _comparison(fields: Mapping[str, Any], pointer: str, kinds: Kinds) -> Comparison:
    fact = read_text(fields["fact"], f"{pointer}/fact")
    kind = kinds.get(fact)
    if kind is None:
        raise wrong(
            f"{pointer}/fact",
            message("no_fact", given=fact, known=", ".join(sorted(kinds))),
        )
    op = read_text(fields["op"], f"{pointer}/op")
    if op not in OPS:
        raise wrong(
            f"{pointer}/op",
            message("no_comparison", given=op, known=", ".join(sorted(OPS))),
        )
    if op in ORDERED_OPS and kind is not FactKind.NUMBER:
        raise wrong(
            f"{pointer}/op", message("no_order", fact=fact, kind=_TOLD_KINDS[kind])
        )
    value = fields["value"]
    if op == "in":
        if not isinstance(value, list) or not value:
            raise wrong(f"{pointer}/value", message("values_needed"))
        for index, item in enumerate(value):
            _operand(item, f"{pointer}/value/{index}", fact, kind)
        return Comparison(fact, op, tuple(value))
    _operand(value, f"{pointer}/value", fact, kind)
    return Comparison(fact, op, value)


def _operand(value: Any, pointer: str, fact: str, kind: FactKind) -> None:
    # A bool is an int to Python, and JSON readers may let NaN through.
    fits = {
        FactKind.FLAG: isinstance(value, bool),
        FactKind.TEXT: isinstance(value, str),
        FactKind.NUMBER: isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < math.inf,
    }
    if not fits[kind]:
        raise wrong(
            pointer,
            message(
                "value_of_other_kind",
                fact=fact,
                kind=_TOLD_KINDS[kind],
                given=shown(value),
            ),
        )


def read_object(
    value: Any,
    pointer: str,
    names: set[str] | frozenset[str],
    optional: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return a JSON object that has exactly these members, and maybe the optional."""
    if not isinstance(value, dict):
        raise wrong(pointer, message("object_needed", names=", ".join(sorted(names))))
    if missing := sorted(names - value.keys()):
        raise wrong(pointer, message("members_missing", names=", ".join(missing)))
    known = names | optional
    errors = tuple(
        [
            unknown_field(f"{pointer}/{escape(name)}", name, known)
            for name in sorted(map(str, value.keys() - known))
        ]
    )
    if errors:
        raise InvalidInput(errors[0].detail, code=errors[0].code, errors=errors)
    return value


def read_whole_number(value: Any, pointer: str, least: int, most: int) -> int:
    """Return a whole number between two others, both included."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(pointer, message("whole_number_needed", given=shown(value)))
    if not least <= value <= most:
        raise wrong(
            pointer, message("number_outside", least=least, most=most, given=value)
        )
    return value


def read_text(value: Any, pointer: str) -> str:
    """Return text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(pointer, message("text_needed"))
    return value


def shown(value: Any) -> str:
    """Show a value as it stands in JSON."""
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]


def wrong(pointer: str, detail: Message) -> InvalidInput:
    """Make the fault for one field, to be raised."""
    return InvalidInput.field(pointer, INVALID, detail)
