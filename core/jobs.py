"""Jobs: kicks by a queue in PostgreSQL, for work that nobody waits for.

A job is a kick and never the record: it names a row, or a moment, and the row says what
is left to do, so that a job that is lost or comes twice does no harm. The queue is
procrastinate's, in a schema of its own; processes of `crowncap jobs` run what is due.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# The library names its tables without a schema: its connections look here.
SCHEMA: Final = "jobs"


class JobState(StrEnum):
    """How a job stands; one that came to its end is no longer kept."""

    DUE = "todo"
    RUNNING = "doing"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job, as staff see it. `due_at` is None for one that may begin at once."""

    job_id: int
    state: JobState
    name: str
    tries: int
    due_at: datetime | None
    changed_at: datetime | None
    args: dict[str, Any]


_LIST: Final = text(
    """
    SELECT j.id, CAST(j.status AS text), j.task_name, j.attempts, j.scheduled_at,
        (SELECT max(e.at) FROM jobs.procrastinate_events AS e WHERE e.job_id = j.id),
        j.args
    FROM jobs.procrastinate_jobs AS j WHERE CAST(j.status AS text) = :state
    ORDER BY j.id DESC LIMIT :limit
    """
)


async def list_jobs(conn: AsyncConnection, state: JobState, *, limit: int) -> list[Job]:
    """List the newest jobs that are due, running or failed."""
    rows = await conn.execute(_LIST, {"state": state.value, "limit": limit})
    return [
        Job(job_id, JobState(status), name, tries, due_at, changed_at, args)
        for job_id, status, name, tries, due_at, changed_at, args in rows
    ]


async def count_runners(conn: AsyncConnection) -> int:
    """Count the processes that run jobs and have given a sign of life lately."""
    found = await conn.execute(
        text(
            "SELECT count(*) FROM jobs.procrastinate_workers"
            " WHERE last_heartbeat > now() - interval '30 seconds'"
        )
    )
    return int(found.scalar_one())
