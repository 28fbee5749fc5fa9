"""A package as a feeder sees it: rows in printing order."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import Conflict
from printer_export.feeder.codes import Code, RowFile, RowPlan


class Package(Protocol):
    """What is needed of an opened package."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest, parsed."""
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
                f"A package with the preset {package.manifest.get('preset')} holds no "
                "links to print; order one with lines, csv or fixed-width."
            )
        self._package = package
        self.plan = RowPlan(
            RowFile(
                path=str(file["path"]),
                rows=int(file["rows"]),
                first_index=int(file["first_index"]),
                index_step=int(file["index_step"]),
            )
            for file in package.manifest["files"]
            if "rows" in file
        )

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


def manifest_digest(manifest: Mapping[str, Any]) -> str:
    """Name a package by what its manifest says."""
    text = json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()
