"""A brand's logo as it may be served from our own address: bounded, and harmless.

A PNG is told by its header. An SVG is a program in the wrong hands: only shapes,
colours and gradients are let in, no script, style sheet, text of another document or
address. What passes is kept byte for byte and is served under a policy of its own.
"""

import base64
import binascii
import hashlib
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from codegen.domain.messages import message
from core.messages import Message, WrongValueError

MAX_BYTES: Final = 32_768
MAX_PIXELS: Final = 1_024
MAX_ELEMENTS: Final = 500
PNG: Final = "image/png"
SVG: Final = "image/svg+xml"

_DATA_URL: Final = re.compile(
    r"data:(image/png|image/svg\+xml);base64,([A-Za-z0-9+/=]+)"
)
_PNG_HEAD: Final = struct.Struct(">8sI4sII")
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_SVG_SPACE: Final = "{http://www.w3.org/2000/svg}"
_LINKS: Final = frozenset({"href", "{http://www.w3.org/1999/xlink}href"})
_ELEMENTS: Final = frozenset(
    [
        "svg",
        "g",
        "defs",
        "title",
        "desc",
        "path",
        "rect",
        "circle",
        "ellipse",
        "line",
        "polyline",
        "polygon",
        "use",
        "clipPath",
        "mask",
        "linearGradient",
        "radialGradient",
        "stop",
    ]
)
_ATTRIBUTES: Final = frozenset(
    [
        "id",
        "class",
        "version",
        "viewBox",
        "width",
        "height",
        "preserveAspectRatio",
        "transform",
        "d",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
        "ry",
        "fx",
        "fy",
        "points",
        "offset",
        "fill",
        "fill-opacity",
        "fill-rule",
        "clip-rule",
        "stroke",
        "stroke-width",
        "stroke-opacity",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-dasharray",
        "stroke-dashoffset",
        "opacity",
        "stop-color",
        "stop-opacity",
        "gradientUnits",
        "gradientTransform",
        "spreadMethod",
        "clip-path",
        "clipPathUnits",
        "mask",
        "maskUnits",
        "maskContentUnits",
        "color",
        "role",
        "aria-label",
        "aria-hidden",
    ]
) | {"{http://www.w3.org/XML/1998/namespace}space"}
_URL: Final = re.compile(r"url\(\s*(?!#)|[a-z]+:|//|\\", re.IGNORECASE)


# Another encoding could make other characters of the bytes that were looked at here.
_DECLARATION: Final = re.compile(
    r"""\A\ufeff?\s*<\?xml\s+version=["']1\.0["'](\s+encoding=["']utf-8["'])?"""
    r"""(\s+standalone=["'](yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)


class LogoError(WrongValueError):
    """A logo is not one that may be served."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture and what it is."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """Name it by its content."""
        return hashlib.sha256(self.content).hexdigest()[:32]

    @property
    def data_url(self) -> str:
        """Write it as `read_logo` reads it."""
        return (
            f"data:{self.media_type};base64,{base64.b64encode(self.content).decode()}"
        )


def read_logo(data_url: str) -> Logo:
    """Read a logo from a data: URL; raises LogoError."""
    found = _DATA_URL.fullmatch(data_url)
    if found is None:
        raise LogoError(message("logo_form"))
    try:
        content = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise LogoError(message("logo_not_base64")) from None
    if len(content) > MAX_BYTES:
        raise LogoError(message("logo_too_large", most=MAX_BYTES))
    for fault in (_check_png if found[1] == PNG else _check_svg)(content):
        raise LogoError(fault)
    return Logo(found[1], content)


def _check_png(content: bytes) -> Iterator[Message]:
    """Say what is wrong with a PNG (PNG Specification, section 5); no pixel is read."""
    if len(content) < _PNG_HEAD.size or not content.endswith(_PNG_END):
        yield message("png_cut_short")
        return
    signature, _, kind, width, height = _PNG_HEAD.unpack_from(content)
    if signature != _PNG_SIGNATURE or kind != b"IHDR":
        yield message("not_a_png")
    elif not (0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS):
        yield message("too_many_pixels", most=MAX_PIXELS)


def _check_svg(content: bytes) -> Iterator[Message]:
    """Say what an SVG has that a logo needs not."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        yield message("svg_not_utf8")
        return
    body = _DECLARATION.sub("", text, count=1)
    if "<!" in body or "<?" in body:
        yield message("svg_with_more")
        return
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a DTD nothing is expanded
    except ET.ParseError:
        yield message("svg_unreadable")
        return
    if root.tag != f"{_SVG_SPACE}svg":
        yield message("not_an_svg")
        return
    for number, element in enumerate(root.iter(), 1):
        if number > MAX_ELEMENTS:
            yield message("too_many_shapes", most=MAX_ELEMENTS)
            return
        yield from _check_element(element)


def _check_element(element: ET.Element) -> Iterator[Message]:
    name = element.tag.removeprefix(_SVG_SPACE)
    if name not in _ELEMENTS:
        yield message("svg_element", name=name[:40])
    for key, value in element.attrib.items():
        if key in _LINKS:
            if not value.startswith("#"):
                yield message("svg_leads_out")
        elif key not in _ATTRIBUTES:
            yield message("svg_attribute", name=key[:60])
        elif _URL.search(value):
            yield message("svg_address", name=key)
