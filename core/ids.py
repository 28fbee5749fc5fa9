"""Identifiers and randomness, made in one place so that tests can hand in their own."""

import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

# A scan id is a point in time (41 bits of milliseconds since 2026), the worker that
# chose it (10 bits) and a sequence number (12 bits): 63 bits in all, so it sorts by
# time, fits a bigint, and no two workers ever choose the same one. The sequence is an
# era (6 bits), which changes when the clock jumps, and a count (6 bits).
EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
WORKER_BITS = 10
SEQUENCE_BITS = 12
_SHIFT = WORKER_BITS + SEQUENCE_BITS
_COUNT_BITS = 6
_COUNTS = 1 << _COUNT_BITS
_ERAS = 1 << (SEQUENCE_BITS - _COUNT_BITS)
# Ids ascend over a clock that steps back by as much; over more they follow it back.
AHEAD_MS = 2_000


def time_of_id(time_id: int) -> int:
    """Tell the millisecond (since 1970) at which a time-ordered id was chosen."""
    return (time_id >> _SHIFT) + EPOCH_MS


def first_id_at(at_ms: int) -> int:
    """Tell the smallest time-ordered id of a millisecond since 1970."""
    return max(at_ms - EPOCH_MS, 0) << _SHIFT


@dataclass(slots=True)
class TimeIds:
    """Chooses ids for one worker; `worker_no` is unique among live ones.

    Within an era milliseconds only ascend, so no id comes twice. Once the clock has
    jumped, ids go on in an era that has not reached its time: up to 64 eras that all
    lie in the clock's future are remembered.
    """

    worker_no: int
    _era: int = 0
    _count: int = 0
    _latest: list[int] = field(default_factory=lambda: [-1] * _ERAS)

    def next_id(self, now_ms: int) -> int:
        """Choose an id never chosen before, at most AHEAD_MS ahead of `now_ms`.

        It is larger than every earlier one unless the clock went back by more.
        """
        now = max(now_ms - EPOCH_MS, 0)
        if abs(now - self._latest[self._era]) > AHEAD_MS:
            self._change_era(now)
        at = self._latest[self._era]
        self._count += 1
        if now > at or self._count >= _COUNTS:
            at = max(now, at + 1)
            self._count = 0
        self._latest[self._era] = at
        low = self.worker_no & ((1 << WORKER_BITS) - 1)
        sequence = self._era << _COUNT_BITS | self._count
        return at << _SHIFT | low << SEQUENCE_BITS | sequence

    def _change_era(self, now: int) -> None:
        """Take the era that reached closest to `now`, so that the others stay free."""
        past = [at for at in self._latest if at < now]
        # With none left, being unique comes before being on time.
        self._era = self._latest.index(max(past) if past else min(self._latest))
        self._count = _COUNTS


def time_uuid(at_ms: int) -> str:
    """Choose a UUID of version 7, for what the world outside must know by an id.

    The millisecond since 1970 and 74 random bits (RFC 9562, section 5.7).
    """
    version, variant = 0x7 << 76, 0b10 << 62
    high, low = secrets.randbits(12) << 64, secrets.randbits(62)
    return str(UUID(int=at_ms << 80 | version | high | variant | low))


_MAX_REQUEST_ID = 64
_request_prefix = secrets.token_hex(4)
_request_numbers = count(1)
_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Take over the caller's X-Request-Id if it is sane, else make one.

    Ours are a random start of the process and a number: unique, not secret.
    """
    for name, value in headers:
        if name == b"x-request-id" and 0 < len(value) <= _MAX_REQUEST_ID:
            text = value.decode("latin-1")
            if text.isascii() and text.replace("-", "").isalnum():
                return text
    return f"{_request_prefix}-{next(_request_numbers)}"


def begin_request(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Choose the id of the request that this task answers."""
    _current.set(request_id(headers))


def current_request_id() -> str:
    """Give the id of the request that this task answers; empty outside of any."""
    return _current.get()


def random_token(n_bytes: int) -> str:
    """Make an unguessable URL-safe token of `n_bytes` of randomness."""
    return secrets.token_urlsafe(n_bytes)


def random_below(limit: int) -> int:
    """Draw an unpredictable integer in [0, limit)."""
    return secrets.randbelow(limit)


def random_bytes(n_bytes: int) -> bytes:
    """Draw unpredictable bytes."""
    return secrets.token_bytes(n_bytes)
