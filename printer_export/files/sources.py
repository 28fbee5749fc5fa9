"""Where the files of a package are: a folder, a zip, or one closed with a secret.

Whoever made it is not known yet, so all of it has bounds: the number of files, what
they unpack to, and what is held in memory. Nothing but regular files is opened.
"""

import importlib
import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from core.errors import Conflict
from core.terminal import shown
from printer_export.domain.messages import message
from printer_export.files.secrets import Secrets, open_age

# Orders have at most 100,000 files of codes (domain.packages.preflight).
MAX_FILES: Final = 101_000
_LONGEST_NAME: Final = 1024
# What such a number of names takes in a zip's directory, and somewhat more.
_DIRECTORY_BYTES: Final = 16 << 20
# Codes hardly shrink; texts and drawings do so by less than this.
_RATIO: Final = 64
_SLACK_BYTES: Final = 64 << 10
_ENCRYPTED: Final = 0x1
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_MANIFEST: Final = "manifest.json"
_DRIVE: Final = re.compile(r"[A-Za-z]:")
# What macOS, Windows, Linux desktops, NAS and office programs leave in folders.
_DROPPED: Final = frozenset({
    "__macosx", ".ds_store", ".fseventsd", ".spotlight-v100", ".trashes",
    ".temporaryitems", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin",
    "system volume information", "@eadir", "#recycle", ".directory",
})  # fmt: skip
_DROPPED_BEGINNINGS: Final = ("._", "~$", ".~lock.", ".trash-")
# What the libraries below raise for an archive that was damaged.
DAMAGES: Final = (
    *(zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError),
    *(NotImplementedError, MemoryError, OverflowError, LookupError, struct.error),
)


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a package by path, and how long each is.

    `twice` are paths that stand in an archive more than once; `dropped` is what
    systems left there, which belongs to no package.
    """

    sizes: Mapping[str, int]
    twice: tuple[str, ...]
    dropped: tuple[str, ...]
    _open: Callable[[str], IO[bytes]]

    def open(self, path: str) -> IO[bytes]:
        """Open a file; raises KeyError for one that is not there."""
        if path not in self.sizes:
            raise KeyError(path)
        return self._open(path)


@contextmanager
def open_source(path: Path, secrets: Secrets) -> Iterator[Source]:
    """Open a package's file or the folder it was extracted to.

    What is closed is decrypted to a private file without a name. Raises Conflict.
    """
    with ExitStack() as stack:
        if path.is_dir():
            yield _folder(path)
            return
        try:
            file: IO[bytes] = stack.enter_context(path.open("rb"))
        except OSError as fault:
            raise Conflict(
                message("unreadable", path=str(path), why=str(fault.strerror))
            ) from None
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Conflict(message("no_file_or_folder", path=str(path)))
        opened = open_age(path, file, secrets)
        if opened is not None:
            file = stack.enter_context(opened)
        yield stack.enter_context(_zip(path, file, secrets))


def _folder(path: Path) -> Source:
    base = path.resolve()
    found: dict[str, int] = {}
    for folder, _, names in os.walk(base, onerror=_raise):
        for name in names:
            file = Path(folder, name)
            about = file.lstat()
            # A link may lead anywhere, and a pipe never ends.
            if stat.S_ISREG(about.st_mode):
                found[file.relative_to(base).as_posix()] = about.st_size
        _bound(len(found), path)
    if _MANIFEST not in {PurePosixPath(each).name for each in found}:
        closed = sorted(x for x in found if x.endswith((".zip", ".age")))
        if closed:
            raise Conflict(
                message("no_package_but", path=str(path), name=shown(closed[0]))
            )

    def open_file(name: str) -> IO[bytes]:
        descriptor = os.open(base / name, os.O_RDONLY | os.O_NOFOLLOW)
        return os.fdopen(descriptor, "rb")

    return _arrange(path, list(found.items()), open_file)


def _raise(fault: OSError) -> None:
    raise Conflict(
        message("unreadable", path=str(fault.filename), why=str(fault.strerror))
    )


@contextmanager
def _zip(path: Path, file: IO[bytes], secrets: Secrets) -> Iterator[Source]:
    length = os.fstat(file.fileno()).st_size
    try:
        archive = zipfile.ZipFile(_BoundedFile(file))
    except DAMAGES:
        raise Conflict(message("no_zip", path=str(path))) from None
    with archive:
        members = [x for x in archive.infolist() if not x.filename.endswith("/")]
        _bound(len(members), path)
        if any(each.flag_bits & _ENCRYPTED for each in members):
            module = importlib.import_module("printer_export.files.password")
            bounds = (MAX_FILES, _RATIO * length + _SLACK_BYTES)
            with module.unlock_zip(path, file, secrets, bounds) as unlocked:
                files = [(name, size) for name, _, size in unlocked.files]
                yield _arrange(path, files, unlocked.open)
            return
        if any(each.compress_type not in _METHODS for each in members):
            raise Conflict(message("other_compression", path=str(path)))
        packed = sum(each.compress_size for each in members)
        if packed > length or any(
            each.file_size > _RATIO * each.compress_size + _SLACK_BYTES
            for each in members
        ):
            raise Conflict(message("unpacks_too_far", path=str(path)))
        infos = {each.filename.replace("\\", "/"): each for each in members}
        files = [(each.filename, each.file_size) for each in members]
        yield _arrange(path, files, lambda name: archive.open(infos[name]))


def _arrange(
    path: Path, files: Iterable[tuple[str, int]], opener: Callable[[str], IO[bytes]]
) -> Source:
    """Find the manifest, perhaps some folders down, and name files from there."""
    sizes: dict[str, int] = {}
    twice, dropped = [], []
    for raw, size in files:
        name = raw.replace("\\", "/")
        parts = name.split("/")
        if ".." in parts or _DRIVE.match(name) or len(name) > _LONGEST_NAME:
            raise Conflict(message("leads_out", path=str(path), name=shown(name)))
        if name.startswith("/") or "" in parts or "\0" in name:
            raise Conflict(message("no_right_name", path=str(path), name=shown(name)))
        if any(_is_dropped(part) for part in parts):
            dropped.append(name)
        elif name in sizes:
            twice.append(name)
        else:
            sizes[name] = size
    root = _root(path, sizes)
    within = {name[len(root) :]: x for name, x in sizes.items() if _under(name, root)}
    return Source(
        within,
        tuple(name[len(root) :] for name in twice if _under(name, root)),
        tuple(dropped),
        lambda name: opener(root + name),
    )


def _under(name: str, root: str) -> bool:
    return name.startswith(root)


def _root(path: Path, sizes: Mapping[str, int]) -> str:
    """Tell in which folder the manifest is: empty, or a path that ends in a slash."""
    found = [name for name in sizes if PurePosixPath(name).name == _MANIFEST]
    depths = [name.count("/") for name in found]
    highest = [x for x, y in zip(found, depths, strict=True) if y == min(depths)]
    if not highest:
        raise Conflict(message("no_manifest", path=str(path), name=_MANIFEST))
    if len(highest) > 1:
        one = shown(PurePosixPath(min(highest)).parent)
        raise Conflict(message("several_packages", path=str(path), name=one))
    return highest[0][: -len(_MANIFEST)]


def _is_dropped(part: str) -> bool:
    folded = part.casefold()
    return folded in _DROPPED or folded.startswith(_DROPPED_BEGINNINGS)


def _bound(count: int, path: Path) -> None:
    if count > MAX_FILES:
        raise Conflict(message("too_many_in_package", path=str(path)))


class _BoundedFile(io.BufferedIOBase):
    """A file that gives no more at once than the directory of a package's zip has."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        """Read; raises BadZipFile for what no package needs."""
        most = _DIRECTORY_BYTES + 1
        content = self._file.read(most if size is None or size < 0 else min(size, most))
        if len(content) == most:
            raise zipfile.BadZipFile("too large a directory")
        return content

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Tell where it is."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Say that it can move."""
        return True
