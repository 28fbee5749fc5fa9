"""The text of a line report, whatever saved it: its encoding and its identity."""

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from core.errors import InvalidInput
from printer_export.domain.messages import message
from printer_export.pipeline.reports.lines import ReportLines

_BLOCK: Final = 1 << 20
_UTF8: Final = "utf-8"
# Excel saves this where the system's language is Chinese.
_CHINESE: Final = "gb18030"
_MARKS: Final = {
    codecs.BOM_UTF8: _UTF8,
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
# A header is ASCII, so every other byte of it in UTF-16 is zero.
_HEADER_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ReportText:
    """A report that was received: its bytes, how they are encoded, and what it says.

    `content_hash` (32 bytes) is the same for the same rows, whatever the encoding, the
    separators and the ends of lines.
    """

    content: IO[bytes]
    encoding: str
    content_hash: bytes

    @classmethod
    def of(cls, content: IO[bytes]) -> "ReportText":
        """Look through a report once; its memory does not grow with its size.

        Raises InvalidInput for what is not text, not CSV, or a workbook.
        """
        encoding = _find_encoding(content)
        digest = hashlib.sha256()
        for piece in ReportLines(_Utf8(content, encoding)).canonical():
            digest.update(piece)
        return cls(content, encoding, digest.digest())

    def asked(self, options: tuple[object, ...]) -> bytes:
        """Hash what is asked with it (16 bytes): the same rows, to be taken alike."""
        return hashlib.sha256(repr(options).encode() + self.content_hash).digest()[:16]

    def lines(self) -> ReportLines:
        """Read its lines from the beginning."""
        return ReportLines(_Utf8(self.content, self.encoding))


class _Utf8:
    """Reads bytes of some encoding as UTF-8, from the beginning."""

    def __init__(self, content: IO[bytes], encoding: str) -> None:
        content.seek(0)
        self._content = content
        self._decoder = None
        if encoding != _UTF8:
            self._decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int) -> bytes:
        """Read about so many bytes; none at the end only."""
        if self._decoder is None:
            return self._content.read(size)
        while octets := self._content.read(size):
            if text := self._decoder.decode(octets):
                return text.encode()
        return self._decoder.decode(b"", final=True).encode()


def _find_encoding(content: IO[bytes]) -> str:
    """Tell how a file is encoded, by its mark or by trying; raises InvalidInput."""
    content.seek(0)
    start = content.read(_HEADER_BYTES)
    if start.startswith(_WORKBOOKS):
        raise InvalidInput(message("workbook"), code="workbook")
    marked = next((e for mark, e in _MARKS.items() if start.startswith(mark)), None)
    if marked is None and len(start) > 1 and not any(start[1::2]):
        marked = "utf-16-le"
    elif marked is None and len(start) > 1 and not any(start[::2]):
        marked = "utf-16-be"
    tried = (marked,) if marked else (_UTF8, _CHINESE)
    wrong = [_wrong_line(content, encoding) for encoding in tried]
    for encoding, line in zip(tried, wrong, strict=True):
        if line is None:
            return encoding
    line, encoding = wrong[0] or 1, tried[0].upper()
    told = message("not_in_encoding", line=line, encoding=encoding)
    if marked is None:
        other = _CHINESE.upper()
        told = message("in_no_encoding", line=line, encoding=encoding, other=other)
    raise InvalidInput(told, code="not_utf8")


def _wrong_line(content: IO[bytes], encoding: str) -> int | None:
    """Give the first line that is none in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    content.seek(0)
    lines = 1
    try:
        for octets in _blocks(content):
            lines += decoder.decode(octets).count("\n")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as fault:
        before = fault.object[: fault.start].decode(encoding, "ignore")
        return lines + before.count("\n")
    return None


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    while octets := content.read(_BLOCK):
        yield octets
