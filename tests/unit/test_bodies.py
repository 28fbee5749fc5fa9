"""JSON that comes in is read strictly, and told in its sender's names when wrong."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import pytest

from core.bodies import check_names, nearest_of, read_body
from core.errors import InvalidInput, Unparsable
from core.messages import say


class Colour(StrEnum):
    """What a cap may be."""

    GREEN = "green"
    WHITE = "white"


class Part(msgspec.Struct, kw_only=True):
    """Some of an order."""

    from_index: int
    to_index: int | None = None


class Order(msgspec.Struct, kw_only=True):
    """What is read here."""

    quantity: Annotated[int, msgspec.Meta(ge=1, le=9)]
    weight: float | None = None
    colour: Colour | None = None
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=3)] | None = None
    area: (
        Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z", examples=["CN"])] | None
    ) = None
    day: date | None = None
    at: datetime | None = None
    parts: tuple[Part, ...] = ()


def refusal(content: str) -> InvalidInput:
    """Read an order that is wrong; gives what is said of it."""
    with pytest.raises(InvalidInput) as caught:
        read_body(content.encode(), Order)
    return caught.value


def test_a_right_body_is_read() -> None:
    order = read_body(b'{"quantity": 2, "parts": [{"from_index": 0}]}', Order)
    assert order == Order(quantity=2, parts=(Part(from_index=0),))


def test_every_unknown_name_is_told_with_the_nearest_known_one() -> None:
    """At any depth, by pointer, and before anything else that is wrong."""
    fault = refusal(
        '{"quantty": 2, "a/b~": 1, "parts": [{"from_index": 0}, {"from_indx": 5}]}'
    )
    assert fault.code == "unknown_field"
    assert [(e.pointer, e.code, e.did_you_mean) for e in fault.errors] == [
        ("/quantty", "unknown_field", "quantity"),
        ("/a~1b~0", "unknown_field", None),
        ("/parts/1/from_indx", "unknown_field", "from_index"),
    ]
    assert "did you mean quantity?" in fault.detail


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("quantity", '"2"', "send a whole number, not text."),
        ("quantity", "2.5", "send a whole number, not a number with a fraction."),
        ("quantity", "true", "send a whole number, not true or false."),
        ("quantity", "0", "it is at least 1."),
        ("quantity", "10", "it is at most 9."),
        ("weight", "[]", "send a number, not a list."),
        ("colour", '"gren"', "'gren' is not one of: green, white."),
        ("name", '""', "it has at least 1 characters."),
        ("name", '"abcd"', "it has at most 3 characters."),
        ("area", '"cn"', "it is not written as it has to be, like CN."),
        ("area", '"CN\\n"', "it is not written as it has to be, like CN."),
        ("day", '"1.5.2026"', "it is not a day, like 2026-05-01."),
        (
            "at",
            '"today"',
            "it is not a time with its offset, like 2026-05-01T08:00:00Z.",
        ),
        ("parts", "{}", "send a list, not an object with named fields."),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(
    field: str, value: str, said: str
) -> None:
    """None of them names a type of Python's."""
    told = {"quantity": "1"} | {field: value}
    content = ", ".join(f'"{name}": {text}' for name, text in told.items())
    fault = refusal(f"{{{content}}}")
    assert [(e.pointer, e.code) for e in fault.errors] == [(f"/{field}", "invalid")]
    assert fault.detail == f"{field}: {said}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"quantity": []}', "quantity：应为整数，不是列表。"),
        ('{"quantity": 10}', "quantity：应不大于 9。"),
        ('{"quantity": 1, "name": ""}', "name：应有至少 1 个字符。"),
        (
            '{"quantity": 1, "day": "1.5."}',
            "day：应为日期，例如 2026-05-01。",
        ),
        (
            '{"quantity": 1, "colour": "红"}',
            "colour：没有 '红'；可选的有：green, white。",
        ),
        ('{"quantty": 1}', "这里没有 'quantty'；是不是 quantity？"),
        ('{"quantity": 1, "quantity": 1}', "'quantity' 写了 2 次；请只写一次。"),
        ("{}", "缺少 quantity。"),
    ],
)
def test_what_is_wrong_is_told_in_chinese_too(content: str, said: str) -> None:
    """To whoever reads it on a page."""
    assert say("zh", refusal(content).detail) == said


def test_what_is_missing_is_pointed_at_where_it_should_be() -> None:
    fault = refusal('{"quantity": 1, "parts": [{"to_index": 1}]}')
    assert fault.errors[0].pointer == "/parts/0/from_index"
    assert fault.errors[0].code == "required"


def test_a_name_that_comes_twice_is_refused() -> None:
    assert refusal('{"quantity": 1, "quantity": 2}').code == "given_twice"
    with pytest.raises(InvalidInput) as caught:
        check_names([("limit", "1"), ("limit", "2")], {"limit"})
    assert caught.value.errors[0].pointer == "/limit"


def test_a_form_may_have_names_that_are_known_only() -> None:
    check_names([("reason", "torn")], ("reason", "token"))
    check_names([("utm_source", "x")], None)
    with pytest.raises(InvalidInput) as caught:
        check_names([("reasn", "torn")], ("reason", "token"))
    assert caught.value.errors[0].did_you_mean == "reason"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe{\x00}\x00",
        "{}".encode("utf-16"),
        b'{"quantity": NaN}',
        b'{"quantity": -Infinity}',
        b'{"quantity": ' + b"9" * 5_000 + b"}",
        b"[" * 200_000,
        b'{"quantity": 1, "parts": ' + b"[" * 200_000,
        b'{"a":' * 100_000,
        b"{'quantity': 1}",
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_not_json_is_told_as_that(content: bytes) -> None:
    """However deep, however long; a fault of the sender's, never of ours."""
    with pytest.raises(Unparsable):
        read_body(content, Order)


@pytest.mark.parametrize(
    "content", [b"[]", b"null", b"1", b'"x"', b'{"quantity": 1e999}']
)
def test_json_that_is_something_else_is_told_as_that(content: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_body(content, Order)


def test_a_mark_at_the_start_of_a_file_is_no_fault() -> None:
    """What Windows writes before UTF-8."""
    assert read_body(b'\xef\xbb\xbf{"quantity": 3}', Order).quantity == 3


def test_what_is_unlike_everything_has_no_nearest_name() -> None:
    names: list[Any] = ["from_index", "to_index"]
    assert nearest_of("FROM_INDEX", names) == "from_index"
    assert nearest_of("colour", names) is None
    assert nearest_of("x" * 100_000, names) is None


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ('{"quantity": "\\ud800"}', "/quantity"),
        ('{"quantity": 1, "colour": "\\udfff"}', "/colour"),
        (
            '{"quantity": 1, "parts": [{"from_index": "\\ud800"}]}',
            "/parts/0/from_index",
        ),
        ('"\\ud800"', ""),
    ],
)
def test_half_a_character_is_told_where_it_stands(content: str, pointer: str) -> None:
    """Whatever was wanted there; no fault of ours comes of it."""
    assert refusal(content).errors[0].pointer == pointer
