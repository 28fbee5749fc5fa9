"""JSON that comes in: read strictly, and told in the caller's own names when wrong.

A name that nobody knows is refused (RFC 9413 says why: what is passed over in silence
can never be given a meaning), and so is a name that is given twice (RFC 7493, section
2.3), of which two readers could take different ones.
"""

import json
import re
from collections.abc import Collection, Hashable, Iterable, Iterator
from difflib import get_close_matches
from functools import cache, reduce
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar, cast

import msgspec
from msgspec import inspect as kinds

from core.bounds import MAX_FAULTS
from core.errors import FieldError, InvalidInput, Unparsable
from core.messages import Message
from core.sentences import message

T = TypeVar("T")

_Kind = kinds.Type
# Enough to take an s too many, two letters swapped, a word left out.
_LIKENESS: Final = 0.6
_SHOWN: Final = 40
_KINDS: Final = {
    "int": message("a_whole_number"),
    "float": message("a_fraction"),
    "str": message("a_text"),
    "bool": message("true_or_false"),
    "array": message("a_list"),
    "object": message("an_object"),
}
_BODY: Final = message("the_body")
_HALF: Final = re.compile("[\ud800-\udfff]")
_TYPES = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_LENGTH = re.compile(r"Expected `(\w+)` of length (>=|<=|==) (\d+)")
_BOUND = re.compile(r"Expected `[^`]+` (>=|<=|>|<) (-?[\d.]+(?:e[+-]?\d+)?)")
_MISSING = re.compile(r"missing required field `(.*)`")
_ENUM = re.compile(r"Invalid enum value (.*)", re.DOTALL)
# A whole number would do as well.
_WANTED: Final = _KINDS | {"float": message("a_number")}
# By how msgspec names them.
_FORMS: Final = {
    "encoded datetime": message("a_time"),
    "encoded date": message("a_day"),
    "UUID": "UUID",
}
_LIMITS: Final = {
    ">=": message("not_below"),
    "<=": message("not_above"),
    ">": message("above"),
    "<": message("below"),
}
_LENGTHS: Final = {
    ">=": message("at_least"),
    "<=": message("at_most"),
    "==": message("exactly"),
}


def read_body(content: bytes, kind: type[T]) -> T:
    """Read JSON as a kind of value; raises Unparsable, and InvalidInput by field."""
    return take_fields(parse_json(content), kind)


def parse_json(content: bytes) -> Any:
    """Parse JSON in UTF-8; raises Unparsable for whatever is not quite that."""
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_each_name_once,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as fault:
        detail = message("body_not_utf8", place=fault.start + 1)
    except json.JSONDecodeError as fault:
        detail = message("body_not_json", line=fault.lineno, column=fault.colno)
    except RecursionError:
        detail = message("body_too_deep")
    except ValueError:
        # Python reads no number of thousands of digits.
        detail = message("too_many_digits")
    raise Unparsable(detail)


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(
            message("given_twice", name=twice[:_SHOWN], times=names.count(twice)),
            code="given_twice",
        )
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Unparsable(message("not_a_value_of_json", given=name))


def take_fields(value: Any, kind: type[T]) -> T:
    """Make a kind of value of parsed JSON; raises InvalidInput naming each field."""
    strange = find_unknown(value, _kind_of(cast("Hashable", kind)))
    unknown = tuple(islice(strange, MAX_FAULTS))
    if unknown:
        raise InvalidInput(unknown[0].detail, code="unknown_field", errors=unknown)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as fault:
        said, _, path = str(fault).partition(" - at `$")
        error = tell_wrong(said, path.removesuffix("`"), kind)
        raise InvalidInput(error.detail, errors=(error,)) from None
    except UnicodeEncodeError:
        # Wherever it wants anything but text, msgspec stumbles over half a character.
        halves = tuple(islice(_find_halves(value), MAX_FAULTS))
        raise InvalidInput(halves[0].detail, errors=halves) from None


