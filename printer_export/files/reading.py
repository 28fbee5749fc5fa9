"""A package read back at the plant: a zip, one closed with a secret, or its folder."""

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Final, TypeVar

import msgspec
import numpy as np
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from numpy.typing import NDArray

from core.errors import Conflict
from core.terminal import shown
from printer_export.domain.messages import message
from printer_export.domain.packages.manifest import FORMAT
from printer_export.files.secrets import Secrets
from printer_export.files.signing import key_id_of
from printer_export.files.sources import DAMAGES, Source, open_source

# No package is larger, and 64 bits hold what is made of these numbers.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Step = Annotated[int, msgspec.Meta(ge=-(2**20), le=2**20)]
RowBytes = Annotated[int, msgspec.Meta(ge=1, le=4096)]
MarginBytes = Annotated[int, msgspec.Meta(ge=0, le=64 << 10)]
_CHUNK: Final = 1 << 20
# Lists have a line for each file; everything else that is read whole is small.
_SMALL_BYTES: Final = 64 << 10
_LINE_BYTES: Final = 1024
_DEEPEST: Final = 16
_KEY_ID: Final = re.compile(r"[0-9a-f]{16}")


class ListedFile(msgspec.Struct, frozen=True):
    """A file as the manifest lists it; `rows` is None for what holds no codes."""

    path: str
    bytes: Count
    sha256: str
    rows: Count | None = None
    first_index: Count = 0
    index_step: Step = 1


class Column(msgspec.Struct, frozen=True):
    """Where a column stands in a row, in bytes."""

    name: str
    offset: MarginBytes
    length: MarginBytes


class Layout(msgspec.Struct, frozen=True):
    """How rows stand in their files, in bytes."""

    header_bytes: MarginBytes
    row_bytes: RowBytes
    columns: Annotated[tuple[Column, ...], msgspec.Meta(max_length=16)]
    footer_bytes: MarginBytes = 0

    @property
    def link(self) -> slice | None:
        """Where a row's link stands, or what else names its code."""
        return self.slice_of("link") or self.slice_of("epc")

    def slice_of(self, name: str) -> slice | None:
        """Where a column stands in a row."""
        for each in self.columns:
            if each.name == name:
                return slice(each.offset, each.offset + each.length)
        return None


class PackageReader:
    """An open package; rows are read in any order, fastest forwards.

    `manifest` and `layout` are the parsed files, `files` and `record` what is read by
    them, `source` where all files are. Nothing is trusted before
    `verify_hashes`, nor before `verify_signature` whom it came from.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.manifest = self.read_json("manifest.json")
        if self.manifest.get("format") != FORMAT:
            raise Conflict(message("other_format"))
        self.layout = self.read_json("layout.json")
        self._open: tuple[str, IO[bytes]] | None = None
        self.files = typed(self.manifest.get("files"), tuple[ListedFile, ...])
        self.record = typed(self.layout, Layout)
        listed = [each.path for each in self.files]
        if len(set(listed)) != len(listed):
            raise Conflict(message("listed_twice"))

    def verify_signature(self, public_pem: bytes) -> None:
        """Check who signed the manifest; raises Conflict with a sentence."""
        try:
            key = load_pem_public_key(public_pem)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise Conflict(message("no_public_key"))
        try:
            key.verify(self.read("manifest.sig"), self.read("manifest.json"))
        except InvalidSignature:
            raise Conflict(
                message("signed_by_other", key=key_id_of(key), named=self.key_id)
            ) from None

    @property
    def key_id(self) -> str:
        """The key that the manifest names, if it is the name of one."""
        named = str(self.manifest.get("key_id"))
        return named if _KEY_ID.fullmatch(named) else message("names_no_key")

    def verify_hashes(self, progress: Callable[[int, int], None]) -> None:
        """Compare each file with the manifest; raises Conflict naming the first wrong.

        `progress` hears (bytes read, bytes in all).
        """
        total, done = sum(each.bytes for each in self.files), 0
        for each in self.files:
            digest = hashlib.sha256()
            with _undamaged(each.path), self.source.open(each.path) as file:
                # The length first: of a file that is too long nothing need be read.
                is_right = self.source.sizes[each.path] == each.bytes
                while is_right and (chunk := file.read(_CHUNK)):
                    digest.update(chunk)
                    done += len(chunk)
                    progress(done, total)
            if not is_right or digest.hexdigest() != each.sha256:
                raise Conflict(message("other_than_listed", file=shown(each.path)))

    def read_rows(
        self, file: str, from_row: int, count: int
    ) -> tuple[NDArray[np.int64], Sequence[str]]:
        """Read rows of a data file: their batch indexes and links."""
        entry = next(each for each in self.files if each.path == file)
        content = self.read_bytes(file, from_row, count)
        link, width = self.record.slice_of("link") or slice(0, 0), self.record.row_bytes
        if len(content) != count * width or not content.isascii():
            raise Conflict(message("rows_lacking", file=shown(file)))
        text = content.decode("ascii")
        links = [
            text[start + link.start : start + link.stop]
            for start in range(0, len(text), width)
        ]
        rows = from_row + np.arange(len(links), dtype=np.int64)
        return entry.first_index + rows * entry.index_step, links

    def read_bytes(self, file: str, from_row: int, count: int) -> bytes:
        """Read rows of a data file as they are; fewer where the file ends."""
        header, row_bytes = self.record.header_bytes, self.record.row_bytes
        with _undamaged(file):
            source = self._kept_open(file)
            source.seek(header + from_row * row_bytes)
            return source.read(count * row_bytes)

    def read(self, path: str) -> bytes:
        """Read a list or a small file; raises Conflict when there is none."""
        most = _SMALL_BYTES + _LINE_BYTES * len(self.source.sizes)
        with _undamaged(path), self.source.open(path) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise Conflict(message("too_long_a_file", file=shown(path)))
        return content

    def read_json(self, path: str) -> dict[str, Any]:
        """Read a file that holds one JSON object; raises Conflict."""
        try:
            content = json.loads(self.read(path))
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or _is_deep(content):
            raise Conflict(message("no_json_object", file=path))
        return content

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _kept_open(self, path: str) -> IO[bytes]:
        if self._open is None or self._open[0] != path:
            self.close()
            self._open = (path, self.source.open(path))
        return self._open[1]


def _is_deep(content: object) -> bool:
    """Whether parsed JSON is nested deeper than anything of ours, and than is safe."""
    level = [content]
    for _ in range(_DEEPEST):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return True


T = TypeVar("T")


def typed(content: object, kind: type[T]) -> T:
    """Make sense of what the manifest or the layout says; raises Conflict."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as fault:
        raise Conflict(message("other_manifest", why=str(fault))) from None


@contextmanager
def _undamaged(path: str) -> Iterator[None]:
    """Raise Conflict with a sentence for what is missing or cannot be read."""
    try:
        yield
    except (FileNotFoundError, KeyError):
        raise Conflict(message("file_lacking", file=shown(path))) from None
    except (*DAMAGES, zlib.error) as fault:
        raise Conflict(
            message("file_damaged", file=shown(path), why=shown(fault))
        ) from None


@contextmanager
def open_package(path: Path, secrets: Secrets | None = None) -> Iterator[PackageReader]:
    """Open a package file or the folder it was extracted to, also one folder above.

    Raises Conflict with a sentence.
    """
    with open_source(path, secrets or Secrets()) as source:
        reader = PackageReader(source)
        try:
            yield reader
        finally:
            reader.close()
