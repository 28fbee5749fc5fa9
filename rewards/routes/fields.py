"""The fields that several routes of rewards read, with their limits."""

from typing import Annotated

import msgspec

from core.bounds import MAX_INTEGER, read_id
from core.errors import NotFound
from core.messages import Message
from rewards.domain.coupons import MAX_MINOR

Minor = Annotated[int, msgspec.Meta(ge=0, le=MAX_MINOR)]
AboveZero = Annotated[int, msgspec.Meta(ge=1, le=MAX_MINOR)]
MemberId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


def read_number(text: str, otherwise: Message) -> int:
    """Read an id of ours in an address; raises NotFound for what is none."""
    number = read_id(text)
    if number is None or number > MAX_INTEGER:
        raise NotFound(otherwise)
    return number
