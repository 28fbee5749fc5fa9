"""`crowncap up`: start everything, serve, and stop it all in order."""

import asyncio
import contextlib
import io
import multiprocessing
import os
import shlex
import shutil
import signal
import socket
import sys
from pathlib import Path

import qrcode
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from core.clock import SystemClock
from core.db import create_engine
from core.errors import MisconfiguredError
from core.ids import random_below
from core.settings import Settings
from crowncap import embedded
from crowncap.demo import QUANTITY, DemoCap, pick_cap
from crowncap.health import tell_health_apart
from crowncap.migrate import migrate
from crowncap.places import issuance_of, note_served_url, server_urls
from crowncap.prepare import check_member_keys, prepare
from crowncap.worker_processes import Serving, WorkerProcesses

console = Console(stderr=False, highlight=False)


def say(line: str) -> None:
    """Tell the operator one thing."""
    console.print(line, markup=False)


def run(settings: Settings, serving: Serving) -> None:
    """Serve until told to stop; raises MisconfiguredError or EmbeddedServerError."""
    if settings.demo and (settings.database_url or settings.redis_url):
        raise MisconfiguredError(
            "The demo seeds data, so it refuses external servers; unset "
            "CROWNCAP_DATABASE_URL and CROWNCAP_REDIS_URL, or leave out --demo."
        )
    _refuse_used_port(serving.host, serving.port, "--port (make run PORT=8001)")
    if settings.health_port is not None:
        _refuse_used_port(serving.host, settings.health_port, "CROWNCAP_HEALTH_PORT")
    # Told to stop before it serves, it still stops what it has started.
    signal.signal(signal.SIGTERM, _stop_early)
    with contextlib.ExitStack() as stack:
        if settings.database_url is None and settings.redis_url is None:
            running = stack.enter_context(embedded.start(settings.data_dir, say=say))
            running.supervise(on_restart=_let_workers_mend)
        urls = server_urls(settings)
        migrate(urls.database_url)
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        check_member_keys(settings)
        frozen = asyncio.run(prepare(settings, urls, SystemClock()))
        if frozen is not None:
            console.print(Text(frozen, style="bold red"))
        _prepare_metrics(settings.data_dir)
        note_served_url(settings)
        if settings.health_port is not None:
            tell_health_apart(settings.data_dir, serving.host, settings.health_port)
        _greet(settings, serving)
        _serve(serving)
        # From here on it is stopping already; asking again changes nothing.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("Stopped.")


def _stop_early(_number: int, _frame: object) -> None:
    raise SystemExit(143)


def _let_workers_mend(_server: str) -> None:
    """Do nothing: workers see for themselves what a new server lacks, and fill it."""


def _refuse_used_port(host: str, port: int, setting: str) -> None:
    """Probe the port first, since the server would share it without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise MisconfiguredError(
                f"Cannot listen on {host} port {port}: {fault.strerror}. "
                f"Choose another with {setting}."
            ) from None


def _prepare_metrics(data_dir: Path) -> None:
    """Workers meet in this directory, so that any of them can show all metrics."""
    directory = data_dir / "run" / "metrics"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)


def _serve(serving: Serving) -> None:
    # Spawned workers begin anew: no thread of the supervisor is half copied, and the
    # metrics are read from files from their first import on.
    multiprocessing.set_start_method("spawn")
    WorkerProcesses("crowncap.app:create_app", serving).serve()


def _greet(settings: Settings, serving: Serving) -> None:
    """Say what to open, and commands to try."""
    base = f"http://{serving.host}:{serving.port}"
    say("")
    say(f"Crowncap serves on {base}")
    if settings.demo:
        cap = asyncio.run(_pick(settings))
        if cap is not None:
            _show_cap(base, cap, settings.data_dir)
    say("Press Ctrl-C to stop; the data stay in " + str(settings.data_dir))
    sys.stdout.flush()


async def _pick(settings: Settings) -> DemoCap | None:
    engine = create_engine(server_urls(settings).database_url)
    try:
        async with engine.connect() as conn:
            keys = issuance_of(settings).key_file.load()
            return await pick_cap(conn, keys, random_below(QUANTITY))
    finally:
        await engine.dispose()


def _show_cap(base: str, cap: DemoCap, data_dir: Path) -> None:
    page = f"{base}/C/{cap.code_text}"
    symbol = qrcode.QRCode(border=2)
    symbol.add_data(page)
    drawn = io.StringIO()
    symbol.print_ascii(out=drawn, invert=False)
    picture = "\n".join(drawn.getvalue().splitlines())
    console.print(Text(picture, style="black on white"))
    elsewhere = data_dir != Path(".crowncap").absolute()
    commands = (
        (f"export CROWNCAP_DATA_DIR={shlex.quote(str(data_dir))}\n\n" * elsewhere)
        + f"# what a cap's code is\n"
        f".venv/bin/crowncap code open {cap.code_text}\n\n"
        f"# scan it as a member: the first scan pays, the second tells you so\n"
        f"curl -s {base}/v1/scans -H 'Content-Type: application/json' \\\n"
        f'  -H "Authorization: Bearer $(.venv/bin/crowncap token member alice)" \\\n'
        f'  -d \'{{"code": "{cap.code_text}"}}\'\n\n'
        f"# look at everything that must hold, over the whole database\n"
        f".venv/bin/crowncap audit\n\n"
        f"# sign in to the staff's console as two people: one orders a package of\n"
        f"# batch 2, the other approves it; docs/console.md walks through the rooms\n"
        f".venv/bin/crowncap token staff --role admin --name ann\n"
        f".venv/bin/crowncap token staff --role admin --name bob"
    )
    console.print(Panel(Text(commands), title="Commands to try", expand=False))
    say(f"Open the cap's page: {page}")
    say(f"Open the staff's console: {base}/console")
