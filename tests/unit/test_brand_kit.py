"""A brand's kit where it is pure: colours to be read by, pictures that do nothing."""

import base64
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.brand_kits import (
    MIN_CONTRAST,
    BrandKit,
    Brands,
    check_kit,
    contrast,
    read_colour,
)
from codegen.domain.brand_logo import MAX_BYTES, LogoError, read_logo
from scan_api.domain.fakes import make_reference, read_reference, show_reference

SVG_HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
COLOUR = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
WHITE, CARD, INK = (255, 255, 255), (0x1B, 0x21, 0x2B), (0x0B, 0x0F, 0x16)


def kit(**more: str) -> BrandKit:
    """Make a kit."""
    return BrandKit("B", "牌", "Brand", **more)


def svg(body: str, head: str = SVG_HEAD) -> str:
    """Write an SVG as a kit has it."""
    return data_url("svg+xml", f"{head}{body}</svg>".encode())


def data_url(kind: str, content: bytes) -> str:
    """Write a data: URL."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def png(width: int, height: int) -> bytes:
    """Make a PNG of so many pixels, without any."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IEND", b"")


@given(COLOUR)
def test_a_colour_that_is_taken_can_be_read_in_light_and_in_dark(colour: str) -> None:
    """White on it, it on white, and its lighter sister on the cards of dark mode."""
    if list(check_kit(kit(primary=colour))):
        return
    assert contrast(WHITE, read_colour(colour)) >= MIN_CONTRAST
    style = kit(primary=colour).style
    bright = read_colour(style.rpartition("--blue:")[2][:7])
    assert contrast(bright, CARD) >= MIN_CONTRAST
    assert contrast(bright, INK) >= MIN_CONTRAST


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"primary": "#ffcc00"}, "/colours/primary"),
        ({"primary": "red"}, "/colours/primary"),
        ({"primary": "#7a1f5c}"}, "/colours/primary"),
        ({"accent": "#7a1f5c\n"}, "/colours/accent"),
        ({"hotline": "call us"}, "/hotline"),
        ({"hotline": "400;ext=1"}, "/hotline"),
        ({"contact_url": "javascript:alert(1)"}, "/contact_url"),
        ({"privacy_url": "http://x.cn"}, "/privacy_url"),
        ({"rules_url": "https://x.cn/\n"}, "/rules_url"),
    ],
)
def test_what_a_page_could_not_show_is_refused(
    fields: dict[str, str], pointer: str
) -> None:
    """Pale colours, other schemes, and what would leave its place in the style."""
    assert [fault.pointer for fault in check_kit(kit(**fields))] == [pointer]


def test_a_good_kit_has_nothing_wrong() -> None:
    """Its style has its colours, and nothing else of it."""
    good = kit(primary="#7a1f5c", accent="#ffcc00", hotline="+86 400-000-0000")
    assert not list(check_kit(good))
    assert "#7a1f5c" in good.style
    assert kit().style == ""


def test_the_only_brand_of_a_house_is_known() -> None:
    """With two there is none; a kit counts as a brand."""
    assert Brands.of(["A", "A"], {}).sole == "A"
    assert Brands.of(["A"], {"B": kit()}).sole is None
    assert Brands.of([], {"B": kit()}).kit_of(None) == kit()
    assert Brands.of(["A"], {"B": kit()}).kit_of("A") is None


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<path d="M0 0" onload="alert(1)"/>',
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>',
        '<image href="https://evil.example/x.png"/>',
        '<use href="https://evil.example/x.svg#a"/>',
        '<use xmlns:x="http://www.w3.org/1999/xlink" x:href="data:image/svg+xml,x"/>',
        '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
        "<style>*{fill:url(https://evil.example)}</style>",
        '<path style="fill:red" d="M0 0"/>',
        '<path fill="url(https://evil.example#a)" d="M0 0"/>',
        '<path fill="url( //evil.example#a)" d="M0 0"/>',
        '<animate attributeName="href" to="javascript:alert(1)"/>',
        '<set attributeName="onload" to="alert(1)"/>',
        '<g xmlns:s="http://www.w3.org/1999/xhtml"><s:script>1</s:script></g>',
        "<?xml-stylesheet href='https://evil.example/x.css'?>",
        "<!-- hidden -->",
        "<path/>" * 600,
        "<path",
    ],
)
def test_an_svg_that_could_do_something_is_refused(body: str) -> None:
    """Scripts, style sheets, other documents and addresses; and what is no picture."""
    with pytest.raises(LogoError):
        read_logo(svg(body))


@pytest.mark.parametrize(
    "head",
    [
        f'<!DOCTYPE svg [<!ENTITY a "aaa">]>{SVG_HEAD}',
        f"<?xml-stylesheet href='x.css'?>{SVG_HEAD}",
        f'<?xml version="1.0" encoding="iso-2022-jp"?>{SVG_HEAD}',
        '<svg viewBox="0 0 9 9">',
        SVG_HEAD.replace("viewBox", 'onload="alert(1)" viewBox'),
    ],
)
def test_an_svg_begins_as_one_and_declares_nothing(head: str) -> None:
    """No entities that grow, no style sheet before the picture."""
    with pytest.raises(LogoError):
        read_logo(svg("<path/>", head))


def test_plain_pictures_pass_and_come_back_as_they_were() -> None:
    """Shapes, gradients and references within; a PNG of a sane size."""
    shapes = (
        '<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/>'
        '</linearGradient><path id="p" d="M0 0h9v9z"/></defs>'
        '<use href="#p" fill="url(#g)" transform="scale(.5)"/>'
    )
    for given_ in (svg(shapes), svg(shapes, f'<?xml version="1.0"?>\n{SVG_HEAD}')):
        assert read_logo(given_).data_url == given_
    given_ = data_url("png", png(64, 64))
    assert read_logo(given_).data_url == given_


@pytest.mark.parametrize(
    "given_",
    [
        data_url("png", png(5_000, 5_000)),
        data_url("png", png(64, 0)),
        data_url("png", png(64, 64)[:-1]),
        data_url("png", b"<svg/>"),
        data_url("svg+xml", png(64, 64)),
        data_url("png", png(9, 9) + b"x" * MAX_BYTES),
        data_url("gif", b"GIF89a"),
        "https://x.cn/logo.png",
        data_url("png", png(9, 9)) + "\n",
    ],
)
def test_other_pictures_are_refused(given_: str) -> None:
    """Too large, cut, of another kind, or somewhere else."""
    with pytest.raises(LogoError):
        read_logo(given_)


@given(st.integers(0, 32**8 - 1))
def test_a_reference_is_read_as_people_say_it(number: int) -> None:
    """In groups, in small letters, with O and L for 0 and 1; nothing else is one."""
    reference = make_reference(number)
    told = show_reference(reference).lower().replace("0", "o").replace("1", "l")
    assert read_reference(f" {told} ") == reference
    assert read_reference(reference[:-1]) is None
    assert read_reference(reference[:-1] + "U") is None
