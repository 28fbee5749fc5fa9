"""`crowncap jobs`."""

import asyncio
from pathlib import Path

import click

from core.log import configure_logging
from crowncap import following
from crowncap.cli.root import cli
from crowncap.cli.shell import data_dir_option, read_settings
from crowncap.jobs import run_jobs
from crowncap.server_urls import server_urls


@cli.command()
@data_dir_option
@click.option(
    "--catch-up",
    is_flag=True,
    help="Only take in what was scanned in the last ten minutes too, and end. Nobody"
    " may scan meanwhile.",
)
def jobs(data_dir: Path | None, *, catch_up: bool) -> None:
    """Run jobs until Ctrl-C; `up` starts one such process."""
    configure_logging()
    settings = read_settings(data_dir)
    urls = server_urls(settings)
    work = following.catch_up if catch_up else run_jobs
    asyncio.run(work(urls.database_url, settings))
