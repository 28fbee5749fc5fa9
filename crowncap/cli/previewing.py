"""`crowncap print preview`: what would be printed, before a line is there to do it."""

import io
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import click
import numpy as np
from PIL import Image

from core.errors import Conflict, InvalidInput
from crowncap.cli.opening import secret_options
from crowncap.cli.printing import check_signature, print_group
from feeder.codes import Code
from feeder.drivers import Printer, printer_at
from feeder.package import PackageRows
from feeder.simulators.canvas import rasterize
from feeder.simulators.dialect import Dialect
from feeder.simulators.paper import Sheet
from feeder.simulators.tspl import TsplDialect
from feeder.simulators.zpl import ZplDialect
from printer_export.files.reading import PackageReader, open_package
from printer_export.files.secrets import Secrets

_FILE = click.Path(path_type=Path, dir_okay=False)
_SAMPLE: Final = "samples/01.txt"
_PLACEHOLDER: Final = "0123456789ABCDEF"
_DEFAULT_DPI: Final = 300


@print_group.command("preview")
@click.argument("package", type=click.Path(path_type=Path, exists=True))
@click.option("--printer", "url", required=True, help="As for print run.")
@click.option("--key", type=_FILE, help="The brand's public signing key, PEM.")
@secret_options
@click.option(
    "--out",
    required=True,
    type=_FILE,
    help="A .png is a picture; any other file is what the printer would be sent.",
)
def preview(
    package: Path, url: str, key: Path | None, secrets: Secrets, out: Path
) -> None:
    """Write a label with a void sample of the package; no printer is asked.

    Nothing is taken from the package's codes, so the file may be shown and printed.
    """
    printer = printer_at(url)
    with open_package(package, secrets) as opened:
        check_signature(opened, key)
        link = _sample_link(opened)
    label = printer.driver.begin() + printer.driver.frame(Code(0, 0, link))
    content = _draw(printer, url, label) if out.suffix.lower() == ".png" else label
    try:
        out.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}.") from None


def _sample_link(package: PackageReader) -> str:
    """Give a sample's link, or one of the same length with no code in it."""
    PackageRows(package)  # refuses what holds no links to print
    prefix = str(package.manifest.get("link_prefix", ""))
    if _SAMPLE in package.source.sizes:
        text = package.read(_SAMPLE).decode("utf-8", "replace").strip()
        if text.startswith(prefix) and len(text) == len(prefix) + len(_PLACEHOLDER):
            return text
    return prefix + _PLACEHOLDER


def _draw(printer: Printer, url: str, label: bytes) -> bytes:
    """Let a simulated printer print it; gives a PNG of its true size."""
    options = dict(parse_qsl(urlsplit(url).query))
    dpi = int(options.get("dpi", _DEFAULT_DPI))
    scheme = printer.address.partition(":")[0]
    dialects: dict[str, Dialect] = {"zpl": ZplDialect(), "tspl": TsplDialect(dpi)}
    if scheme not in dialects:
        raise InvalidInput(
            f"What {scheme}:// prints is drawn by the printer itself; name a file that "
            "does not end in .png for what it is sent."
        )
    sheets = [x for x in dialects[scheme].receive(label) if isinstance(x, Sheet)]
    if not sheets or sheets[0].picture is None:
        raise Conflict("The simulated printer does not know this label.")
    pixels = np.where(rasterize(sheets[0].picture), np.uint8(0), np.uint8(255))
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, "PNG", dpi=(dpi, dpi))
    return png.getvalue()
