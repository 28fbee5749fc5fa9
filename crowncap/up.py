"""`crowncap up`: start everything, serve, and stop it all in order."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from functools import partial
from pathlib import Path

from anti_fraud.network_data import NetworkData
from core.clock import SystemClock
from core.errors import MisconfiguredError
from core.settings import Settings
from crowncap import embedded
from crowncap.greeting import OPEN_DEMO, base_url, greet, is_open_demo, say
from crowncap.health import tell_health_apart
from crowncap.migrate import migrate
from crowncap.server_urls import note_served_url, server_urls
from crowncap.startup import check_member_keys, prepare
from crowncap.worker_processes import Beside, Serving, WorkerProcesses


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
        NetworkData.open(settings.network_data)
        frozen = asyncio.run(prepare(settings, urls, SystemClock()))
        if frozen is not None:
            say(frozen, style="bold red")
        _prepare_metrics(settings.data_dir)
        note_served_url(settings)
        if settings.health_port is not None:
            tell_health_apart(settings.data_dir, serving.host, settings.health_port)
        if is_open_demo(settings, serving.host):
            say(OPEN_DEMO, style="bold red")
        say("Starting ...")
        base = base_url(serving.host, serving.port)
        tell = partial(greet, settings, base)
        WorkerProcesses(
            "crowncap.app:create_app",
            serving,
            beside=[Beside("crowncap.jobs_process:run", "jobs")],
            on_serving=tell,
        ).serve()
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