def _find_halves(value: Any, pointer: str = "") -> Iterator[FieldError]:
    """Tell each text with half of a surrogate pair, which no UTF-8 can hold."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _find_halves(inner, f"{pointer}/{escape(name)}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _find_halves(inner, f"{pointer}/{place}")
    elif isinstance(value, str) and _HALF.search(value):
        name = pointer.removeprefix("/").replace("/", ".") or _BODY
        yield FieldError(pointer, "invalid", message("half_a_character", name=name))


def find_unknown(value: Any, kind: _Kind, pointer: str = "") -> Iterator[FieldError]:
    """Tell each name that a kind of value does not have, at any depth."""
    for each in _alternatives(kind):
        if isinstance(value, dict) and isinstance(
            each, kinds.StructType | kinds.DataclassType
        ):
            parts = {part.encode_name: part.type for part in each.fields}
            for name, inner in value.items():
                if name in parts:
                    yield from find_unknown(inner, parts[name], f"{pointer}/{name}")
                else:
                    yield unknown_field(f"{pointer}/{escape(name)}", name, parts)
        elif isinstance(value, list) and isinstance(
            each, kinds.VarTupleType | kinds.ListType
        ):
            for place, inner in enumerate(value):
                yield from find_unknown(inner, each.item_type, f"{pointer}/{place}")


def check_names(
    given: Iterable[tuple[str, object]], known: Collection[str] | None
) -> None:
    """Refuse a field of a form or an address that comes twice, or is not `known`.

    None knows every name.
    """
    names = [name for name, _ in given]
    errors = []
    for name in dict.fromkeys(names):
        pointer = f"/{escape(name)}"
        if known is not None and name not in known:
            errors.append(unknown_field(pointer, name, known))
        elif names.count(name) > 1:
            times = names.count(name)
            detail = message("given_twice", name=name[:_SHOWN], times=times)
            errors.append(FieldError(pointer, "given_twice", detail))
    if errors:
        raise InvalidInput(
            errors[0].detail, code=errors[0].code, errors=tuple(errors[:MAX_FAULTS])
        )


def unknown_field(pointer: str, name: str, known: Collection[str]) -> FieldError:
    """Say that there is no such name, and which one is like it."""
    nearest, given = nearest_of(name, known), name[:_SHOWN]
    if nearest:
        detail = message("unknown_name_meant", given=given, nearest=nearest)
    elif known:
        names = ", ".join(sorted(known))
        detail = message("unknown_name", given=given, known=names)
    else:
        detail = message("no_names", given=given)
    return FieldError(pointer, "unknown_field", detail, nearest)


def nearest_of(given: str, known: Iterable[str]) -> str | None:
    """Pick what somebody may have meant; None if nothing is like it."""
    close = get_close_matches(given[:_SHOWN].lower(), known, n=1, cutoff=_LIKENESS)
    return close[0] if close else None


def tell_wrong(said: str, path: str, kind: Any, *, name: str = "") -> FieldError:
    """Put what msgspec says of a wrong field into words of its sender.

    `path` is dotted, as in `units[0].name`, and empty for the whole value, which is
    told by its `name`.
    """
    parts = [p for p in path.replace("[", ".").replace("]", "").split(".") if p]
    missing = _MISSING.search(said)
    if missing:
        parts.append(missing[1])
    pointer = "".join(f"/{part}" for part in parts)
    if missing:
        return FieldError(pointer, "required", message("missing", name=missing[1]))
    found = list(_kinds_at(_kind_of(kind), parts))
    name = ".".join(parts) or name or _BODY
    if match := _ENUM.search(said):
        return _word_choice(pointer, name, match[1].strip("'"), found)
    return FieldError(pointer, "invalid", _word(said, name, found))


def _word(said: str, name: str, found: list[_Kind]) -> Message:
    """Word for people what msgspec says."""
    if match := _TYPES.search(said):
        kinds = [_WANTED.get(k, k) for k in match[1].split(" | ") if k != "null"]
        wanted = reduce(_either, kinds) if kinds else "null"
        got = _KINDS.get(match[2], match[2])
        return message("wrong_type", name=name, wanted=wanted, got=got)
    if match := _LENGTH.search(said):
        limit, count = _LENGTHS[match[2]], int(match[3])
        return message(
            "list_length" if match[1] == "array" else "text_length",
            name=name,
            limit=limit,
            count=count,
        )
    if match := _BOUND.search(said):
        limit = _LIMITS[match[1]]
        return message("out_of_bounds", name=name, limit=limit, bound=match[2])
    for form, wanted in _FORMS.items():
        if form in said:
            return message("wrong_form", name=name, wanted=wanted)
    examples = [example for each in found for example in _examples_of(each)]
    if examples:
        return message("wrong_pattern", name=name, example=examples[0])
    return message("unreadable", name=name)


def _either(one: str, other: str) -> Message:
    return message("either", one=one, other=other)


def _word_choice(pointer: str, name: str, given: str, found: list[_Kind]) -> FieldError:
    choices = [choice for each in found for choice in _choices_of(each)]
    detail = message(
        "not_a_choice", name=name, given=given[:_SHOWN], choices=", ".join(choices)
    )
    return FieldError(pointer, "invalid", detail, nearest_of(given, choices))


def _choices_of(kind: _Kind) -> list[str]:
    if isinstance(kind, kinds.EnumType):
        return [str(member.value) for member in kind.cls]
    if isinstance(kind, kinds.LiteralType):
        return [str(value) for value in kind.values]
    return []


def _examples_of(kind: _Kind) -> list[Any]:
    if isinstance(kind, kinds.Metadata):
        return list((kind.extra_json_schema or {}).get("examples", ()))
    return []


def _kinds_at(kind: _Kind, parts: list[str]) -> Iterator[_Kind]:
    """Find what may stand at a place of a kind of value."""
    if isinstance(kind, kinds.Metadata):
        if not parts:
            yield kind
        yield from _kinds_at(kind.type, parts)
        return
    if isinstance(kind, kinds.UnionType):
        for each in kind.types:
            yield from _kinds_at(each, parts)
        return
    if not parts:
        yield kind
    elif isinstance(kind, kinds.VarTupleType | kinds.ListType):
        yield from _kinds_at(kind.item_type, parts[1:])
    elif isinstance(kind, kinds.StructType | kinds.DataclassType):
        for part in kind.fields:
            if part.encode_name == parts[0]:
                yield from _kinds_at(part.type, parts[1:])


def _alternatives(kind: _Kind) -> Iterator[_Kind]:
    """Give a kind of value, or each that a union has, without what is said of it."""
    if isinstance(kind, kinds.Metadata):
        yield from _alternatives(kind.type)
    elif isinstance(kind, kinds.UnionType):
        for each in kind.types:
            yield from _alternatives(each)
    else:
        yield kind


@cache
def _kind_of(kind: Hashable) -> _Kind:
    return kinds.type_info(kind)


def escape(name: str) -> str:
    """Write a name as a part of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")
