"""`crowncap rules …`.

Who has a shell is the operator, one person: what they proposed takes another one to
activate, in the console or by the API; they activate what analysts wrote.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import msgspec

from anti_fraud.domain.backtests import UNFINISHED, Backtest
from anti_fraud.domain.rule_set_changes import compare_documents
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_set_versions import RuleSetVersion
from anti_fraud.domain.rule_set_warnings import find_warnings
from anti_fraud.domain.trials import quality_of
from anti_fraud.pipeline import rule_sets
from core.auth.principal import OPERATOR
from core.clock import SystemClock, business_day
from core.errors import InvalidInput
from core.log import configure_logging
from crowncap.cli.moments import WHEN, end_of, start_of
from crowncap.cli.output import json_option, print_answer
from crowncap.cli.root import cli
from crowncap.cli.shell import (
    Shell,
    data_dir_option,
    errors,
    read_settings,
    with_shell,
)
from crowncap.messages import message
from crowncap.server_urls import server_urls
from scan_api.pipeline import backtests
from scan_api.pipeline.backtesting import Backtesting
from scan_api.pipeline.backtests import NewBacktest
from scan_api.pipeline.worker_lease import LeasedIds

VERSION = click.IntRange(1, rule_sets.MAX_VERSION)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MOST_BYTES = 1 << 20
_LISTED = 200


@cli.group()
def rules() -> None:
    """Look at, write, try and activate rule sets."""


@rules.command("list")
@with_shell
async def list_versions(shell: Shell) -> list[Any]:
    """List versions, newest first."""
    async with shell.engine.connect() as conn:
        found = await rule_sets.list_rule_sets(
            conn, OPERATOR, before=None, limit=_LISTED
        )
    return [_describe(each) for each in found]


@rules.command("show")
@click.argument("version", type=VERSION)
@click.option("--document", is_flag=True, help="Print the document alone, as JSON.")
@with_shell
async def show(shell: Shell, version: int, *, document: bool) -> dict[str, Any] | None:
    """Show a version, its thresholds and its rules."""
    async with shell.engine.connect() as conn:
        written = await rule_sets.find_rule_set(conn, version, OPERATOR)
    if document:
        click.echo(json.dumps(written.document, ensure_ascii=False, indent=2))
        return None
    whole = written.document
    if not sys.stdout.isatty():
        return _describe(written.version) | {"document": whole}
    told = [f"{rule['id']} ({rule['score']})" for rule in whole["rules"]]
    return _describe(written.version) | {
        "thresholds": whole["thresholds"],
        "counters": [counter["fact"] for counter in whole["counters"]],
        "rules": told,
    }


@rules.command("check")
@click.argument("file", type=FILE)
@json_option
@data_dir_option
def check(file: Path, *, data_dir: Path | None, as_json: bool) -> None:
    """Say what is wrong or odd about a file; status 2 if it can't be read."""
    rule_set = parse_rule_set(_read(file))
    today = business_day(SystemClock().now_ms(), read_settings(data_dir).timezone)
    odd = [
        {"pointer": each.pointer, "code": each.code, "detail": str(each.detail)}
        for each in find_warnings(rule_set, today)
    ]
    if odd or as_json or not sys.stdout.isatty():
        print_answer(odd, as_json=as_json)
    else:
        click.echo(f"{file.name}: {len(rule_set.rules)} rules, and nothing is odd.")


@rules.command("diff")
@click.argument("old", type=VERSION)
@click.argument("new", type=VERSION)
@with_shell
async def diff(shell: Shell, old: int, new: int) -> list[dict[str, Any]]:
    """Tell what a version adds to, takes from and changes of another."""
    async with shell.engine.connect() as conn:
        before = await rule_sets.find_rule_set(conn, old, OPERATOR)
        after = await rule_sets.find_rule_set(conn, new, OPERATOR)
    changes = compare_documents(before.document, after.document)
    return [asdict(each) for each in changes]


@rules.command("propose")
@click.argument("file", type=FILE)
@click.option("--note", default="", help="Why.")
@with_shell
async def propose(shell: Shell, file: Path, note: str) -> dict[str, Any]:
    """Write a draft from a file, and say what is odd about it."""
    today = business_day(shell.clock.now_ms(), shell.settings.timezone)
    async with shell.engine.begin() as conn:
        draft = await rule_sets.write_rule_set(
            conn, _read(file), note, OPERATOR, now=shell.now(), today=today
        )
    odd = [f"{each.pointer}: {each.detail}" for each in draft.warnings]
    return {"version": draft.version, "state": "draft", "warnings": odd}


@rules.command("commit")
@click.argument("version", type=VERSION)
@with_shell
async def commit(shell: Shell, version: int) -> dict[str, Any]:
    """Say that a draft is done."""
    async with shell.engine.begin() as conn:
        done = await rule_sets.commit_rule_set(conn, version, OPERATOR, now=shell.now())
    return _describe(done)


