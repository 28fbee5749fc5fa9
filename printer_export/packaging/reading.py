"""A package read back at the plant: a zip, one closed with age, or its folder."""

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Final, TypeVar

import msgspec
import numpy as np
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from numpy.typing import NDArray

from core.errors import Conflict
from printer_export.domain.manifest import FORMAT
from printer_export.signing import key_id_of

# No package is larger, and 64 bits hold what is made of these numbers.
Count = Annotated[int, msgspec.Meta(ge=0, le=2**40)]
Step = Annotated[int, msgspec.Meta(ge=-(2**20), le=2**20)]
# What the libraries below raise for an archive that was damaged.
_DAMAGES: Final = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError),
)
_AGE: Final = b"age-encryption.org/v1"
_CHUNK: Final = 1 << 20
_ENCRYPTED: Final = 0x1


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
    offset: Count
    length: Count


class Layout(msgspec.Struct, frozen=True):
    """How rows stand in their files, in bytes."""

    header_bytes: Count
    row_bytes: Count
    columns: tuple[Column, ...]
    footer_bytes: Count = 0

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
    them, `paths` names all files there are. Nothing is trusted before
    `verify_hashes`, nor before `verify_signature` whom it came from.
    """

    def __init__(self, root: "zipfile.Path | Path", paths: Sequence[str]) -> None:
        self._root = root
        self.paths = paths
        self.manifest = self.read_json("manifest.json")
        if self.manifest.get("format") != FORMAT:
            raise Conflict("This is no package of codes, or a newer kind of one.")
        self.layout = self.read_json("layout.json")
        self._open: tuple[str, IO[bytes]] | None = None
        self.files = typed(self.manifest.get("files"), tuple[ListedFile, ...])
        self.record = typed(self.layout, Layout)

    def verify_signature(self, public_pem: bytes) -> None:
        """Check who signed the manifest; raises Conflict with a sentence."""
        try:
            key = load_pem_public_key(public_pem)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise Conflict("The key is no Ed25519 public key in PEM.")
        try:
            key.verify(self.read("manifest.sig"), self.read("manifest.json"))
        except InvalidSignature:
            raise Conflict(
                f"The manifest is not signed by this key ({key_id_of(key)}); it names "
                f"{self.manifest.get('key_id')}. Print nothing, and ask the brand."
            ) from None

    def verify_hashes(self, progress: Callable[[int, int], None]) -> None:
        """Compare each file with the manifest; raises Conflict naming the first wrong.

        `progress` hears (bytes read, bytes in all).
        """
        total, done = sum(each.bytes for each in self.files), 0
        for each in self.files:
            digest = hashlib.sha256()
            with _undamaged(each.path), self._stream(each.path) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    done += len(chunk)
                    progress(done, total)
            if digest.hexdigest() != each.sha256:
                raise Conflict(
                    f"{each.path} is not what the manifest says; the package was "
                    "damaged or changed. Print nothing, and download it again."
                )

    def read_rows(
        self, file: str, from_row: int, count: int
    ) -> tuple[NDArray[np.int64], Sequence[str]]:
        """Read rows of a data file: their batch indexes and links."""
        entry = next(each for each in self.files if each.path == file)
        content = self.read_bytes(file, from_row, count)
        link = self.record.slice_of("link") or slice(0, 0)
        links = [
            content[start + link.start : start + link.stop].decode("ascii")
            for start in range(0, len(content), self.record.row_bytes)
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
        """Read a small file; raises Conflict when there is none."""
        with _undamaged(path), self._stream(path) as file:
            return file.read()

    def read_json(self, path: str) -> dict[str, Any]:
        """Read a file that holds one JSON object; raises Conflict."""
        try:
            content = json.loads(self.read(path))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise Conflict(f"{path} holds no JSON object; the package was damaged.")
        return content

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def _kept_open(self, path: str) -> IO[bytes]:
        if self._open is None or self._open[0] != path:
            self.close()
            self._open = (path, self._stream(path))
        return self._open[1]

    def _stream(self, path: str) -> IO[bytes]:
        if path.startswith("/") or ".." in path.split("/"):
            raise Conflict(f"A package has no file {path!r}.")
        stream: IO[bytes] = (self._root / path).open("rb")
        return stream


T = TypeVar("T")


def typed(content: object, kind: type[T]) -> T:
    """Make sense of what the manifest or the layout says; raises Conflict."""
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as fault:
        raise Conflict(
            f"The manifest or the layout is not as it must be: {fault}."
        ) from None


@contextmanager
def _undamaged(path: str) -> Iterator[None]:
    """Raise Conflict with a sentence for what is missing or cannot be read."""
    try:
        yield
    except (FileNotFoundError, KeyError):
        raise Conflict(f"The package lacks {path}.") from None
    except _DAMAGES as fault:
        raise Conflict(
            f"{path} cannot be read ({fault}); the package was damaged. Print nothing, "
            "and download it again."
        ) from None


@contextmanager
def open_package(
    path: Path, *, identity: Path | None = None
) -> Iterator[PackageReader]:
    """Open a package file or the folder it was extracted to.

    One closed with age needs the file of an identity, and is decrypted to a private
    temporary file while it is open. Raises Conflict with a sentence.
    """
    if path.is_dir():
        files = (each for each in path.rglob("*") if each.is_file())
        yield from _reading(path, [each.relative_to(path).as_posix() for each in files])
        return
    try:
        with path.open("rb") as file:
            sealed = file.read(len(_AGE)) == _AGE
    except OSError as fault:
        raise Conflict(f"Cannot read {path}: {fault.strerror}.") from None
    if not sealed:
        yield from _reading_zip(path)
        return
    if identity is None:
        raise Conflict(
            f"{path} is closed with age; name the file of your identity: --identity."
        )
    # Made readable by its owner only, and gone with the last handle.
    with tempfile.NamedTemporaryFile(suffix=".zip") as opened:
        _decrypt(path, identity, opened)
        yield from _reading_zip(Path(opened.name))


def _decrypt(path: Path, identity: Path, out: Any) -> None:
    try:
        lines = identity.read_text().splitlines()
        keys = [
            pyrage.x25519.Identity.from_str(line.strip())
            for line in lines
            if line.strip() and not line.startswith("#")
        ]
        with path.open("rb") as sealed:
            pyrage.decrypt_io(sealed, out, keys)
        out.flush()
    except (pyrage.DecryptError, pyrage.IdentityError, OSError) as fault:
        raise Conflict(f"{path} does not open with {identity}: {fault}.") from None


def _reading_zip(path: Path) -> Iterator[PackageReader]:
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGES:
        raise Conflict(
            f"{path} is no zip file, or a part of one, or it was damaged."
        ) from None
    with archive:
        if any(each.flag_bits & _ENCRYPTED for each in archive.infolist()):
            raise Conflict(
                f"{path} has a password; extract it with 7-Zip first, and name the "
                "folder instead."
            )
        # Listed before zipfile.Path adds folders that no member is.
        paths = archive.namelist()
        yield from _reading(zipfile.Path(archive), paths)


def _reading(
    root: "zipfile.Path | Path", paths: Sequence[str]
) -> Iterator[PackageReader]:
    reader = PackageReader(root, paths)
    try:
        yield reader
    finally:
        reader.close()
