"""A PDF written page by page, in constant memory and with the same bytes each time.

reportlab, which draws the phone test sheet, holds all pages until the last and
deflates them with whichever zlib there is. A sheet of labels has ten thousand symbols
and is signed, so its few objects are written out here (ISO 32000-1, section 7.5).
"""

from collections.abc import Iterable, Iterator
from typing import Final

A4_MM: Final = (210.0, 297.0)
POINTS_PER_MM: Final = 72 / 25.4

# Object numbers; each page has two, itself and its content.
_CATALOG, _TREE, _MONO, _SANS, _FIRST_PAGE = 1, 2, 3, 4, 5
_BINARY: Final = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"


def pdf_document(pages: Iterable[bytes], page_count: int) -> Iterator[bytes]:
    """Yield an A4 document; each of `page_count` pages is its content, in mm.

    Contents know two fonts: /M is Courier and /S is Helvetica, neither embedded.
    """
    kids = b" ".join(b"%d 0 R" % (_FIRST_PAGE + 2 * n) for n in range(page_count))
    width, height = (round(side * POINTS_PER_MM, 3) for side in A4_MM)
    head = [
        b"<</Type/Catalog/Pages %d 0 R>>" % _TREE,
        b"<</Type/Pages/Count %d/MediaBox[0 0 %.3f %.3f]" % (page_count, width, height)
        + b"/Resources<</Font<</M %d 0 R/S %d 0 R>>>>" % (_MONO, _SANS)
        + b"/Kids[%s]>>" % kids,
        b"<</Type/Font/Subtype/Type1/BaseFont/Courier>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    yield _BINARY
    at, offsets = len(_BINARY), []
    for number, body in enumerate(_objects(head, pages), 1):
        written = b"%d 0 obj\n%s\nendobj\n" % (number, body)
        offsets.append(at)
        at += len(written)
        yield written
    assert len(offsets) == len(head) + 2 * page_count
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(offsets) + 1
    yield b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    yield b"trailer\n<</Size %d/Root %d 0 R>>\n" % (count, _CATALOG)
    yield b"startxref\n%d\n%%%%EOF\n" % at


def _objects(head: list[bytes], pages: Iterable[bytes]) -> Iterator[bytes]:
    yield from head
    for number, content in enumerate(pages):
        own = _FIRST_PAGE + 2 * number
        yield b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (_TREE, own + 1)
        scaled = b"%.6f 0 0 %.6f 0 0 cm\n%s" % (POINTS_PER_MM, POINTS_PER_MM, content)
        yield b"<</Length %d>>stream\n%s\nendstream" % (len(scaled), scaled)
