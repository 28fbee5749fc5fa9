"""Values at the ends of what can be: each is told, and none breaks what counts on."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import NoneType
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

import jwt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Router
from litestar.handlers import HTTPRouteHandler

import codegen.routes
import printer_export.routes
import scan_api.routes.past_scans
from codegen.domain.products import Product, sell_by
from codegen.domain.ranges import Binding
from codegen.routes.changes import Void
from core import bounds
from core.auth.members import MemberSigner, MemberVerifier
from core.bounds import Body, check_moment, check_values, read_id
from core.clock import business_day, local_time, next_business_day, to_ms, utc_datetime
from core.errors import InvalidInput, Unauthenticated
from core.ids import time_of_id
from core.messages import Message
from printer_export.domain.reports.taking import read_activation

ZONES = st.sampled_from(
    [
        *map(ZoneInfo, ("Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Niue", "UTC")),
        ZoneInfo("America/St_Johns"),
    ]
)
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)
MOMENTS = st.datetimes(timezones=OFFSETS) | st.sampled_from(
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))),
    ]
)


class Inner(msgspec.Struct, frozen=True):
    """A part of a body."""

    name: str = ""


class Example(Body, frozen=True, kw_only=True, rename={"at": "atTime"}):
    """A body with a field of each kind."""

    prose = frozenset({"note"})

    day: date | None = None
    at: datetime | None = None
    number: int = 0
    size: float = 0.0
    name: str = ""
    note: str = ""
    parts: tuple[Inner, ...] = ()


def told(**fields: Any) -> list[tuple[str, str]]:
    """Give what is wrong with a body, as (pointer, code)."""
    try:
        msgspec.convert(fields, Example, strict=False)
    except InvalidInput as fault:
        return [(error.pointer, error.code) for error in fault.errors]
    return []


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"day": "0001-01-01"}, "/day", "no_date"),
        ({"day": "1899-12-30"}, "/day", "no_date"),
        ({"day": "1900-01-01"}, "/day", "no_date"),
        ({"day": "9999-12-31"}, "/day", "no_date"),
        ({"day": "1999-12-31"}, "/day", "out_of_range"),
        ({"day": "2200-01-01"}, "/day", "out_of_range"),
        ({"atTime": "0001-01-01T00:00:00+08:00"}, "/atTime", "no_date"),
        ({"atTime": "1970-01-01T00:00:00Z"}, "/atTime", "no_date"),
        ({"atTime": "1970-01-01T08:00:00+08:00"}, "/atTime", "no_date"),
        ({"atTime": "1969-12-31T16:00:00-08:00"}, "/atTime", "no_date"),
        ({"atTime": "9999-12-31T23:59:59-12:00"}, "/atTime", "no_date"),
        ({"atTime": "1999-12-31T23:59:59Z"}, "/atTime", "out_of_range"),
        ({"atTime": "2200-01-01T00:00:00Z"}, "/atTime", "out_of_range"),
        ({"atTime": "2026-05-01T08:00:00"}, "/atTime", "no_offset"),
        ({"number": 1 << 63}, "/number", "out_of_range"),
        ({"number": -(10**30)}, "/number", "out_of_range"),
        ({"size": float("nan")}, "/size", "out_of_range"),
        ({"size": float("inf")}, "/size", "out_of_range"),
        ({"name": "a\x00b"}, "/name", "unstorable"),
        ({"name": "a\nb"}, "/name", "unstorable"),
        ({"name": "a\x9bb"}, "/name", "unstorable"),
        ({"name": "a\ud800b"}, "/name", "unstorable"),
        ({"note": "a\x00b"}, "/note", "unstorable"),
        (
            {"parts": [{"name": "a"}, {"name": "\x7f"}]},
            "/parts/1/name",
            "unstorable",
        ),
    ],
)
def test_a_value_out_of_bounds_is_pointed_at(
    fields: dict[str, Any], pointer: str, code: str
) -> None:
    """By its pointer, with a code; a value of its kind within the bounds passes."""
    assert told(**fields) == [(pointer, code)]


def test_whatever_a_route_reads_is_a_body() -> None:
    """So that no route is added whose values nobody looks at."""
    routers: list[Router] = [
        *(codegen.routes.ROUTER, printer_export.routes.ROUTER),
        *(printer_export.routes.PUBLIC_ROUTER, scan_api.routes.past_scans.ROUTER),
    ]
    handlers = {
        handler
        for router in routers
        for route in router.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler)
    }
    told = [handler.fn.__annotations__.get("data", NoneType) for handler in handlers]
    # What may be left out is a union with None.
    read = {kind for data in told for kind in get_args(data) or [data]} - {NoneType}
    assert len(read) >= 9
    assert {each.__name__ for each in read if not issubclass(each, Body)} == set()


def test_what_honest_callers_send_passes() -> None:
    """The first and the last day, scripts of every kind, and lines in prose."""
    fine: list[dict[str, Any]] = [
        {"day": "2000-01-01", "atTime": "2000-01-01T00:00:00Z"},
        {"day": "2199-12-31", "atTime": "2199-12-31T23:59:59.999999Z"},
        {"name": "批号 L-7/β é \u200d😀", "note": "one\r\n\ttwo", "size": 1e300},
        {"number": (1 << 63) - 1, "parts": [{"name": "!\"%&'()*+,-./_"}]},
    ]
    assert [told(**each) for each in fine] == [[]] * len(fine)


def test_every_wrong_value_is_named_at_once() -> None:
    """Whoever mends a file mends all of it."""
    wrong = told(day="0001-01-01", name="\x00", number=1 << 70)
    assert [pointer for pointer, _ in wrong] == ["/day", "/number", "/name"]


def test_a_sentence_says_what_was_meant_and_a_reader_of_chinese_gets_it_too() -> None:
    """The field, its value, and what to do."""
    values: dict[str, Any] = {
        "day": date(1, 1, 1),
        "at": datetime(2300, 1, 1, tzinfo=UTC),
        "naive": datetime(2026, 1, 1),  # noqa: DTZ001 - the fault in question
        "number": 1 << 70,
        "size": float("nan"),
        "name": "\x00",
    }
    faults = list(check_values(values))
    assert faults[0].detail == (
        "day is 0001-01-01, which programs write where there is no date; leave it out "
        "instead."
    )
    assert faults[1].detail == (
        "at is 2300-01-01T00:00:00+00:00; it has to lie from 2000-01-01 to 2199-12-31."
    )
    faults += bounds.check_text("/name", "x" * 65, most=64)
    assert len(faults) == 7
    assert [f.detail for f in faults if not isinstance(f.detail, Message)] == []


@given(MOMENTS)
def test_any_moment_is_judged(at: datetime) -> None:
    """Also those that have no name in UTC."""
    within = bounds.MOMENT_MIN <= at <= bounds.MOMENT_MAX
    assert (list(check_moment("/at", at)) == []) == within
    if not within:
        with pytest.raises(InvalidInput):
            read_activation(at.isoformat(), ZoneInfo("Asia/Shanghai"))


@given(st.dates(), st.integers(-(1 << 70), 1 << 70))
def test_a_shelf_life_never_runs_out_of_the_calendar(made: date, days: int) -> None:
    """Where no calendar has the day, nobody is told one."""
    product = Product("06901234567892", "Milk", "Demo", shelf_life_days=days)
    found = sell_by(Binding(produced_on=made), product)
    exact = made.toordinal() + days
    assert (found and found.toordinal()) == (
        exact if 1 <= exact <= date.max.toordinal() else None
    )


@given(st.integers(-(1 << 200), 1 << 200), ZONES)
def test_the_clock_knows_every_moment(at_ms: int, zone: ZoneInfo) -> None:
    """Time of an absurd id, a clock far off, a day in any zone: the nearer end."""
    at = utc_datetime(at_ms)
    assert utc_datetime(to_ms(at)) == at
    assert business_day(at_ms, zone) <= next_business_day(at_ms, zone).date()
    assert local_time(at, zone) == at
    assert utc_datetime(time_of_id(at_ms)).tzinfo is UTC
    if abs(at_ms) < 60_000_000_000_000:
        assert to_ms(at) == at_ms


@given(MOMENTS, ZONES)
def test_a_page_words_every_moment(at: datetime, zone: ZoneInfo) -> None:
    """A campaign that never begins may begin in the year 9999."""
    assert local_time(at, zone).year >= 1


@given(st.text(max_size=30) | st.integers(-(10**40), 10**40).map(str))
def test_an_id_is_a_bigint_or_none(text: str) -> None:
    """Whatever somebody writes into an address or a cursor."""
    found = read_id(text)
    assert found is None or 0 <= found < 1 << 63
    assert read_id("9" * 5_000) is None
    assert read_id(str((1 << 63) - 1)) == (1 << 63) - 1


NO_TIMES: Final[tuple[Any, ...]] = (
    float("nan"),
    10**400,
    1e30,
    -1,
    True,
    "0",
    None,
    {},
)


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "a\x00b"},
        {"sub": "a\ud800b"},
        {"sub": ""},
        {"sub": 5},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**400},
        {"exp": 1e30},
        {"exp": -1},
        {"exp": True},
        {"exp": "4000000000"},
        {"exp": None},
        {"exp": [4_000_000_000]},
        {"sub": "x" * 129},
        {"sub": "a\nb"},
        *({claim: value} for claim in ("nbf", "iat") for value in NO_TIMES),
    ],
)
def test_a_signed_token_may_still_tell_nonsense(
    claims: dict[str, Any], tmp_path: Any
) -> None:
    """It names nobody that the database could hold, or no time: 401, not a fault."""
    signer = MemberSigner.load_or_create(tmp_path)
    verifier = MemberVerifier.from_file(tmp_path / "member-jwks.json")
    good: dict[str, Any] = {
        "iss": signer.issuer,
        "aud": signer.audience,
        "sub": "eve",
        "exp": 4_000_000_000.5,
    }

    def token(claims: dict[str, Any]) -> str:
        return jwt.encode(claims, signer.key, "EdDSA", headers={"kid": "demo"})

    assert verifier.verify(token(good), now_ms=0).member_id == "eve"
    with pytest.raises(Unauthenticated):
        verifier.verify(token(good | claims), now_ms=0)


def structs(kind: type[msgspec.Struct] = msgspec.Struct) -> set[type[msgspec.Struct]]:
    """Give all kinds of struct that are loaded."""
    below = set(kind.__subclasses__())
    return below.union(*map(structs, below))


def test_every_body_leaves_codes_to_their_reader() -> None:
    """Scanners send controls with codes, which no other text may have."""
    naming = {each for each in structs(Body) if "codes" in each.__struct_fields__}
    assert len(naming) >= 3
    for each in naming:
        assert "codes" in getattr(each, "judged_later", ()), each
    assert not check_values(Void(reason="torn", codes=("\0\x1d",)))
