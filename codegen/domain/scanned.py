"""What a scanned, typed or pasted text says: a code, and perhaps a GTIN with it.

What is printed goes the short way: a bare code, or a link. Everything else is what
scanners, chats, office programs and input methods make of the same: element strings,
compressed links, marks that nobody sees, full-width characters, quotes, a sentence
around. The long way is a few passes over at most 256 characters, and is never an
exception.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

from codegen.domain.code_text import MAX_SCANNED_CHARACTERS, normalise
from codegen.domain.gs1.compression import decompress
from codegen.domain.gs1.element_string import read_element_string
from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.symbols import ALPHABET, CODE_SYMBOLS, GROUP_SYMBOLS
from codegen.domain.wrappings import unwrap

# A GTIN that no product has: a link with a GTIN that cannot be one carries it.
NO_SUCH_GTIN: Final = ""

_GTIN: Final = "01"
_VARIANT: Final = "22"
_LOT: Final = "10"
_SERIAL: Final = "21"
# A compressed link has no fewer characters than a code's bits take.
_COMPRESSED: Final = 16
_ENVELOPE: Final = "[)>05"
_QUOTES: Final = " \n\t\"'`"
_AROUND: Final = " \n\t\"'.,;:!?*_~`<>()[]{}|\\"
# `01`, a GTIN, `21`, and a code.
_ELEMENTS: Final = 34
_ELEMENTS_BEGIN: Final = "0123456789^\x1d"
# A link with a stem and all qualifiers has fewer segments than two links have.
_ONE_LINK: Final = 8
_GROUPS: Final = CODE_SYMBOLS // GROUP_SYMBOLS
# Of so many symbols, something was meant as a code.
_NEARLY_A_CODE: Final = 12
# Where no code stands in one piece, or in groups, there is nothing to find.
_ROOM: Final = re.compile(rf"[0-9A-Za-z\- ]{{{CODE_SYMBOLS}}}")
# ASCII but for spaces, quotes and what ends a link in a sentence or a list.
_PIECE: Final = re.compile(r"[!#$%&()*+\-./0-9:=?@A-Z\[\]^_a-z~\x1d]+")
_WORD: Final = re.compile(r"[0-9A-Za-z]+(?:-+[0-9A-Za-z]+)*")
_BRACKETED: Final = re.compile(r"\([0-9]{2,4}\)")
# What stands before a colon names what follows.
_LABEL: Final = re.compile(r"[\"' ]{0,3}[:=]")


class ScannedText(NamedTuple):
    """What a scanned text says.

    `code_text` is canonical (16 upper-case symbols) or None when there is none, and
    may still be a forgery. `gtin` is None when the text names no product, 14 digits
    when it does, and NO_SUCH_GTIN, which equals no product's, when what stands in
    its place is not a GTIN. (A NamedTuple because one is made for every scan: a
    frozen dataclass takes three times as long to make.)
    """

    code_text: str | None
    gtin: str | None


_NOTHING: Final = ScannedText(None, None)


class FoundText(NamedTuple):
    """A piece of a pasted text, and what it says."""

    given: str
    scanned: ScannedText


def parse_scanned(text: str) -> ScannedText:
    """Find the code, and the GTIN if there is one, in what a phone or scanner read.

    The text is a code or a link, `…/C/CODE` or the GS1 Digital Link (URI syntax 1.4,
    section 4) `…/01/GTIN[/22/VARIANT][/10/LOT]/21/CODE`, in any letter case, with or
    without scheme, query, fragment and closing slashes, also percent-encoded once;
    or a GS1 element string, a compressed link, or one of these with wrappings. The
    host is not judged. A text with two codes has none. Never raises.
    """
    if len(text) == CODE_SYMBOLS and not text.strip(ALPHABET):
        return ScannedText(text, None)
    if len(text) > MAX_SCANNED_CHARACTERS:
        return _NOTHING
    found = _read_segments(_path_segments(text))
    if found.code_text is not None:
        return found
    return _read_wrapped(unwrap(unquote(text) if "%" in text else text))


def find_scanned(text: str) -> Iterator[FoundText]:
    """Find all codes in a pasted text of any length, in their order.

    Words without a code that stand alone in a line, or look like a code that is
    mistyped, are told too; prose around codes is not.
    """
    for line in unwrap(text).split("\n"):
        alone = line.strip(_AROUND)
        for each in _read_line(line):
            if each.given == alone or _matters(each):
                yield each


def _read_line(line: str) -> Iterable[FoundText]:
    if "/" not in line and "%" not in line and _ROOM.search(line) is None:
        words = _WORD.finditer(line)
        unlabelled = (each for each in words if not _LABEL.match(line, each.end()))
        return (FoundText(each[0], _NOTHING) for each in unlabelled)
    pieces = [_decoded(each) for each in _find(line)]
    if any(each.scanned.code_text for each in pieces):
        return pieces
    whole = FoundText(line.strip(_QUOTES), parse_scanned(line))
    return pieces if whole.scanned.code_text is None else [whole]


def _read_wrapped(text: str) -> ScannedText:
    """Read what is not as it was printed, once it is folded and decoded."""
    found = _read_whole(text)
    if found.code_text is not None:
        return found
    bracketed = _BRACKETED.search(text)
    if bracketed and _has_brackets(text):
        return _read_elements(text[bracketed.start() :])
    if _ROOM.search(text) is None:
        return _NOTHING
    return _the_only_one(each.scanned for each in _find(text))


def _decoded(piece: FoundText) -> FoundText:
    """Read a piece that is percent-encoded, and keep no more of it than is read."""
    given, scanned = piece
    if scanned.code_text is None and "%" in given:
        scanned = parse_scanned(given)
    if scanned.code_text is not None and len(given) > MAX_SCANNED_CHARACTERS:
        given = scanned.code_text
    return FoundText(given, scanned)


def _matters(piece: FoundText) -> bool:
    """Tell a code, or what was meant as one, from the prose around it."""
    if piece.scanned.code_text is not None or "://" in piece.given:
        return True
    symbols = sum(map(str.isalnum, piece.given))
    return symbols >= _NEARLY_A_CODE or piece.given.isupper()


def _path_segments(text: str) -> list[str]:
    """Split a link at its slashes, decoded, without query, fragment or last slash."""
    if "%" in text and "/" not in text:
        # The link as a whole was encoded, its slashes too.
        text = unquote(text)
        encoded = False
    else:
        encoded = "%" in text
    segments = _split(text)
    return [unquote(segment) for segment in segments] if encoded else segments


def _split(link: str) -> list[str]:
    path = link.partition("#")[0].partition("?")[0].strip().rstrip("/")
    return path.split("/")


def _read_segments(segments: list[str]) -> ScannedText:
    """Read a bare code or a link that is split and decoded."""
    if len(segments) == 1:
        return ScannedText(normalise(segments[0]), None)
    if len(segments) > _ONE_LINK and _are_two_links(segments):
        return _NOTHING
    key = segments[-2]
    if key in ("C", "c"):
        return ScannedText(normalise(segments[-1]), None)
    if key == _SERIAL:
        return _read_digital_link(segments)
    return _NOTHING


def _are_two_links(segments: list[str]) -> bool:
    return sum(segment.endswith(":") for segment in segments) > 1


def _read_digital_link(segments: list[str]) -> ScannedText:
    """Read the segments of a link that ends in `21/CODE`."""
    qualifiers = segments[:-2]
    for optional in (_LOT, _VARIANT):
        if len(qualifiers) > 1 and qualifiers[-2] == optional:
            qualifiers = qualifiers[:-2]
    if len(qualifiers) <= 1 or qualifiers[-2] != _GTIN:
        return _NOTHING
    return ScannedText(normalise(segments[-1]), _gtin(qualifiers[-1]))


def _gtin(text: str) -> str:
    try:
        return normalise_gtin(text)
    except GtinError:
        return NO_SUCH_GTIN


def _read_whole(text: str) -> ScannedText:
    """Read a text that is one thing, perhaps in the envelope of ISO/IEC 15434."""
    text = text.strip(_QUOTES).removeprefix(_ENVELOPE)
    found = _read_elements(text)
    if found.code_text is not None:
        return found
    return _read_link(text)


def _has_brackets(text: str) -> bool:
    """Tell an element string as people read it, whether or not it is a right one."""
    return "(01)" in text and "(21)" in text


def _read_elements(text: str) -> ScannedText:
    """Read an element string that names a product and a serial."""
    elements = read_element_string(text)
    if elements is None:
        return _NOTHING
    return _of_elements(elements)


def _of_elements(elements: dict[str, str]) -> ScannedText:
    if _GTIN not in elements or _SERIAL not in elements:
        return _NOTHING
    serial = elements[_SERIAL]
    word = _WORD.match(serial)
    # A sentence may go on behind the last value.
    code_text = normalise(serial) or (normalise(word[0]) if word else None)
    if code_text is None:
        return _NOTHING
    return ScannedText(code_text, _gtin(elements[_GTIN]))


def _read_link(text: str) -> ScannedText:
    """Read a bare code or a link, compressed or not, with what closes a sentence."""
    segments = _split(text.strip(_AROUND))
    found = _read_segments(segments)
    if found.code_text is not None or len(segments) == 1:
        return found
    return _read_compressed(segments)


def _read_compressed(segments: list[str]) -> ScannedText:
    """Read a link that is compressed as a whole, or behind its `/01/GTIN`."""
    if len(segments[-1]) < _COMPRESSED:
        return _NOTHING
    elements = decompress(segments[-1])
    if elements is None:
        return _NOTHING
    known = dict(elements)
    told = len(elements)
    if segments[-3:-2] == [_GTIN] and _GTIN not in known:
        known[_GTIN] = segments[-2]
        told += 1
    # What is told twice is told wrongly.
    return _of_elements(known) if told == len(known) else _NOTHING


def _find(line: str) -> Iterator[FoundText]:
    """Find the pieces of a line: links, element strings, words that may be codes."""
    words: list[str] = []
    end = 0
    for piece in _PIECE.finditer(line):
        found = _read_piece(piece[0])
        if found is not None:
            yield from _read_words(words)
            words = []
            yield FoundText(piece[0], found)
            continue
        for word in _WORD.finditer(line, piece.start(), piece.end()):
            # Only spaces stand between the groups of one code.
            label = _LABEL.match(line, word.end()) and not normalise(word[0])
            if label or line[end : word.start()].strip(" "):
                yield from _read_words(words)
                words = []
            end = word.end()
            if not label:
                words.append(word[0])
    yield from _read_words(words)


def _read_piece(piece: str) -> ScannedText | None:
    """Read a link or an element string; None for what is neither."""
    if "/" in piece or "%" in piece:
        return _read_link(piece)
    bracketed = _BRACKETED.search(piece)
    piece = piece[bracketed.start() :] if bracketed else piece.strip(_AROUND)
    if bracketed or (len(piece) >= _ELEMENTS and piece[0] in _ELEMENTS_BEGIN):
        found = _read_whole(piece)
        if found.code_text is not None or _has_brackets(piece):
            return found
    return None


def _read_words(words: list[str]) -> Iterator[FoundText]:
    """Read words between which only spaces stand: codes, perhaps in groups."""
    whole = " ".join(words)
    if len(whole) < CODE_SYMBOLS:
        yield from (FoundText(word, _NOTHING) for word in words)
        return
    code_text = normalise(whole)
    if code_text is not None and (len(words) == 1 or any(map(str.isdigit, whole))):
        yield FoundText(whole, ScannedText(code_text, None))
        return
    groups: list[str] = []
    for word in words:
        parts = word.split("-")
        if all(len(part) == GROUP_SYMBOLS for part in parts):
            if groups and _case_of(groups[-1]) * _case_of(parts[0]) < 0:
                yield from _read_groups(groups)
                groups = []
            groups += parts
            continue
        yield from _read_groups(groups)
        groups = []
        read = filter(None, map(normalise, [word, *parts]))
        yield FoundText(word, ScannedText(next(read, None), None))
    yield from _read_groups(groups)


def _case_of(group: str) -> int:
    """Give 1 for capital letters, -1 for small ones, 0 for digits alone or both."""
    return group.isupper() - group.islower()


def _read_groups(groups: list[str]) -> Iterator[FoundText]:
    """Read groups of four symbols, four of them a code."""
    whole = len(groups) % _GROUPS == 0
    size = _GROUPS if whole else len(groups)
    for at in range(0, len(groups), size or 1):
        given = "-".join(groups[at : at + size])
        yield FoundText(given, ScannedText(normalise(given) if whole else None, None))


def _the_only_one(found: Iterable[ScannedText]) -> ScannedText:
    """Give the code that a text names, if it names no other and one product at most."""
    read = {each for each in found if each.code_text is not None}
    if len(read) > 1:
        read -= {ScannedText(each.code_text, None) for each in read}
    return read.pop() if len(read) == 1 else _NOTHING
