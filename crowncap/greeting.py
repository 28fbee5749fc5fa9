"""What `crowncap up` tells once it serves: what to open, and commands to try."""

import asyncio
import io
import shlex
import socket
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import qrcode
import structlog
from rich.console import Console
from rich.text import Text

from codegen.store import find_first_batch
from core.db import create_engine
from core.ids import random_below
from core.settings import Settings
from crowncap.demo import QUANTITY, DemoCap, leak_path, pick_cap
from crowncap.demo_festival import find_festival
from crowncap.server_urls import issuance_of, server_urls

_console = Console(highlight=False)

_COMMANDS = """\
# what a cap's code is
.venv/bin/crowncap code open {code}

# scan it as a member: the first scan pays, the second tells you so
curl -s {base}/v1/scans -H 'Content-Type: application/json' \\
  -H "Authorization: Bearer $(.venv/bin/crowncap token member alice)" \\
  -d '{{"code": "{code}"}}'

# look at everything that must hold, over the whole database
.venv/bin/crowncap audit

# sign in to the staff's console as two people: one orders a package of
# batch 2, the other approves it; docs/console.md walks through its pages
.venv/bin/crowncap token staff --role admin --name ann
.venv/bin/crowncap token staff --role admin --name bob
"""


def say(line: str, style: str = "") -> None:
    """Tell the operator one thing: unbroken on a terminal, else as a line of the log.

    What gathers the output of a service reads one JSON object a line.
    """
    if _console.is_terminal:
        _console.print(line, style=style, markup=False, soft_wrap=True)
    elif line.strip():
        out = structlog.wrap_logger(structlog.PrintLogger(sys.stdout))
        out.info("told", sentence=line.strip())


def base_url(host: str, port: int) -> str:
    """Word the address under which others reach what listens on `host`.

    Every address (0.0.0.0, ::) is told as that of this machine in its own network,
    which a phone there can open.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        address = ip_address(_own_address())
    shown = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6
    return f"http://{shown}:{port}"


def _own_address() -> str:
    """Find the address from which this machine would speak to others; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # A network for documentation (RFC 5737): only the route to it matters.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        found: str = probe.getsockname()[0]
        return found


def is_open_demo(settings: Settings, host: str) -> bool:
    """Tell whether a demo listens where others than this machine reach it."""
    if not settings.demo:
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host.lower() != "localhost"


OPEN_DEMO: Final = (
    "This demo is open to everybody who reaches this address: anyone signs in as any "
    "member, over plain HTTP, and codes leave in the clear. Nothing in it is worth "
    "anything; keep real products, keys and people out of it. To serve this machine "
    "alone, leave out --host."
)


def greet(settings: Settings, base: str) -> None:
    """Say what to open, and commands to try."""
    say("")
    say(f"Crowncap serves on {base}")
    if settings.demo:
        cap, festive = asyncio.run(_pick(settings))
        if cap is not None:
            _show_cap(base, cap, settings.data_dir)
        if festive is not None:
            say(f"Open a cap that earns of every kind: {base}/C/{festive.code_text}")
    say(f"Press Ctrl-C to stop; the data stay in {settings.data_dir}")


async def _pick(settings: Settings) -> tuple[DemoCap | None, DemoCap | None]:
    """Draw a cap of the demo's first batch, and one of its festival."""
    engine = create_engine(server_urls(settings).database_url)
    try:
        async with engine.connect() as conn:
            keys = issuance_of(settings).key_file.load()
            batches = await find_first_batch(conn), await find_festival(conn)
            plain, festive = (
                None if batch is None else pick_cap(batch, keys, random_below(QUANTITY))
                for batch in batches
            )
            return plain, festive
    finally:
        await engine.dispose()


def _show_cap(base: str, cap: DemoCap, data_dir: Path) -> None:
    page = f"{base}/C/{cap.code_text}"
    symbol = qrcode.QRCode(border=2)
    symbol.add_data(page)
    drawn = io.StringIO()
    symbol.print_ascii(out=drawn, invert=False)
    if _console.is_terminal:
        for row in drawn.getvalue().splitlines():
            _console.print(Text(row, style="black on white"))
        say("")
    if data_dir != Path(".crowncap").absolute():
        say(f"export CROWNCAP_DATA_DIR={shlex.quote(str(data_dir))}\n")
    say(_COMMANDS.format(code=cap.code_text, base=base))
    say(f"Open the cap's page: {page}")
    say(f"Open the staff's console: {base}/console")
    leak = leak_path(data_dir)
    if leak.exists():
        say(f"Codes that leaked, to paste into its page Leaks: {leak}")
