"""Which files a package becomes, and what stands in their rows."""

import csv
import io
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain import EpochKeys, open_codes
from codegen.domain.batches import Batch, Placement
from codegen.domain.code_text import LinkForm
from core.clock import utc_datetime
from printer_export.domain.packages.orders import (
    Package,
    PackageOrder,
    Unwind,
    plan_files,
)
from printer_export.domain.packages.rows import ENCODINGS, PRINTED, Preset
from printer_export.files.building import RowSource

KEYS = EpochKeys.from_masters({0: bytes(32)})
NOW: datetime = utc_datetime(1_800_000_000_000)
BATCH = Batch(
    *(1, 0, 5_000, 10_000, "06901234567892", None, None, Placement.INSIDE),
    *(None, None, (), None, "HTTPS://CAPS.CN", LinkForm.SHORT, "ada", NOW),
)


def package(order: PackageOrder) -> Package:
    """Give a package of an order."""
    return Package(7, BATCH, order, 900, "ada", NOW)


@given(
    first=st.integers(0, 500),
    quantity=st.integers(1, 400),
    per_roll=st.none() | st.integers(1, 200),
    lanes=st.integers(1, 9),
    unwind=st.sampled_from(Unwind),
)
def test_the_files_of_an_order_hold_each_index_once(
    first: int, quantity: int, per_roll: int | None, lanes: int, unwind: Unwind
) -> None:
    """Whatever rolls, lanes and direction; lanes interleave within their roll."""
    order = PackageOrder(
        Preset.CSV,
        first,
        first + quantity - 1,
        codes_per_roll=per_roll,
        lanes=lanes,
        unwind=unwind,
    )
    seen: list[int] = []
    for data in plan_files(order, "csv"):
        indexes = [data.first_index + r * data.index_step for r in range(data.rows)]
        assert data.rows
        assert (indexes == sorted(indexes)) == (
            unwind is Unwind.FORWARD or data.rows == 1
        )
        assert {(i - first) % (per_roll or quantity) % lanes for i in indexes} == {
            data.lane - 1
        }
        seen += indexes
    assert sorted(seen) == list(range(first, first + quantity))


@pytest.mark.parametrize("preset", PRINTED)
def test_rows_read_back_as_the_codes_of_their_indexes(preset: Preset) -> None:
    """In every preset, in steps and backwards; sequences have all their digits."""
    order = PackageOrder(preset, 0, 9_999, lanes=3, unwind=Unwind.REVERSE)
    source = RowSource.of(package(order), KEYS)
    data = list(plan_files(order, "x"))[1]
    text = b"".join(source.chunks(data)).decode(
        "gb18030" if ENCODINGS[preset] == "GB18030" else "utf-8-sig"
    )
    delimiter = " " if preset is Preset.FIXED_WIDTH else ","
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    if preset not in {Preset.LINES, Preset.FIXED_WIDTH}:
        assert len(rows.pop(0)) == 3
    assert len(rows) == data.rows
    links = [row[0] if preset is Preset.LINES else row[1] for row in rows]
    codes = np.frombuffer("".join(link[-16:] for link in links).encode(), np.uint8)
    valid, code_ids = open_codes(KEYS, codes.reshape(-1, 16))
    assert valid.all()
    indexes = data.first_index + data.index_step * np.arange(data.rows)
    assert (code_ids == (BATCH.first_code_id + indexes).astype(np.uint64)).all()
    if preset is not Preset.LINES:
        assert [row[0] for row in rows] == [f"{i + 1:011d}" for i in indexes.tolist()]
        assert [row[2].replace("-", "") for row in rows] == [x[-16:] for x in links]
