"""Options that label printers share, read from an address and checked."""

from collections.abc import Mapping
from dataclasses import dataclass

from codegen.domain.code_text import group
from codegen.domain.scanned import parse_scanned
from core.errors import InvalidInput

# A symbol without free space around it is not found by phones: four modules.
QUIET_MODULES = 4


@dataclass(frozen=True, slots=True)
class Range:
    """What a number may be, and what it is when nobody says."""

    default: int
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Words of which an option is one; the first when nobody says."""

    words: tuple[str, ...]


def read_options(
    scheme: str, options: Mapping[str, str], known: Mapping[str, Range | Choice]
) -> dict[str, int]:
    """Read an address's options: numbers, and words as their places in a choice.

    Raises InvalidInput with one sentence.
    """
    strange = sorted(set(options) - set(known))
    if strange:
        names = ", ".join(known)
        raise InvalidInput(f"{scheme}:// has no option {strange[0]}; it has {names}.")
    values = {}
    for name, allowed in known.items():
        if isinstance(allowed, Choice):
            word = options.get(name, allowed.words[0])
            if word not in allowed.words:
                words = ", ".join(allowed.words)
                raise InvalidInput(f"The option {name}={word} is not one of {words}.")
            values[name] = allowed.words.index(word)
            continue
        text = options.get(name, str(allowed.default))
        if not text.isascii() or not text.isdigit():
            raise InvalidInput(f"The option {name}={text} is not a whole number.")
        value = int(text)
        if not allowed.lowest <= value <= allowed.highest:
            raise InvalidInput(
                f"The option {name}={value} is not between {allowed.lowest} and "
                f"{allowed.highest}."
            )
        values[name] = value
    return values


def readable_code(link: str) -> str:
    """Give the grouped code of a link, which people type, or nothing."""
    code_text = parse_scanned(link).code_text
    return "" if code_text is None else group(code_text)


def modules_of(link: str) -> int:
    """Tell the modules along a side of the smallest level M symbol for a link."""
    upper = all(c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:" for c in link)
    room = _ALPHANUMERIC if upper else _BYTES
    for version, characters in enumerate(room, 1):
        if len(link) <= characters:
            return 17 + 4 * version
    raise InvalidInput(f"A link of {len(link)} characters is too long for a label.")


# ISO/IEC 18004, table 7: what versions 1 to 10 hold at level M.
_ALPHANUMERIC = (20, 38, 61, 90, 122, 154, 178, 221, 262, 311)
_BYTES = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213)
