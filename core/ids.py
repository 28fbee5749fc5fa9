"""Identifiers and randomness, made in one place so that tests can hand in their own."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from uuid import UUID

# A scan id is a point in time (41 bits of milliseconds since 2026), the worker that
# chose it (10 bits) and a sequence number (12 bits): 63 bits in all, so it sorts by
# time, fits a bigint, and no two workers ever choose the same one.
EPOCH_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z
WORKER_BITS = 10
SEQUENCE_BITS = 12
_SHIFT = WORKER_BITS + SEQUENCE_BITS
_SEQUENCE_MASK = (1 << SEQUENCE_BITS) - 1


def time_of_id(time_id: int) -> int:
    """Tell the millisecond (since 1970) at which a time-ordered id was chosen."""
    return (time_id >> _SHIFT) + EPOCH_MS


def first_id_at(at_ms: int) -> int:
    """Tell the smallest time-ordered id of a millisecond since 1970."""
    return max(at_ms - EPOCH_MS, 0) << _SHIFT


@dataclass(slots=True)
class TimeIds:
    """Chooses ids for one worker; `worker_no` is unique among live ones."""

    worker_no: int
    _last: int = 0

    def next_id(self, now_ms: int) -> int:
        """Choose an id that is larger than every earlier one, even if a clock jumps."""
        low = (self.worker_no & ((1 << WORKER_BITS) - 1)) << SEQUENCE_BITS
        candidate = first_id_at(now_ms) | low
        if candidate <= self._last:
            candidate = self._last + 1
            if not candidate & _SEQUENCE_MASK:
                # The sequence ran over into the worker's bits: take the next tick.
                candidate = (((candidate - 1) >> _SHIFT) + 1) << _SHIFT | low
        self._last = candidate
        return candidate


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


def random_token(n_bytes: int) -> str:
    """Make an unguessable URL-safe token of `n_bytes` of randomness."""
    return secrets.token_urlsafe(n_bytes)


def random_below(limit: int) -> int:
    """Draw an unpredictable integer in [0, limit)."""
    return secrets.randbelow(limit)


def random_bytes(n_bytes: int) -> bytes:
    """Draw unpredictable bytes."""
    return secrets.token_bytes(n_bytes)
