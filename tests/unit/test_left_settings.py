"""Nothing that another job left set in a printer moves or hides our label."""

from collections.abc import Iterable

import numpy as np
import pytest
import zxingcpp

from feeder.codes import Code
from feeder.drivers import printer_at
from feeder.simulators.canvas import Dots, rasterize
from feeder.simulators.dialect import Query
from feeder.simulators.paper import Sheet
from feeder.simulators.printer import DIALECTS

LINK = "HTTPS://C.EXAMPLE/A~B^C#D/C/0123456789ABCDEF"
# What moves or hides the label of whoever says nothing of it ...
ZPL_SEEN = [
    b"^LH40,60", b"^LS50", b"^LT80", b"^POI", b"^PMY", b"^LRY", b"^FWN,1", b"^CI7",
    b"^BY5,3,200", b"^PW100", b"^LL90", b"^MNN", b"^MTD", b"^MD-30", b"^MUM", b"^MUI",
    b"^MUD,150,300", b"^JMB", b"^SZ1", b"^MCN^FO0,0^BQN,2,6^FDMA,OLD^FS",
]  # fmt: skip
# ... what does so on some printers, or only to what we do not print.
ZPL_UNSEEN = [b"^FWR", b"^CI0", b"^MNM", b"^PR14", b"^CVY", b"^JZY", b"^CFB,90,90"]
ZPL_ALONE = [
    *(b"~SD00", b"~CC/", b"~CD;", b"~CC/~CT!", b"~CT!!CC/!CD;"),
    *(
        b"^XA^FO0,0^BQN,2,6^FDMA,OLD^FS",
        b"^XA^CC/",
        b"^XA^CD;^CT#^CC/",
        b"\x10CC\x10CT*",
        b"~CC~",
    ),
]
TSPL_SEEN = [
    "SIZE 10 mm,10 mm", "GAP 0 mm,0 mm", "BLINE 3 mm,0 mm", "OFFSET 12 mm",
    "DENSITY 0", "DIRECTION 1,1", "DIRECTION 1", "REFERENCE 50,60", "SHIFT 70",
    "SET RIBBON OFF", "SET PRINTKEY ON", "SET RESPONSE ON",
    'QRCODE 0,0,M,4,A,0,M2,"OLD"', 'TEXT 0,0,"2",0,1,1,"OLD"',
]  # fmt: skip
TSPL_UNSEEN = [
    *("GAP 9 mm,3 mm", "SPEED 1", "CODEPAGE GER", "DIRECTION 0", "SET REPRINT ON"),
]


def printed(scheme: str, *said: bytes) -> tuple[list[Sheet], bytes]:
    """Let a printer that was told something print; gives sheets, and its own words."""
    dialect = DIALECTS[scheme]()
    sheets: list[Sheet] = []
    for words in said:
        sheets += [x for x in dialect.receive(words) if not isinstance(x, Query)]
    return sheets, b"".join(dialect.acknowledge(sheet) for sheet in sheets[-1:])


def label(scheme: str, options: str = "") -> bytes:
    """Let the driver begin, and write a label."""
    driver = printer_at(f"{scheme}://h:9100?{options}").driver
    return driver.begin() + driver.frame(Code(0, 7, LINK))


def dots_of(sheet: Sheet) -> Dots:
    """Draw a label."""
    assert sheet.picture is not None
    return rasterize(sheet.picture)


def assert_same(scheme: str, left: Iterable[bytes]) -> None:
    """Compare the label of a fresh printer with that of one where something stays."""
    [alone], _ = printed(scheme, label(scheme))
    sheets, words = printed(scheme, *left, label(scheme))
    assert sheets[-1].text == alone.text == LINK
    assert np.array_equal(dots_of(sheets[-1]), dots_of(alone))
    assert words == b""


@pytest.mark.parametrize("scheme", ["zpl", "tspl"])
def test_a_drawn_label_is_read_back(scheme: str) -> None:
    """By a reader that we did not write; so the drawing is one."""
    [sheet], _ = printed(scheme, label(scheme))
    pixels = np.where(dots_of(sheet), np.uint8(0), np.uint8(255))
    assert [each.text for each in zxingcpp.read_barcodes(pixels)] == [LINK]


@pytest.mark.parametrize("left", [*ZPL_SEEN, *ZPL_UNSEEN], ids=bytes.decode)
def test_no_setting_of_another_zpl_format_is_seen(left: bytes) -> None:
    """Whether that format was printed, or its settings saved by hand."""
    assert_same("zpl", [b"^XA" + left + b"^XZ"])


@pytest.mark.parametrize("left", [*ZPL_ALONE, b"~CT!"], ids=repr)
def test_no_setting_outside_of_a_zpl_format_is_seen(left: bytes) -> None:
    """Darkness, and other prefixes: nothing of ours would be understood."""
    assert_same("zpl", [left])


@pytest.mark.parametrize("left", [*TSPL_SEEN, *TSPL_UNSEEN])
def test_no_setting_of_another_tspl_job_is_seen(left: str) -> None:
    """Nor does the printer speak unasked or wait for a key."""
    assert_same("tspl", [f"{left}\r\n".encode()])


@pytest.mark.parametrize(
    ("scheme", "left"),
    [
        *(("zpl", b"^XA" + each + b"^XZ") for each in ZPL_SEEN),
        *(("zpl", each) for each in ZPL_ALONE),
        *(("tspl", f"{each}\r\n".encode()) for each in TSPL_SEEN),
    ],
    ids=repr,
)
def test_the_simulator_minds_what_is_left(scheme: str, left: bytes) -> None:
    """A label that says nothing of it comes out otherwise, or not at all."""
    if scheme == "zpl":
        bare = b"^XA^FO50,50^BQN,2,4^FDMA,A#B^FS^FO50,400^A0N,20,20^FDA#B^FS^XZ"
    else:
        bare = b'QRCODE 50,50,M,4,A,0,M2,"A#B"\r\nPRINT 1,1\r\n'
    [alone], _ = printed(scheme, bare)
    sheets, words = printed(scheme, left, bare)
    assert (
        not sheets
        or words
        or sheets[-1].text != alone.text
        or not np.array_equal(dots_of(sheets[-1]), dots_of(alone))
    )


def test_a_query_is_understood_whatever_a_tilde_has_been_made() -> None:
    """A silent printer would look as if it had no media."""
    dialect = DIALECTS["zpl"]()
    driver = printer_at("zpl://h:9100").driver
    list(dialect.receive(b"~CT!!CC/"))
    assert [isinstance(x, Query) for x in dialect.receive(driver.query())] == [True]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("media=mark&ink=direct&dark=7&speed=2", (b"~SD07", b"^MTD^MNM^PR2")),
        ("media=continuous", (b"^MNN",)),
    ],
)
def test_what_a_line_has_is_said_in_its_address(
    options: str, said: tuple[bytes, ...]
) -> None:
    """Media, ribbon, darkness and speed are the line's own."""
    frame = label("zpl", options)
    assert all(words in frame for words in said)
    assert b"BLINE 2 mm,0 mm" in label("tspl", "media=mark")
    assert b"SET RIBBON OFF" in label("tspl", "ink=direct")
    assert b"GAP 0 mm,0 mm" in label("tspl", "media=continuous")
