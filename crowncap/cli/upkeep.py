"""`crowncap filters …` and `crowncap audit`."""

import asyncio
import sys
from pathlib import Path

import click
import msgspec
from rich.progress import (
    Progress,
)

from codegen import store as codes_store
from core.errors import MisconfiguredError
from core.redis import RedisAway, connect
from crowncap.audit import Audit, Scope
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, data_dir_option, errors, read_settings, with_shell
from crowncap.doctor import Examination
from crowncap.migrate import migrate
from crowncap.server_urls import server_urls
from scan_api.store.filters import FilterBuilder


@cli.group()
def filters() -> None:
    """Look after the filters in Redis."""


@filters.command("rebuild")
@with_shell
async def rebuild(shell: Shell) -> dict[str, int]:
    """Restore every filter segment from PostgreSQL."""
    redis = connect(server_urls(shell.settings).redis_url, timeout_s=10)
    builder = FilterBuilder(shell.engine, redis)
    async with shell.engine.connect() as conn:
        segments = await codes_store.load_segments(conn)
    try:
        with Progress(
            console=errors, transient=True, disable=not errors.is_terminal
        ) as progress:
            task = progress.add_task("Rebuilding", total=len(segments))
            keys = shell.issuance.key_file.load()
            done = await builder.rebuild(
                keys, segments, lambda n: progress.advance(task, n)
            )
    except RedisAway as fault:
        raise MisconfiguredError(f"Redis does not answer: {fault.__cause__}") from None
    finally:
        await redis.close()
    return {"segments": done}


@cli.command("migrate")
@data_dir_option
def migrate_database(data_dir: Path | None) -> None:
    """Bring the database to this version's shape; `up` does so by itself."""
    migrate(server_urls(read_settings(data_dir)).database_url)
    click.echo("The database is up to date.")


@cli.command()
@click.option(
    "--recent",
    is_flag=True,
    help="Read what came since the last sound audit, and not again what that one read.",
)
@with_shell
async def audit(shell: Shell, recent: bool) -> None:
    """Check every invariant over the whole database; exit 1 if one fails.

    If it is interrupted, the next one goes on from where it was.
    """
    report = await Audit(
        shell.engine,
        shell.issuance.high_water,
        shell.settings.timezone,
        shell.clock,
        lambda said: click.echo(said, err=True),
    ).run(Scope.RECENT if recent else Scope.FULL)
    for finding in report.findings:
        click.echo(
            f"Invariant {finding.invariant} is broken: {finding.sentence}. "
            f"{finding.count} found, such as {', '.join(finding.examples)}."
        )
    if report.since is not None:
        click.echo(
            "Not read again: scans, transfers, holds and members from before "
            f"{report.since:%F %T %Z}, and whether each claim has its scan. Earlier "
            "audits found them sound; `crowncap audit` reads them again."
        )
    if report.findings:
        sys.exit(1)
    click.echo("Every invariant holds.")


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_dir_option
def doctor(as_json: bool, data_dir: Path | None) -> None:
    """Look at everything a start needs; exit 1 and say what to do if it is wrong."""
    findings = asyncio.run(Examination(read_settings(data_dir)).run())
    if as_json:
        click.echo(msgspec.json.encode(findings))
    else:
        for finding in findings:
            verdict = f"WRONG  {finding.check}: " if finding.wrong else "ok     "
            note = f" ({finding.note})" if finding.note else ""
            click.echo(verdict + (finding.wrong or finding.check) + note)
    if any(finding.wrong for finding in findings):
        sys.exit(1)
