"""The languages of printers, and which address means which."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from core.errors import InvalidInput
from feeder.codes import Code
from feeder.drivers.template import TemplateDriver, read_template
from feeder.drivers.tspl import TsplDriver, tspl_layout
from feeder.drivers.zpl import ZplDriver, zpl_layout
from feeder.printer_replies import Answer

_LOWEST_PORT = 1
_HIGHEST_PORT = 65535


class Driver(Protocol):
    """A printer's language: bytes out, answers in. It opens no connection.

    A driver belongs to one connection at a time; `begin` starts a new one.
    """

    @property
    def name(self) -> str:
        """The language's name, for people."""
        ...

    @property
    def remembers_indexes(self) -> bool:
        """Whether a status names the index printed last, also after a reconnect."""
        ...

    @property
    def prints_in_order(self) -> bool:
        """Whether `last_index` says that everything sent before it is printed too."""
        ...

    @property
    def infers_from_waiting(self) -> bool:
        """Whether what is printed follows from how many codes wait."""
        ...

    def begin(self) -> bytes:
        """Forget half an answer; give what a new connection begins with."""
        ...

    def frame(self, code: Code) -> bytes:
        """Write one code in the printer's language."""
        ...

    def query(self) -> bytes:
        """Ask for the status; empty for a printer that cannot be asked."""
        ...

    def end_half_frame(self) -> bytes:
        """Close a frame that an earlier connection left open."""
        ...

    def read(self, received: bytes) -> list[Answer]:
        """Read answers; half ones wait for their other half."""
        ...


@dataclass(frozen=True, slots=True)
class Printer:
    """Where a printer is, and how to talk to it."""

    address: str
    host: str
    port: int
    driver: Driver


def printer_at(url: str) -> Printer:
    """Read a printer's address, as in zpl://10.0.0.9:9100?dpi=300.

    Raises InvalidInput with one sentence.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if not parts.hostname or port is None or not _LOWEST_PORT <= port <= _HIGHEST_PORT:
        raise InvalidInput(
            f"{url} is not a printer: write it like zpl://HOST:9100, tspl://HOST:9100 "
            "or template://HOST:PORT?file=FILE.toml."
        )
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    address = f"{parts.scheme}://{parts.hostname}:{port}"
    driver = _driver(parts.scheme, options)
    return Printer(address, parts.hostname, port, driver)


def _driver(scheme: str, options: dict[str, str]) -> Driver:
    if scheme == "zpl":
        return ZplDriver(zpl_layout(options))
    if scheme == "tspl":
        return TsplDriver(tspl_layout(options))
    if scheme == "template":
        strange = sorted(set(options) - {"file"})
        if strange:
            raise InvalidInput(f"template:// has no option {strange[0]}; only file.")
        path = Path(options["file"]) if options.get("file") else None
        return TemplateDriver(read_template(path))
    raise InvalidInput(
        f"No printer speaks {scheme}://; there are zpl://, tspl:// and template://."
    )
