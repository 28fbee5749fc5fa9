"""What an order for a package says, and which files of codes it becomes.

A file of codes is an arithmetic progression of batch indexes: lanes interleave them
(index i goes to lane i mod N) and a roll that unwinds backwards runs down. `index` is
0-based within the batch, ranges are inclusive.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from codegen.domain.batches import Batch
from codegen.domain.code_text import LinkForm
from printer_export.domain.packages.rows import Preset


class Unwind(StrEnum):
    """In which order a roll's codes stand in their file."""

    FORWARD = "forward"
    REVERSE = "reverse"


class Encryption(StrEnum):
    """How a package is closed: `none` is for the demo only."""

    NONE = "none"
    AGE = "age"
    PASSWORD = "password"  # noqa: S105 - the name of a kind, not a password


class Sheet(StrEnum):
    """Whether a package also holds its codes as labels on pages, for small runs."""

    NONE = "none"
    A4 = "a4"


# A sheet of more labels than these shows the void samples only.
MAX_LABELS: Final = 10_000


@dataclass(frozen=True, slots=True)
class PackageOrder:
    """Which codes of a batch to package, as what, for whom."""

    preset: Preset
    from_index: int
    to_index: int
    overage_percent: int = 0
    codes_per_roll: int | None = None
    lanes: int = 1
    unwind: Unwind = Unwind.FORWARD
    link_form: LinkForm = LinkForm.SHORT
    encryption: Encryption = Encryption.NONE
    age_recipients: tuple[str, ...] = ()
    sheet: Sheet = Sheet.NONE
    module_mm: float | None = None
    printhouse: str | None = None
    downloads_allowed: int = 3
    expires_after_days: int = 7
    download_by: datetime | None = None
    activate_by: datetime | None = None

    @property
    def quantity(self) -> int:
        """How many codes the package holds, overage included."""
        return self.to_index - self.from_index + 1


@dataclass(frozen=True, slots=True)
class Package:
    """An order that was taken; `sample_code_id` is the first of ten codes for samples.

    Samples are void from birth, so they are genuine and never active.
    """

    package_id: int
    batch: Batch
    order: PackageOrder
    sample_code_id: int
    ordered_by: str
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of codes: row r holds index `first_index + r * index_step`."""

    path: str
    roll: int
    lane: int
    first_index: int
    index_step: int
    rows: int


def plan_files(order: PackageOrder, suffix: str) -> Iterator[DataFile]:
    """List the files of a package in order; `roll` and `lane` count from 1."""
    per_roll = order.codes_per_roll or order.quantity
    starts = range(order.from_index, order.to_index + 1, per_roll)
    for roll, start in enumerate(starts, 1):
        end = min(start + per_roll - 1, order.to_index)
        for lane in range(min(order.lanes, end - start + 1)):
            first = start + lane
            rows = (end - first) // order.lanes + 1
            last = first + (rows - 1) * order.lanes
            backwards = order.unwind is Unwind.REVERSE
            yield DataFile(
                path=f"data/roll-{roll:05d}-lane-{lane + 1:02d}.{suffix}",
                roll=roll,
                lane=lane + 1,
                first_index=last if backwards else first,
                index_step=-order.lanes if backwards else order.lanes,
                rows=rows,
            )
