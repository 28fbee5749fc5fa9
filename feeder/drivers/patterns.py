"""Lines with placeholders and spelled-out control characters, for template files."""

import re
from typing import Final

_CONTROLS: Final = {
    "NUL": 0x00, "SOH": 0x01, "STX": 0x02, "ETX": 0x03, "EOT": 0x04, "ENQ": 0x05,
    "ACK": 0x06, "BEL": 0x07, "BS": 0x08, "TAB": 0x09, "LF": 0x0A, "VT": 0x0B,
    "FF": 0x0C, "CR": 0x0D, "SO": 0x0E, "SI": 0x0F, "DLE": 0x10, "DC1": 0x11,
    "DC2": 0x12, "DC3": 0x13, "DC4": 0x14, "NAK": 0x15, "SYN": 0x16, "ETB": 0x17,
    "CAN": 0x18, "EM": 0x19, "SUB": 0x1A, "ESC": 0x1B, "FS": 0x1C, "GS": 0x1D,
    "RS": 0x1E, "US": 0x1F,
}  # fmt: skip
_NAMED = re.compile(r"<([A-Z][A-Z0-9]{1,2}|0x[0-9A-Fa-f]{2})>")
_PLACE = re.compile(r"\{([a-z_]*)\}")
# What each placeholder of an answer may look like.
_SHAPES: Final = {
    "index": rb"(?P<index>[0-9]{1,15})",
    "waiting": rb"(?P<waiting>[0-9]{1,9})",
    "last_index": rb"(?P<last_index>[0-9]{1,15}|-)",
    "state": rb"(?P<state>[A-Za-z0-9_]{1,32})",
    "text": rb"(?P<text>[\x20-\x7e]{0,256})",
    "any": rb"[\x20-\x7e]{0,256}?",
}


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


def control_characters(text: str) -> str:
    """Put the control characters in for `<STX>` and `<0x1B>`."""

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("0x"):
            return chr(int(name, 16))
        if name not in _CONTROLS:
            raise PatternError(f"<{name}> is not a control character.")
        return chr(_CONTROLS[name])

    return _NAMED.sub(put, text)


def placeholders(text: str) -> list[str]:
    """List the placeholders of a text, in order."""
    return _PLACE.findall(text)


def answer_pattern(text: str, encoding: str) -> re.Pattern[bytes]:
    """Make a pattern of an answer's text, without its terminator.

    It is searched for at the end of a line, so that noise before it does no harm.
    """
    shape = b""
    end = 0
    for match in _PLACE.finditer(text):
        if match[1] not in _SHAPES:
            raise PatternError(f"{{{match[1]}}} is not a placeholder of an answer.")
        shape += _literal(text[end : match.start()], encoding) + _SHAPES[match[1]]
        end = match.end()
    shape += _literal(text[end:], encoding)
    if not shape:
        raise PatternError("An answer's text is empty.")
    try:
        return re.compile(shape + rb"\Z")
    except re.error as error:
        raise PatternError(f"The answer {text!r} names something twice.") from error


def _literal(text: str, encoding: str) -> bytes:
    return re.escape(control_characters(text).encode(encoding))
