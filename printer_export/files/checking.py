"""What a print house can check of a package by itself, without server or secrets."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from codegen.domain.symbols import ALPHABET, CODE_SYMBOLS, GROUP_SYMBOLS
from core.errors import Conflict
from core.messages import Message
from core.terminal import shown
from printer_export.domain.epcis.names import cap_uri_prefix
from printer_export.domain.messages import message
from printer_export.domain.packages.rows import Octets
from printer_export.files.reading import Count, Layout, ListedFile, PackageReader, typed

# Indexes or codes held at a time; larger packages are read more than once.
_HELD: Final = 4 << 20
_BLOCK_ROWS: Final = 65_536
_BLOCK_BYTES: Final = 8 << 20
# The last symbols of codes are as good as random: no pass holds many more than others.
_CROWDED: Final = 4 * _HELD
_IS_SYMBOL: Final = np.isin(np.arange(256), list(ALPHABET.encode()))
# A whole number of 64 bits has this many.
_DIGITS: Final = 18
_END: Final = b"\r\n"
# Spreads the last symbols of codes evenly over passes.
_SPREAD: Final = np.uint64(2_654_435_761)
_PRIME: Final = np.uint64(4_294_967_291)

Flags = NDArray[np.bool_]


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """A check, and in one sentence what it came to."""

    name: str
    verdict: Verdict
    sentence: str


class _Order(msgspec.Struct, frozen=True):
    """What the manifest says was ordered."""

    from_index: Count
    to_index: Count
    quantity: Count
    link_prefix: str
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A package whose manifest says what it must."""

    reader: PackageReader
    order: _Order

    @property
    def layout(self) -> Layout:
        """How rows stand in their files."""
        return self.reader.record

    @property
    def data(self) -> list[ListedFile]:
        """The files of codes."""
        return [each for each in self.reader.files if each.rows is not None]

    def blocks(self) -> Iterator[tuple[ListedFile, int, Octets]]:
        """Yield all rows: (file, its row that a block begins with, (n, row_bytes))."""
        width = self.layout.row_bytes
        most = min(_BLOCK_ROWS, _BLOCK_BYTES // width)
        for file in self.data:
            assert file.rows is not None
            for start in range(0, file.rows, most):
                count = min(most, file.rows - start)
                content = self.reader.read_bytes(file.path, start, count)
                if len(content) != count * width:
                    raise Conflict(
                        message("ends_early", file=shown(file.path), row=start + count)
                    )
                yield file, start, np.frombuffer(content, np.uint8).reshape(-1, width)

    @property
    def prefix(self) -> bytes:
        """What precedes each code in a row, as the manifest says."""
        if self.layout.slice_of("link") is not None or self.order.gtin is None:
            return self.order.link_prefix.encode()
        return cap_uri_prefix(self.order.gtin).encode()

    def codes(self, rows: Octets) -> Octets:
        """Cut (n, 16) codes out of the links of rows."""
        link = self.layout.link
        assert link is not None
        return rows[:, link.stop - CODE_SYMBOLS : link.stop]


def check_package(reader: PackageReader, public_pem: bytes | None) -> Iterator[Check]:
    """Check a package from its signature to its last row; stops where no more can be.

    Without the brand's public key the rest says only that nothing was damaged.
    """
    if public_pem is None:
        yield Check("signature", Verdict.NOT_CHECKED, message("name_public_key"))
    else:
        yield _check("signature", lambda: _signature(reader, public_pem))
    try:
        opened = _Opened(reader, typed(reader.manifest, _Order))
    except Conflict as fault:
        yield Check("manifest", Verdict.FAILED, fault.detail)
        return
    yield _check("sums", lambda: _sums(opened))
    yield _check("files", lambda: _files(opened))
    fits = _check("layout", lambda: _layout(opened))
    yield fits
    # Rows are only looked at by a layout that holds.
    if fits.verdict is Verdict.OK:
        yield _check("indexes", lambda: _indexes(opened))
        yield _check("rows", lambda: _rows(opened))
        yield _check("duplicates", lambda: _duplicates(opened))


def _check(name: str, look: Callable[[], Message]) -> Check:
    """Look; what is wrong is raised as Conflict."""
    try:
        return Check(name, Verdict.OK, look())
    except Conflict as fault:
        return Check(name, Verdict.FAILED, fault.detail)


def _signature(reader: PackageReader, public_pem: bytes) -> Message:
    reader.verify_signature(public_pem)
    return message("signed_by", key=reader.key_id)


def _sums(opened: _Opened) -> Message:
    """Hash each file, and hold both lists of hashes against each other."""
    reader = opened.reader
    reader.verify_hashes(lambda _done, _total: None)
    wanted = {each.path: each.sha256 for each in reader.files}
    for path in ("manifest.json", "manifest.sig"):
        wanted[path] = hashlib.sha256(reader.read(path)).hexdigest()
    lines = reader.read("SHA256SUMS").decode("utf-8", "replace").splitlines()
    listed = {path: digest for digest, _, path in (x.partition("  ") for x in lines)}
    if listed != wanted:
        wrong = sorted(path for path, _ in listed.items() ^ wanted.items())
        raise Conflict(message("sums_differ", file=shown(wrong[0])))
    return message("sums_right", count=len(wanted))


def _files(opened: _Opened) -> Message:
    """Look for files that nobody signed, or that stand twice in the archive."""
    source, listed = opened.reader.source, {x.path for x in opened.reader.files}
    if "layout.json" not in listed:
        raise Conflict(message("layout_unsigned"))
    if source.twice:
        raise Conflict(message("twice_in_archive", file=shown(source.twice[0])))
    strange = [p for p in source.sizes if p.startswith("data/") and p not in listed]
    if strange:
        raise Conflict(message("not_listed", file=shown(strange[0])))
    if not source.dropped:
        return message("all_listed")
    file, more = shown(source.dropped[0]), len(source.dropped) - 1
    if not more:
        return message("all_listed_but_one", file=file)
    return message("all_listed_but_more", file=file, more=more)


def _indexes(opened: _Opened) -> Message:
    """Count the rows of all files, and see that each index has one."""
    order = opened.order
    first, last = order.from_index, order.to_index
    rows = sum(each.rows or 0 for each in opened.data)
    if not rows == order.quantity == last - first + 1:
        raise Conflict(
            message(
                "rows_and_codes",
                rows=rows,
                quantity=order.quantity,
                first=first,
                last=last,
            )
        )
    for start in range(first, last + 1, _HELD):
        seen = np.zeros(min(_HELD, last + 1 - start), dtype=np.bool_)
        for file in opened.data:
            assert file.rows is not None
            if not file.index_step:
                raise Conflict(message("rows_of_one_index", file=shown(file.path)))
            last_index = file.first_index + (file.rows - 1) * file.index_step
            ends = (file.first_index, last_index)
            low, step = min(ends), abs(file.index_step)
            begin = low + max(0, -(-(start - low) // step)) * step
            seen[begin - start : max(0, max(ends) + 1 - start) : step] = True
        if not seen.all():
            missing = start + int(np.argmin(seen))
            raise Conflict(message("index_lacking", index=missing))
    return message("each_index_once", rows=rows)


def _layout(opened: _Opened) -> Message:
    """See that columns lie within a row, and rows fill their files."""
    layout = opened.layout
    if not any(file.rows for file in opened.data):
        raise Conflict(message("no_codes_listed"))
    link = layout.link
    if link is None or link.stop - link.start <= CODE_SYMBOLS:
        raise Conflict(message("no_column_of_links"))
    room = layout.row_bytes - len(_END)
    if any(each.offset + each.length > room for each in layout.columns):
        raise Conflict(message("columns_too_wide"))
    for file in opened.data:
        size = layout.header_bytes + (file.rows or 0) * layout.row_bytes
        size += layout.footer_bytes
        found = opened.reader.source.sizes.get(file.path, 0)
        if not size == file.bytes == found:
            raise Conflict(
                message("other_size", file=shown(file.path), found=found, size=size)
            )
    return message("layout_right", row_bytes=layout.row_bytes)


def _rows(opened: _Opened) -> Message:
    """Read every row: the same but for its columns, and those as they must be."""
    layout, prefix = opened.layout, opened.prefix
    link, grouped = layout.link, layout.slice_of("code")
    sequence = layout.slice_of("sequence")
    assert link is not None
    between = np.ones(layout.row_bytes, dtype=np.bool_)
    for each in layout.columns:
        between[each.offset : each.offset + each.length] = False
    template: Octets | None = None
    for file, start, rows in opened.blocks():
        codes = opened.codes(rows)
        if template is None:
            template = rows[0, between].copy()
        wrong = {
            message("row_parted_otherwise"): rows[:, between] != template,
            message("row_without_end"): rows[:, -len(_END) :] != list(_END),
            message("row_of_other_link"): _unlike(
                rows[:, link.start : link.stop - CODE_SYMBOLS], prefix
            ),
            message("row_of_no_code"): ~_IS_SYMBOL[codes],
        }
        if grouped is not None:
            wrong[message("row_of_other_code")] = _ungrouped(rows[:, grouped], codes)
        if sequence is not None:
            numbers = (
                file.first_index + 1 + file.index_step * (start + np.arange(len(rows)))
            )
            wrong[message("row_of_other_sequence")] = _misnumbered(
                rows[:, sequence], numbers
            )
        for what, places in wrong.items():
            bad = np.flatnonzero(places.any(axis=1))
            if bad.size:
                at = start + int(bad[0]) + 1
                raise Conflict(
                    message("wrong_row", row=at, file=shown(file.path), what=what)
                )
    return message("all_rows_right")


def _unlike(octets: Octets, text: bytes) -> Flags:
    if octets.shape[1] != len(text):
        return np.ones((len(octets), 1), dtype=np.bool_)
    differs: Flags = octets != np.frombuffer(text, dtype=np.uint8)
    return differs


def _ungrouped(grouped: Octets, codes: Octets) -> Flags:
    quads = codes.reshape(len(codes), -1, GROUP_SYMBOLS)
    hyphens = np.full((*quads.shape[:2], 1), ord("-"), dtype=np.uint8)
    wanted = np.concatenate([quads, hyphens], axis=2).reshape(len(codes), -1)[:, :-1]
    if grouped.shape != wanted.shape:
        return np.ones((len(codes), 1), dtype=np.bool_)
    differs: Flags = grouped != wanted
    return differs


def _misnumbered(digits: Octets, numbers: NDArray[np.int64]) -> Flags:
    if digits.shape[1] > _DIGITS:
        return np.ones((len(digits), 1), dtype=np.bool_)
    powers = 10 ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64)
    differs: Flags = digits != numbers[:, None] // powers % 10 + ord("0")
    return differs


def _duplicates(opened: _Opened) -> Message:
    """Look for a code that stands twice, in several passes if there are many.

    A pass holds the codes whose last signs fall to it, sorted.
    """
    quantity = sum(each.rows or 0 for each in opened.data)
    passes = -(-quantity // _HELD)
    for number in range(passes):
        held: list[NDArray[np.bytes_]] = []
        for _, _, rows in opened.blocks():
            if sum(map(len, held)) > _CROWDED:
                raise Conflict(message("not_like_codes"))
            codes = np.ascontiguousarray(opened.codes(rows))
            tails = codes[:, -4:].copy().view("<u4")[:, 0].astype(np.uint64)
            mine = tails * _SPREAD % _PRIME % passes == number
            held.append(codes[mine].view(f"S{CODE_SYMBOLS}")[:, 0])
        ordered = np.sort(np.concatenate(held))
        twice = np.flatnonzero(ordered[1:] == ordered[:-1])
        if twice.size:
            # The code itself is a secret, and logs are not.
            raise Conflict(message("code_twice"))
    return message("no_code_twice", quantity=quantity)
