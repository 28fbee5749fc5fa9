"""What the drivers write and read, byte by byte."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from feeder.codes import Code
from feeder.drivers import Driver, printer_at
from feeder.drivers.labels import modules_of
from feeder.drivers.tspl import quote
from feeder.drivers.zpl import escape
from feeder.printer_replies import UNKNOWN, Printed, Readiness, Refused, Status
from feeder.window import Window

LINK = "HTTPS://C.EXAMPLE/C/0123456789ABCDEF"
CODE = Code(0, 7, LINK)
HS = (
    b"\x02030,0,0,0203,004,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,0,0,0,2,4,0,00000003,1,000\x03\r\n"
    b"\x021234,0\x03\r\n"
)


def driver(url: str) -> Driver:
    """Give the driver of an address."""
    return printer_at(url).driver


def test_zpl_writes_a_label_with_its_quiet_zone_and_the_readable_code() -> None:
    """300 dpi, 25 mm, four dots a module, four modules free around it."""
    assert driver("zpl://h:9100").frame(CODE) == (
        b"\x10CT~\x10CD,\x10CC^~JX~SD15^XA^SZ2^MUD,300,300^JMA^MCY^CI28^CVN^JZN"
        b"^MTT^MNY^PR4^MD0^PW295^LL295^LH0,0^LS0^LT0^PON^PMN^LRN^FWN,0^BY2,3,1"
        b"^FO16,16^BQN,2,4^FH_^FDMA,HTTPS://C.EXAMPLE/C/0123456789ABCDEF^FS"
        b"^FO16,134^A0N,20,20^FD0123-4567-89AB-CDEF^FS^PQ1,0,1,Y^XZ\r\n"
    )


def test_a_symbol_that_does_not_fit_is_refused() -> None:
    """In one sentence, before anything is sent."""
    with pytest.raises(InvalidInput, match="do not fit"):
        driver("zpl://h:9100?width=10&mag=6").frame(CODE)
    with pytest.raises(InvalidInput, match="do not fit"):
        driver("tspl://h:9100?width=10&cell=6").frame(CODE)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("dpi=300", b'TEXT 16,132,"2",'),
        ("dpi=203&cell=3", b'TEXT 12,99,"1",'),
        ("dpi=203&cell=4&height=17", None),
        ("dpi=203&cell=2&width=18", None),
        ("dpi=203&text=0", None),
    ],
)
def test_a_tspl_label_shows_its_code_where_all_of_it_fits(
    options: str, said: bytes | None
) -> None:
    """Font 2 has 12 by 20 dots a letter, font 1 has 8 by 12 (TSC manual)."""
    label = driver(f"tspl://h:9100?{options}").frame(CODE)
    assert said in label if said else b"TEXT" not in label


@given(st.text(max_size=40))
def test_zpl_field_data_has_nothing_that_zpl_would_obey(text: str) -> None:
    """And what `^FH_` makes of it is the text again."""
    written = escape(text)
    assert not set("^~\x00\r\n\x1b") & set(written)
    assert written.isascii()
    back = re.sub(
        rb"_([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), written.encode()
    )
    assert back.decode() == text


@given(st.lists(st.integers(0, 3 * len(HS)), max_size=8))
def test_a_host_status_is_read_however_it_is_cut(cuts: list[int]) -> None:
    """Three answers in pieces are three answers."""
    stream, zpl = HS * 3, driver("zpl://h:9100")
    edges = [0, *sorted(cuts), len(stream)]
    found = [
        answer
        for start, end in pairwise(edges)
        for answer in zpl.read(stream[start:end])
    ]
    assert found == [Status(Readiness.READY, waiting=7)] * 3


def test_zpl_faults_are_named_and_half_a_status_is_none() -> None:
    """A status without its second string says nothing, and a new one starts anew."""
    zpl = driver("zpl://h:9100")
    assert zpl.read(HS[:30] + b"\x02030,1,0,0203,001,0,0,1,000,0,0,0\x03") == []
    assert zpl.read(b"\x02000,0,1,1,0,2,4,0,00000000,1,000\x03") == [
        Status(
            Readiness.FAULT,
            waiting=1,
            detail="media out, head open, ribbon out",
            half_frame=True,
        )
    ]
    assert zpl.read(b"\x02000,0,1,1,0,2,4,0,00000000,1,000\x03") == []
    assert zpl.read(HS.replace(b"004,0,", b"004,1,", 1))[0] == Status(
        Readiness.FULL, waiting=7
    )


def test_tspl_writes_a_label_and_reads_status_bytes() -> None:
    """Idle counts nothing waiting; busy counts nothing at all."""
    tspl = driver("tspl://h:9100")
    assert tspl.begin() == b"\r\n"
    assert tspl.frame(CODE) == (
        b"SIZE 25 mm,25 mm\r\nGAP 2 mm,0 mm\r\nOFFSET 0 mm\r\nSPEED 4\r\n"
        b"DENSITY 8\r\nDIRECTION 1,0\r\nREFERENCE 0,0\r\nSHIFT 0\r\n"
        b"CODEPAGE 850\r\nSET RIBBON ON\r\nSET PRINTKEY OFF\r\n"
        b"SET REPRINT OFF\r\nSET RESPONSE OFF\r\n"
        b'CLS\r\nQRCODE 16,16,M,4,A,0,M2,"HTTPS://C.EXAMPLE/C/0123456789ABCDEF"\r\n'
        b'TEXT 16,132,"2",0,1,1,"0123-4567-89AB-CDEF"\r\nPRINT 1,1\r\n'
    )
    assert tspl.read(b"\x00\x20\x0d") == [
        Status(Readiness.READY, waiting=0),
        Status(Readiness.READY, waiting=UNKNOWN),
        Status(Readiness.FAULT, detail="head open, media out, ribbon out"),
    ]
    assert quote('a"b') == '"a\\["]b"'
    with pytest.raises(InvalidInput):
        quote("a\r\nPRINT 9,9")


def test_the_generic_template_speaks_as_the_integrators_page_says() -> None:
    """Halves wait, noise is passed over."""
    line = driver("template://h:1")
    assert line.frame(CODE) == b"\x027|" + LINK.encode() + b"\r"
    assert line.read(b"noise\x067\rS 3,-,full\r\x15") == [
        Printed(7),
        Status(Readiness.FULL, waiting=3, detail="full"),
    ]
    assert line.read(b"8\rS 0,8,ready\r") == [
        Refused(8, "refused"),
        Status(Readiness.READY, waiting=0, last_index=8),
    ]


def test_the_template_of_the_integrators_page_is_the_generic_one(
    tmp_path: Path,
) -> None:
    """Whoever copies it gets what is used without a file."""
    page = Path(__file__).parents[2] / "docs" / "line-integrator.md"
    example = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "t.toml").write_text(example)
    copied = driver(f"template://h:1?file={tmp_path / 't.toml'}")
    generic = driver("template://h:1")
    assert copied._template == generic._template  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('field = "{index}|{link}"', 'field = "{serial}"'), "link"),
        (('printed = "<ACK>{index}"', 'printed = "<ACK>"'), "index"),
        (('printed = "<ACK>{index}"', 'printed = "<FOO>{index}"'), "FOO"),
        (('suffix = "<CR>"', 'suffix = ""'), "suffix"),
        (('encoding = "ascii"', 'encoding = "klingon"'), "klingon"),
        (('query = "S?<CR>"', 'query = ""'), "go together"),
        (("in_order = true", "in_order = 1"), "bool"),
        (("[answers]", "[answers]\nmood = 1"), "mood"),
        (("[answers]", "[answers"), "TOML"),
    ],
)
def test_a_wrong_template_is_told_what_is_wrong(
    tmp_path: Path, change: tuple[str, str], sentence: str
) -> None:
    """In one sentence that names the file."""
    page = Path(__file__).parents[2] / "docs" / "line-integrator.md"
    example = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    assert change[0] in example
    (tmp_path / "t.toml").write_text(example.replace(*change))
    with pytest.raises(InvalidInput, match=sentence) as refused:
        driver(f"template://h:1?file={tmp_path / 't.toml'}")
    assert "t.toml" in refused.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "zpl://h",
        "zpl://:9100",
        "zpl://h:99999",
        "ipl://h:9100",
        "h:9100",
        "zpl://h:9100?mag=x",
        "zpl://h:9100?mag=99",
        "zpl://h:9100?colour=1",
        "zpl://h:9100?media=paper",
        "tspl://h:9100?ink=",
        "template://h:1?file=/no/such/file.toml",
    ],
)
def test_a_wrong_address_is_refused(url: str) -> None:
    """Before anything is opened."""
    with pytest.raises(InvalidInput):
        printer_at(url)


@pytest.mark.parametrize("link", [LINK, LINK.lower(), "HTTPS://H/" + "A" * 70])
def test_labels_know_the_size_of_their_symbol(link: str) -> None:
    """As an independent encoder makes it."""
    symbol = zxingcpp.create_barcode(
        link, zxingcpp.BarcodeFormat.QRCode, ec_level="M"
    ).to_image(add_quiet_zones=False)
    assert np.asarray(symbol).shape[0] == modules_of(link)


def test_a_count_is_believed_only_for_what_was_sent_before_the_last_query() -> None:
    """An answer that is a copy of an earlier one never says too much."""
    window = Window(infers_from_waiting=True, prints_in_order=True)
    empty = Status(Readiness.READY, waiting=0)
    window.ask()
    window.hear(empty, 0.0)
    window.send(Code(at, at, "") for at in range(100))
    window.ask()
    assert window.hear(empty, 0.1) == []  # may be from before the codes were sent
    assert window.hear(empty, 0.1) == []
    window.ask()
    assert window.hear(Status(Readiness.READY, waiting=90), 0.2) == []
    window.ask()
    [settled] = window.hear(Status(Readiness.READY, waiting=60), 0.3)
    assert (settled.first, settled.last) == (0, 8)  # 10 by the count, 1 under the head
