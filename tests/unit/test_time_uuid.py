"""UUIDs of version 7 begin with the time."""

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from core.ids import time_uuid


@given(st.integers(0, 2**48 - 1))
def test_the_millisecond_stands_in_front(at_ms: int) -> None:
    made = UUID(time_uuid(at_ms))
    assert (made.int >> 80, made.version, made.variant) == (at_ms, 7, RFC_4122)


def test_no_two_are_the_same() -> None:
    assert len({time_uuid(0) for _ in range(1000)}) == 1000
