"""The process of jobs that `crowncap up` keeps beside its workers."""

import asyncio
import os

from core.settings import Settings
from crowncap.jobs import run_jobs
from crowncap.server_urls import server_urls
from crowncap.worker_reports import WorkerReports
from scan_api.pipeline.metrics import hide_gauges


def run(reports: WorkerReports) -> None:
    """Run jobs, as the environment says, until told to stop."""
    hide_gauges()
    settings = Settings.from_env(os.environ)
    asyncio.run(run_jobs(server_urls(settings).database_url, settings, reports))
