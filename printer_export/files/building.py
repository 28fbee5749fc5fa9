"""Building a package: one pass over its codes, in constant memory."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from codegen.domain import EpochKeys, seal, seal_into
from codegen.domain.code_text import LinkForm, cap_link_prefix
from codegen.domain.ranges import SERIAL_BITS, SERIALS_PER_EPOCH
from codegen.domain.symbols import CODE_SYMBOLS
from printer_export.domain.epcis.wording import frame_commissioning
from printer_export.domain.packages.manifest import (
    FileFact,
    code_prefix_of,
    drawn_version,
    link_prefix_of,
    word_layout,
    word_manifest,
    word_sums,
)
from printer_export.domain.packages.orders import (
    MAX_LABELS,
    DataFile,
    Package,
    Sheet,
    plan_files,
)
from printer_export.domain.packages.rows import (
    Octets,
    Preset,
    RowLayout,
    blank_rows,
    epcis_layout,
    fill_rows,
    row_layout,
    suffix_of,
)
from printer_export.domain.symbols import (
    USUAL_MASK,
    encode_symbols,
    symbol_size,
    unpack_symbol,
    version_for,
)
from printer_export.files.archive import Member, ZipLock, zip_stream
from printer_export.files.images import cap_module_mm, eps_image, png_image, svg_image
from printer_export.files.labels import LabelSheet, label_sheet
from printer_export.files.sheets import phone_test_sheet
from printer_export.files.signing import SigningKey
from printer_export.files.writing import BLOCK_ROWS

SAMPLES: Final = 10
_READMES: Final = {"README.en.txt": "readme_en.txt", "README.zh.txt": "readme_zh.txt"}


@dataclass(slots=True)
class _Hashing:
    """Passes a file's chunks on, and knows its length and SHA-256 afterwards."""

    chunks: Iterable[bytes]
    size_bytes: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.digest.update(chunk)
            self.size_bytes += len(chunk)
            yield chunk


def stream_package(
    package: Package,
    keys: EpochKeys,
    signing_key: SigningKey,
    lock: ZipLock | None = None,
) -> Iterator[bytes]:
    """Yield the whole zip, from a README to SHA256SUMS, in chunks.

    The same package gives the same bytes.
    """
    yield from zip_stream(
        _members(package, keys, signing_key), package.ordered_at, lock
    )


def _members(
    package: Package, keys: EpochKeys, signing_key: SigningKey
) -> Iterator[Member]:
    facts: list[FileFact] = []
    for path, chunks, data in list_files(package, keys):
        hashing = _Hashing(chunks)
        yield path, hashing
        facts.append(
            FileFact(path, hashing.size_bytes, hashing.digest.hexdigest(), data)
        )
    manifest = word_manifest(package, facts, signing_key.key_id)
    signature = signing_key.sign(manifest)
    for path, content in (("manifest.json", manifest), ("manifest.sig", signature)):
        yield path, [content]
        facts.append(FileFact(path, len(content), hashlib.sha256(content).hexdigest()))
    yield "SHA256SUMS", [word_sums(facts)]


def list_files(
    package: Package, keys: EpochKeys
) -> Iterator[tuple[str, Iterable[bytes], DataFile | None]]:
    """List the files that a manifest covers, each with its chunks."""
    order = package.order
    for path, template in _READMES.items():
        yield path, [_word_readme(package, template)], None
    source = RowSource.of(package, keys)
    yield "layout.json", [word_layout(order.preset, source.layout)], None
    for path, image in sample_files(package, keys):
        yield path, [image], None
    if order.sheet is Sheet.A4:
        path, sheet = plan_sheet(package)
        yield path, label_sheet(sheet, keys), None
    for data in plan_files(order, suffix_of(order.preset)):
        yield data.path, source.chunks(data), data


def _word_readme(package: Package, template: str) -> bytes:
    text = (Path(__file__).parent / template).read_text(encoding="utf-8")
    order = package.order
    return text.format(
        package_id=package.package_id,
        batch_id=package.batch.batch_id,
        quantity=order.quantity,
        from_index=order.from_index,
        to_index=order.to_index,
        preset=order.preset.value,
    ).encode()


def sample_links(package: Package, keys: EpochKeys) -> list[str]:
    """Give the links of the ten sample codes, in the form that was ordered."""
    first = package.sample_code_id
    serial = first & (SERIALS_PER_EPOCH - 1)
    serials = np.arange(serial, serial + SAMPLES, dtype=np.uint64)
    codes = seal(keys, first >> SERIAL_BITS, serials)
    prefix = link_prefix_of(package)
    return [prefix + bytes(code).decode() for code in codes]


