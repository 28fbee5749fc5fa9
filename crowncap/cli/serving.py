"""`crowncap up`."""

import os
from pathlib import Path

import click

import crowncap.up
from core.log import configure_logging
from core.settings import Settings
from crowncap.cli.root import cli
from crowncap.cli.shell import data_dir_option
from crowncap.greeting import base_url
from crowncap.worker_processes import Serving


@cli.command()
@click.option("--demo", is_flag=True, help="Seed a demo brand with caps to scan.")
@click.option(
    "--no-week", is_flag=True, help="With --demo: leave out the week that lies behind."
)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@data_dir_option
def up(
    *,
    demo: bool,
    no_week: bool,
    host: str,
    port: int,
    workers: int,
    data_dir: Path | None,
) -> None:
    """Start everything and serve until Ctrl-C."""
    environ = os.environ
    if data_dir is not None:
        environ["CROWNCAP_DATA_DIR"] = str(data_dir.absolute())
    if demo:
        environ["CROWNCAP_DEMO"] = "1" if no_week else "week"
    # The workers read the same environment.
    environ.setdefault("CROWNCAP_PUBLIC_URL", base_url(host, port))
    configure_logging()
    crowncap.up.run(Settings.from_env(environ), Serving(host, port, workers))
