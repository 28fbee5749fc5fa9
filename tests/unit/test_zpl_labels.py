"""Labels as a renderer draws them that we did not write, and as two readers read them.

The renderer knows what the language says and what a ZD621 was seen to do, which is
not the same.
"""

import asyncio
import subprocess
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray
from zplkit import Options, render

from feeder.codes import Code
from feeder.drivers import printer_at
from feeder.drivers.labels import QUIET_MODULES, modules_of
from feeder.drivers.zpl import zpl_layout
from feeder.limits import Marks
from feeder.run import Feeder
from tests.fixtures.line_printers import QUICK, NumberedRows, Printer, new_journal
from tests.fixtures.programs import Finder

Profile = Literal["specification", "zd621"]
Dots = NDArray[np.bool_]

CODE = "0123456789ABCDEF"
SHORT = f"HTTPS://C.EXAMPLE/C/{CODE}"
DIGITAL = f"HTTPS://CAPS.EXAMPLE/01/06901234567892/21/{CODE}"
LOWER = f"https://c.example/C/{CODE}"
LOWER_DIGITAL = f"https://caps.example/01/06901234567892/21/{CODE}"
STRANGE = f"https://c.example/a^b~c_d%20e\\f/C/{CODE}"
UNKNOWN = (
    *(b"\x10CT~\x10CD,\x10CC^~JX~SD15", b"^SZ2", b"^MUD,300,300", b"^JMA", b"^MCY"),
    *(b"^JZN", b"^MTT", b"^MNY", b"^PR4", b"^MD0", b"^PQ1,0,1,Y"),
)
OPTIONS = [
    {},
    {"mag": 2, "dpi": 203},
    {"mag": 3, "dpi": 203},
    {"mag": 5, "x": 40, "y": 31},
    {"mag": 10, "dpi": 600, "width": 30, "height": 30},
    {"text": 0},
    {"text": 40, "width": 40, "height": 30},
]


def drawn(
    labels: bytes, options: dict[str, int], profile: Profile
) -> list[tuple[Dots, bytes]]:
    """Render labels; gives the dots and the PNG of each."""
    # The renderer draws one label each, and has no printer whose settings could stay.
    assert labels.count(b"^PQ1") == labels.count(b"^XZ")
    for unknown in UNKNOWN:
        labels = labels.replace(unknown, b"")
    given = {name: str(value) for name, value in options.items()}
    layout, dpi = zpl_layout(given), options.get("dpi", 300)
    size = Options(profile=profile, width=layout.width, height=layout.height, dpi=dpi)
    found = []
    for scene in render(labels, size).labels:
        raster = scene.rasterize()
        pixels = np.frombuffer(raster.pixels, dtype=np.uint8)
        dots = pixels.reshape(raster.height, raster.width) < 128
        found.append((dots, scene.png()))
    return found


def label_of(link: str, options: dict[str, int]) -> bytes:
    """Let the driver write a label."""
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return printer_at(f"zpl://h:9100?{query}").driver.frame(Code(0, 7, link))


def read_by_zbar(program: Finder, png: bytes, folder: Path) -> str:
    """Read a picture with zbar."""
    (folder / "label.png").write_bytes(png)
    command = [program("zbarimg"), "-q", "--raw", str(folder / "label.png")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def read_by_zxing(dots: Dots) -> list[str]:
    """Read a picture with zxing."""
    pixels = np.where(dots, np.uint8(0), np.uint8(255))
    return [each.text for each in zxingcpp.read_barcodes(pixels)]


@pytest.mark.parametrize("profile", ["specification", "zd621"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("link", [SHORT, DIGITAL, LOWER, LOWER_DIGITAL, STRANGE])
def test_a_label_is_read_back_and_has_its_size_and_quiet_zone(
    program: Finder,
    tmp_path: Path,
    link: str,
    options: dict[str, int],
    profile: Profile,
) -> None:
    """Each module is as many dots as asked, and four modules around stay white."""
    [(dots, png)] = drawn(label_of(link, options), options, profile)
    assert read_by_zxing(dots) == [link]
    assert read_by_zbar(program, png, tmp_path).rstrip("\n") == link
    layout = zpl_layout({name: str(value) for name, value in options.items()})
    mag, modules = layout.magnification, modules_of(link)
    quiet, side = QUIET_MODULES * mag, modules * mag
    zone = dots[
        layout.y - quiet : layout.y + side + quiet,
        layout.x - quiet : layout.x + side + quiet,
    ]
    symbol = zone[quiet:-quiet, quiet:-quiet]
    assert zone.shape == (side + 2 * quiet, side + 2 * quiet)
    assert zone.sum() == symbol.sum(), "something stands in the quiet zone"
    cells = symbol.reshape(modules, mag, modules, mag)
    assert (cells.all(axis=(1, 3)) == cells.any(axis=(1, 3))).all()
    below = dots[layout.y + side + quiet :]
    assert below.any() == bool(layout.text_height)
    assert not below[:, -2:].any(), "the readable code is cut off"


@pytest.mark.parametrize(
    "left",
    [
        "^BY3,2,90",
        "^LH30,40",
        "^LS20",
        "^LT30",
        "^POI",
        "^PMY",
        "^LRY",
        "^FWR",
        "^PW90",
    ],
)
def test_what_another_program_left_in_the_printer_moves_no_symbol(left: str) -> None:
    """Printers keep these from label to label, and this renderer keeps them too."""
    label = label_of(SHORT, {})
    [(alone, _)] = drawn(label, {}, "zd621")
    foreign = f"^XA{left}^FO10,10^BCN,90,N,N,N^FD12^FS^PQ1,0,1,Y^XZ\r\n".encode()
    [_, (after, _)] = drawn(foreign + label, {}, "zd621")
    assert (alone == after).all()


async def test_what_reaches_the_paper_is_read_back(tmp_path: Path) -> None:
    """The bytes that a simulated printer printed, drawn by the other renderer."""
    rows, printer = NumberedRows(40), Printer("zpl")
    async with asyncio.timeout(60), printer.listening() as port:
        url = f"zpl://127.0.0.1:{port}?mag=3"
        with new_journal(tmp_path / "a.journal", rows, url) as journal:
            await Feeder(
                rows, printer_at(url), journal, Marks(5, 20), timing=QUICK
            ).run()
    paper = b"".join(sheet.frame for sheet in printer.paper.sheets)
    read = [read_by_zxing(dots) for dots, _ in drawn(paper, {"mag": 3}, "zd621")]
    assert read == [[code.link] for code in rows.read(0, 40)]