@rules.command("activate")
@click.argument("version", type=VERSION)
@click.option(
    "--expected-active",
    type=VERSION,
    required=True,
    help="The version that it is to replace.",
)
@click.option("--reason", default="", help="Why.")
@with_shell
async def activate(
    shell: Shell, version: int, expected_active: int, reason: str
) -> dict[str, Any]:
    """Let a version that somebody else wrote judge every scan from now on."""
    async with shell.engine.begin() as conn:
        done = await rule_sets.activate_rule_set(
            conn,
            version,
            OPERATOR,
            expected_active=expected_active,
            reason=reason,
            now=shell.now(),
        )
    return _describe(done)


@rules.command("rollback")
@click.option("--reason", required=True, help="Why.")
@click.option("--expected-active", type=VERSION, help="Roll back nothing but this one.")
@with_shell
async def roll_back(
    shell: Shell, reason: str, expected_active: int | None
) -> dict[str, Any]:
    """Let the version judge again that the active one had replaced."""
    async with shell.engine.begin() as conn:
        done = await rule_sets.roll_rules_back(
            conn,
            OPERATOR,
            expected_active=expected_active,
            reason=reason,
            now=shell.now(),
        )
    return _describe(done)


@rules.command("backtest")
@click.argument("version", type=VERSION)
@click.option(
    "--from", "from_", type=WHEN, required=True, help="2027-01-01, or a moment."
)
@click.option("--to", type=WHEN, required=True, help="A last day counts whole.")
@click.option(
    "--sample",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    help="The share of scans that is tried; default: all.",
)
@with_shell
async def backtest(
    shell: Shell, version: int, from_: str, to: str, sample: float
) -> dict[str, Any]:
    """Try a version on recorded scans, beside the active one, and wait for the end.

    Whoever stops waiting leaves it to the service, which goes on with it.
    """
    timezone = shell.settings.timezone
    starts, ends = start_of("/from", from_, timezone), end_of("/to", to, timezone)
    assert starts is not None, "it is required"
    assert ends is not None, "it is required"
    configure_logging("WARNING")
    url = server_urls(shell.settings).database_url
    ids = LeasedIds(database_url=url, clock=shell.clock)
    await ids.take()
    try:
        async with shell.engine.begin() as conn:
            started = await backtests.start_backtest(
                conn,
                NewBacktest(version, starts, ends, sample),
                OPERATOR,
                backtest_id=ids.next_id(shell.clock.now_ms()),
                now=shell.now(),
            )
    finally:
        await ids.give_back()
    return _tell(await _carry_out(shell, started))


async def _carry_out(shell: Shell, started: Backtest) -> Backtest:
    """Take turns at backtests, beside the service's own, until one is over."""
    backtesting = Backtesting(shell.engine, shell.clock, shell.settings.timezone)
    found = started
    with errors.status("Trying ...") as status:
        while found.state in UNFINISHED:
            if not await backtesting.go_on():
                await asyncio.sleep(0.2)
            async with shell.engine.connect() as conn:
                found = await backtests.load_backtest(
                    conn, started.backtest_id, OPERATOR
                )
            status.update(f"{found.trial.scans} scans, {found.progress:.0%}")
    return found


def _tell(found: Backtest) -> dict[str, Any]:
    trial = found.trial
    candidate, live = trial.candidate, trial.live
    return {
        "backtest_id": str(found.backtest_id),
        "state": found.state.value,
        "version": found.version,
        "scans": trial.scans,
        "outcomes": candidate.outcomes,
        **msgspec.to_builtins(quality_of(candidate, trial)),
        "live_version": found.live_version,
        "live_outcomes": live.outcomes,
        "live_quality": msgspec.to_builtins(quality_of(live, trial)),
        "differ": trial.differ,
        "hits": {name: tally.hits for name, tally in trial.rules.items()},
        "unknown": {name: each.scans for name, each in trial.unknown.items()},
        "partly_unknown": trial.partly_unknown,
        "examples": [str(n) for moved in trial.moved for n in moved.examples],
    }


def _describe(each: RuleSetVersion) -> dict[str, Any]:
    return {
        "version": each.version,
        "state": each.state.value,
        "author": each.author,
        "note": each.note,
        "at": each.created_at,
        "committed_by": each.committed_by,
        "until": each.until,
    }


def _read(file: Path) -> Any:
    """Read a document; raises InvalidInput for what is no JSON."""
    with file.open("rb") as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise InvalidInput.field("/file", "too_large", message("rules_file_too_large"))
    try:
        return json.loads(content)
    except ValueError as fault:
        raise InvalidInput.field(
            "/file", "unparsable", message("rules_no_json", what=str(fault))
        ) from None
