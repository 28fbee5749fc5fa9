"""Which bytes of a content are asked for (RFC 9110, section 14); pure."""

import re
from dataclasses import dataclass

from core.errors import Unsatisfiable
from printer_export.domain.messages import message

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` up to `end`, without the last."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.end - self.start


def read_range(
    range_header: str | None, if_range: str | None, *, length: int, etag: str
) -> ByteRange | None:
    """Tell which bytes are wanted; None for all. Raises Unsatisfiable.

    A range of another content (`If-Range`) means all of this one, and so does what is
    not a range of bytes. Several ranges at once are refused: whoever asks for them
    gets them one by one, and nothing is counted meanwhile.
    """
    if range_header is None or not range_header.startswith("bytes="):
        return None
    if if_range is not None and if_range.strip() != etag:
        return None
    if "," in range_header:
        raise Unsatisfiable(message("one_range"))
    found = _ONE_RANGE.fullmatch(range_header)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        start, end = max(0, length - int(found[2])), length
    else:
        start = int(found[1])
        end = min(length, int(found[2]) + 1) if found[2] else length
        if found[2] and int(found[2]) < start:
            return None
    if start >= end:
        raise Unsatisfiable(message("no_such_bytes", length=length))
    return ByteRange(start, end)
