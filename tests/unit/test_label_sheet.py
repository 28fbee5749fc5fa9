"""The sheet of labels: rendered by another program, and read by two more."""

import io
import subprocess
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from codegen.domain import EpochKeys, seal
from printer_export.files.labels import LabelSheet, label_sheet
from tests.fixtures.programs import Finder

KEYS = EpochKeys.from_masters({0: bytes(32)})
SHORT = "HTTPS://CAPS.CN/C/"
DIGITAL = "HTTPS://CAPS.CN/01/06901234567892/21/"
Pixels = np.ndarray[tuple[int, int], np.dtype[np.uint8]]


def drawn(sheet: LabelSheet) -> bytes:
    """Draw a whole sheet."""
    return b"".join(label_sheet(sheet, KEYS))


def links_of(sheet: LabelSheet, first: int, count: int) -> list[str]:
    """Compute the links of some labels."""
    start = sheet.first_code_id + first
    codes = seal(KEYS, 0, np.arange(start, start + count, dtype=np.uint64))
    return [sheet.link_prefix + bytes(code).decode() for code in codes]


def rendered(
    program: Finder, tmp_path: Path, pdf: bytes, page: int, dpi: int
) -> Pixels:
    """Render a page as a printer's program does; gives its grey pixels."""
    (tmp_path / "sheet.pdf").write_bytes(pdf)
    command = [
        *(program("pdftoppm"), "-gray", "-r", str(dpi), "-f", str(page)),
        *("-l", str(page), "-aaVector", "no", str(tmp_path / "sheet.pdf")),
    ]
    done = subprocess.run(command, check=True, capture_output=True)
    assert done.stderr == b""
    with Image.open(io.BytesIO(done.stdout)) as image:
        return np.asarray(image)


@pytest.mark.parametrize(
    ("prefix", "module_mm"), [(SHORT, 0.43), (DIGITAL, 0.38), (SHORT, 1.0)]
)
def test_every_code_of_a_page_is_read_back(
    program: Finder, tmp_path: Path, prefix: str, module_mm: float
) -> None:
    """By two readers, on the last page, which is not full."""
    sheet = LabelSheet(7_000, 0, prefix, module_mm, "Test")
    per_page = sheet.grid[0] * sheet.grid[1]
    sheet = LabelSheet(7_000, per_page + 5, prefix, module_mm, "Test")
    pdf = drawn(sheet)
    for page, first, count in ((1, 0, per_page), (2, per_page, 5)):
        pixels = rendered(program, tmp_path, pdf, page, 300)
        wanted = sorted(links_of(sheet, first, count))
        read = zxingcpp.read_barcodes(pixels)
        assert sorted(each.text for each in read) == wanted
        cut = cut_out(sheet, pixels, count, tmp_path)
        said = subprocess.run(
            [program("zbarimg"), "-q", "--raw", *cut],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert said.split() == links_of(sheet, first, count)


def cut_out(sheet: LabelSheet, pixels: Pixels, count: int, folder: Path) -> list[Path]:
    """Cut a page of 300 dots an inch into its labels; zbar wants one at a time."""
    files = []
    for place in range(count):
        row, column = divmod(place, sheet.grid[0])
        top, left = 18 + row * sheet.pitch_mm[1], 10 + column * sheet.pitch_mm[0]
        box = [round(mm * 300 / 25.4) for mm in (top, left, sheet.side_mm)]
        label = pixels[box[0] : box[0] + box[2], box[1] : box[1] + box[2]]
        files.append(folder / f"{place}.png")
        Image.fromarray(label).save(files[-1])
    return files


@pytest.mark.parametrize("module_mm", [0.33, 0.43, 0.5])
def test_a_module_has_the_size_that_was_ordered(
    program: Finder, tmp_path: Path, module_mm: float
) -> None:
    """Within one percent on paper, with four white modules on all sides."""
    dpi = 900
    sheet = LabelSheet(0, 1, SHORT, module_mm, "Test")
    pixels = rendered(program, tmp_path, drawn(sheet), 1, dpi)
    dots = dpi / 25.4
    # The label begins where the head ends; its text stands below the quiet zone.
    top, left = round(18 * dots), round(10 * dots)
    side = round(sheet.side_mm * dots)
    dark = pixels[top : top + side, left : left + side] < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    for found in (rows, columns):
        extent_mm = (found[-1] - found[0] + 1) / dots
        assert extent_mm / 25 == pytest.approx(module_mm, rel=0.01)
        quiet_mm = min(found[0], side - 1 - found[-1]) / dots
        assert quiet_mm == pytest.approx(4 * module_mm, abs=0.05)


def test_many_labels_are_drawn_in_the_memory_of_few() -> None:
    """A chunk is a page at most, and the same sheet gives the same bytes."""
    sheet = LabelSheet(0, 150, SHORT, 0.43, "Test")
    assert drawn(sheet) == drawn(sheet)
    peaks = []
    for count in (200, 600):
        sheet = LabelSheet(0, count, SHORT, 0.43, "Test")
        tracemalloc.start()
        for _ in label_sheet(sheet, KEYS):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
