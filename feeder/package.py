"""A package as a feeder sees it: rows in printing order."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import Conflict
from core.terminal import shown
from feeder.codes import Code, RowFile, RowPlan

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**40)]


class PackageFacts(msgspec.Struct, frozen=True):
    """What a feeder needs to know of a package; indexes are inclusive."""

    package_id: _Number
    batch_id: _Number
    from_index: _Number
    to_index: _Number


def facts_of(manifest: Mapping[str, Any]) -> PackageFacts:
    """Read what the manifest says; raises Conflict with a sentence."""
    try:
        return msgspec.convert(manifest, PackageFacts)
    except msgspec.ValidationError as fault:
        raise Conflict(f"The manifest is not as it must be: {fault}.") from None


class ListedFile(Protocol):
    """A file as the manifest lists it; `rows` is None for what holds no codes."""

    @property
    def path(self) -> str:
        """Its path."""
        ...

    @property
    def rows(self) -> int | None:
        """How many codes it holds."""
        ...

    @property
    def first_index(self) -> int:
        """The index of its first row."""
        ...

    @property
    def index_step(self) -> int:
        """How far the next row's index is."""
        ...


class Package(Protocol):
    """What is needed of an opened package."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest, parsed."""
        ...

    @property
    def files(self) -> Sequence[ListedFile]:
        """The files that the manifest lists."""
        ...

    @property
    def layout(self) -> Mapping[str, Any]:
        """The record layout, parsed."""
        ...

    def verify_signature(self, public_pem: bytes) -> None:
        """Raise unless the manifest is signed with this key."""
        ...

    def verify_hashes(self, progress: Callable[[int, int], None]) -> None:
        """Raise unless every file is what the manifest says."""
        ...

    def read_rows(
        self, file: str, from_row: int, count: int
    ) -> tuple[NDArray[np.int64], Sequence[str]]:
        """Read some rows of a data file: their indexes and links."""
        ...


class PackageRows:
    """The codes of a package, read in pieces.

    Raises Conflict for a package that holds no links to print.
    """

    def __init__(self, package: Package) -> None:
        columns = package.layout.get("columns") or ()
        if not any(column.get("name") == "link" for column in columns):
            raise Conflict(
                f"A package with the preset {shown(package.manifest.get('preset'))} "
                "holds no links to print; order one with lines, csv or fixed-width."
            )
        self._package = package
        self.plan = RowPlan(_row_file(each) for each in package.files if each.rows)

    def read(self, position: int, count: int) -> list[Code]:
        """Read up to `count` codes from a position on, within one file."""
        file, row = self.plan.place(position)
        wanted = min(count, file.rows - row)
        indexes, links = self._package.read_rows(file.path, row, wanted)
        codes = [
            Code(position + at, int(index), link)
            for at, (index, link) in enumerate(zip(indexes, links, strict=True))
        ]
        assert len(codes) == wanted, "a package reads whole rows"
        return codes


def _row_file(file: ListedFile) -> RowFile:
    rows, step = file.rows or 0, file.index_step
    if not step or file.first_index + (rows - 1) * step < 0:
        raise Conflict(f"The rows of {shown(file.path)} have no indexes of their own.")
    return RowFile(file.path, rows, file.first_index, step)


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """Name a package by what its manifest says."""
    text = json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
