"""Money as people type it, in yuan."""

import re
from typing import Final

from console.frame.messages import message
from core.errors import InvalidInput

# With either mark before the hundredths.
_AMOUNT: Final = re.compile(r"[¥￥]?\s*(\d{1,9})(?:[.,](\d{1,2}))?", re.ASCII)


def read_amount(pointer: str, given: str) -> int | None:
    """Read an amount in hundredths; None where there is none. Raises InvalidInput."""
    if not given:
        return None
    found = _AMOUNT.fullmatch(given)
    if found is None:
        raise InvalidInput.field(pointer, "invalid", message("no_amount", given=given))
    yuan, hundredths = found.groups()
    return int(yuan) * 100 + int((hundredths or "").ljust(2, "0"))
