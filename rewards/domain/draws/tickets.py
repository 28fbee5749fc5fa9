"""Tickets: numbers of a draw, and the codes that number and key give; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

TICKET_KEY_BYTES: Final = 16
# Three groups of four, so that nobody takes one for a cap's code, which has four.
CODE_SYMBOLS: Final = 12
_SYMBOLS: Final = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", np.uint8)
_SHIFTS: Final = np.arange(59, 0, -5, dtype=np.uint64)


def seal_tickets(ticket_key: bytes, numbers: NDArray[np.uint64]) -> list[str]:
    """Compute tickets' codes: the leftmost 60 bits of AES-128 of each number.

    `ticket_key` (16 bytes) is the draw's own; a number is a block of 16 bytes,
    big-endian. Symbols are those of caps, the most significant first.
    """
    blocks = np.zeros((len(numbers), 2), ">u8")
    blocks[:, 1] = numbers
    # ECB is the bare block cipher, of blocks that are never the same.
    cipher = Cipher(algorithms.AES(ticket_key), modes.ECB()).encryptor()  # noqa: S305 - see above
    sealed = np.frombuffer(cipher.update(blocks.tobytes()), ">u8")[::2]
    values = (sealed.astype(np.uint64)[:, None] >> _SHIFTS) & np.uint64(31)
    text = _SYMBOLS[values].tobytes().decode("ascii")
    return [text[i : i + CODE_SYMBOLS] for i in range(0, len(text), CODE_SYMBOLS)]


def number_tickets(
    ticket_key: bytes, stretches: Sequence[tuple[int, int]]
) -> list[tuple[int, str]]:
    """List tickets as (ticket_no, ticket_code); a stretch is (first_no, amount)."""
    numbers = [n for first, amount in stretches for n in range(first, first + amount)]
    codes = seal_tickets(ticket_key, np.array(numbers, np.uint64))
    return list(zip(numbers, codes, strict=True))


class TicketState(StrEnum):
    """Whether tickets take part in their draw.

    `late` are those whose scan was released when the draw had begun already.
    """

    VALID = "valid"
    HELD = "held"
    VOID = "void"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tickets that a member got at once: `amount` numbers from `first_no` on.

    `origin_id` is the scan that earned them, or the number under which a prize or a
    complete set gave them; None where the member just took part.
    """

    draw_no: int
    first_no: int
    amount: int
    state: TicketState
    origin_id: int | None
    added_at: datetime
