"""`crowncap jobs`."""

import asyncio
from pathlib import Path

from core.log import configure_logging
from crowncap.cli.root import cli
from crowncap.cli.shell import data_dir_option, read_settings
from crowncap.jobs import run_jobs
from crowncap.server_urls import server_urls


@cli.command()
@data_dir_option
def jobs(data_dir: Path | None) -> None:
    """Run jobs until Ctrl-C; `up` starts one such process."""
    configure_logging()
    settings = read_settings(data_dir)
    urls = server_urls(settings)
    asyncio.run(run_jobs(urls.database_url, settings))