def sample_files(package: Package, keys: EpochKeys) -> Iterator[tuple[str, bytes]]:
    """Yield the samples' images with their texts, and the phone test sheet.

    A link that no small symbol holds, or that is not all upper case, has texts only.
    """
    links = sample_links(package, keys)
    drawn = drawn_version(link_prefix_of(package))
    for number, link in enumerate(links, 1):
        stem = f"samples/{number:02d}"
        if drawn is not None:
            text = np.frombuffer(link.encode(), dtype=np.uint8).reshape(1, -1)
            symbol = encode_symbols(text, version=drawn, mask=USUAL_MASK)[0]
            matrix = unpack_symbol(symbol)
            module_mm = module_mm_of(package, drawn)
            yield f"{stem}.svg", svg_image(matrix, module_mm=module_mm)
            yield f"{stem}.png", png_image(matrix, module_mm=module_mm)
            yield f"{stem}.eps", eps_image(matrix, module_mm=module_mm)
        yield f"{stem}.txt", link.encode() + b"\n"
    if drawn is not None:
        yield "phone-test.pdf", phone_test_sheet(_sheet_links(package, links[0]))


def module_mm_of(package: Package, version: int) -> float:
    """Give the module that was ordered, or else the one that fits a cap."""
    return package.order.module_mm or cap_module_mm(symbol_size(version))


def plan_sheet(package: Package) -> tuple[str, LabelSheet]:
    """Say what the sheet of labels shows, and its path: the codes, or the samples."""
    order, prefix = package.order, link_prefix_of(package)
    version = drawn_version(prefix)
    assert version is not None, "an order for a sheet without symbols is refused"
    module_mm = module_mm_of(package, version)
    named = f"Package {package.package_id}"
    if order.quantity > MAX_LABELS:
        caption = f"{named}: samples, never activated"
        first, count = package.sample_code_id, SAMPLES
        return "proof.pdf", LabelSheet(first, count, prefix, module_mm, caption)
    first = package.batch.first_code_id + order.from_index
    caption = f"{named}, indexes {order.from_index} to {order.to_index}"
    sheet = LabelSheet(first, order.quantity, prefix, module_mm, caption)
    return "data/sheet.pdf", sheet


def _sheet_links(package: Package, link: str) -> list[tuple[str, str]]:
    """Give the first sample in each form that its batch allows."""
    batch, code = package.batch, link[-CODE_SYMBOLS:]
    short = cap_link_prefix(batch.link_base, LinkForm.SHORT, None) + code
    links = [("短链接 Short link", short)]
    if batch.gtin is not None:
        long = cap_link_prefix(batch.link_base, LinkForm.GS1, batch.gtin) + code
        if version_for(len(long)) is not None:
            links.append(("数字链接 Digital Link", long))
    return links


@dataclass(frozen=True, slots=True)
class RowSource:
    """Seals and lays out the rows of a package's files of codes."""

    package: Package
    keys: EpochKeys
    layout: RowLayout

    @classmethod
    def of(cls, package: Package, keys: EpochKeys) -> "RowSource":
        """Lay out the rows of a package."""
        prefix = code_prefix_of(package).encode()
        batch, preset = package.batch, package.order.preset
        if preset is not Preset.EPCIS:
            return cls(package, keys, row_layout(preset, prefix))
        header, footer = frame_commissioning(
            batch.lot, batch.produced_on, package.ordered_at
        )
        return cls(package, keys, epcis_layout(header, prefix, footer))

    def chunk_lengths(self, data: DataFile) -> list[int]:
        """Tell how long the chunks of a file are, without making them."""
        full, rest = divmod(data.rows, BLOCK_ROWS)
        rows = [BLOCK_ROWS] * full + [rest] * bool(rest)
        lengths = [count * self.layout.row_bytes for count in rows]
        return [len(self.layout.header), *lengths, len(self.layout.footer)]

    def chunks(self, data: DataFile) -> Iterator[bytes]:
        """Yield a whole file, from its header to its footer."""
        if self.layout.header:
            yield self.layout.header
        size = min(data.rows, BLOCK_ROWS)
        rows = blank_rows(self.layout, size)
        codes = np.empty((size, CODE_SYMBOLS), dtype=np.uint8)
        for start in range(0, data.rows, size):
            count = min(size, data.rows - start)
            self.fill(data, start, rows[:count], codes[:count])
            yield rows[:count].tobytes()
        if self.layout.footer:
            yield self.layout.footer

    def fill(self, data: DataFile, start: int, rows: Octets, codes: Octets) -> None:
        """Write the file's rows from row `start` on into (n, row_bytes) `rows`."""
        step = data.index_step
        first_index = data.first_index + start * step
        first_serial = self.package.batch.first_serial + first_index
        serials = (first_serial + step * np.arange(len(rows))).astype(np.uint64)
        seal_into(self.keys, self.package.batch.epoch, serials, codes)
        fill_rows(self.layout, rows, codes, first_index, step)
        separator_at = self.layout.separator_at
        if separator_at is not None:
            rows[:, separator_at] = ord(",")
            if start + len(rows) == data.rows:
                rows[-1, separator_at] = ord(" ")

    def rows(self, data: DataFile, start: int, count: int) -> Octets:
        """Return some rows of a file as (count, row_bytes) uint8."""
        rows = blank_rows(self.layout, count)
        self.fill(data, start, rows, np.empty((count, CODE_SYMBOLS), dtype=np.uint8))
        return rows
