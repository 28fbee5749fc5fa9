"""The command line. Each command says on standard output only what it was asked for."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
import msgspec
import psycopg
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TimeRemainingColumn,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

import crowncap.up
from codegen import pipeline as codes
from codegen import store as codes_store
from codegen.domain.batch import Selection
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import EpochState, RangeState
from codegen.pipeline import ChangeRequest, Issuance, RecallScope
from codegen.routes import NewBatch, order_from, view_batch
from core.auth import Role
from core.auth import staff as staff_tokens
from core.auth.audit import record_action
from core.auth.members import MemberSigner
from core.auth.principal import OPERATOR
from core.clock import Clock, SystemClock, utc_datetime
from core.db import create_engine
from core.errors import Fault, InvalidInput, MisconfiguredError
from core.ids import random_token
from core.log import configure_logging
from core.redis import RedisAway, connect
from core.settings import Settings
from crowncap.audit import audit_database
from crowncap.embedded import EmbeddedServerError
from crowncap.places import server_urls
from crowncap.up import Serving
from crowncap.worker import issuance_of
from printer_export.domain import Preset
from printer_export.pipeline import ExportOrder, export_batch
from printer_export.writing import ExportWriteError
from scan_api.filters import FilterBuilder

P = ParamSpec("P")
R = TypeVar("R")

errors = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Shell:
    """What a command works with."""

    settings: Settings
    engine: AsyncEngine
    clock: Clock
    issuance: Issuance

    def now(self) -> datetime:
        """Tell the time."""
        return utc_datetime(self.clock.now_ms())


def data_dir_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add --data-dir."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the data of this installation are (default .crowncap).",
    )(command)


def read_settings(data_dir: Path | None) -> Settings:
    """Read the environment; --data-dir has the last word."""
    environ = dict(os.environ)
    if data_dir is not None:
        environ["CROWNCAP_DATA_DIR"] = str(data_dir)
    return Settings.from_env(environ)


def with_shell(
    work: Callable[..., Awaitable[Any]],
) -> Callable[..., None]:
    """Run an async command with a shell, and print what it returns as JSON."""

    @wraps(work)
    def command(*args: Any, data_dir: Path | None, **options: Any) -> None:
        async def run() -> Any:
            settings = read_settings(data_dir)
            engine = create_engine(server_urls(settings).database_url, pool_size=1)
            try:
                shell = Shell(settings, engine, SystemClock(), issuance_of(settings))
                return await work(shell, *args, **options)
            finally:
                await engine.dispose()

        answer = asyncio.run(run())
        if answer is not None:
            click.echo(_to_json(answer))

    return data_dir_option(command)


def _to_json(answer: Any) -> str:
    if isinstance(answer, msgspec.Struct):
        return msgspec.json.encode(answer).decode()
    if is_dataclass(answer) and not isinstance(answer, type):
        answer = asdict(answer)
    return json.dumps(answer, default=str, ensure_ascii=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Crowncap: one signed code under every cap, printed once, paid once."""


@cli.command()
@click.option("--demo", is_flag=True, help="Seed a demo brand with caps to scan.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@data_dir_option
def up(
    *, demo: bool, host: str, port: int, workers: int, data_dir: Path | None
) -> None:
    """Start everything and serve until Ctrl-C."""
    environ = os.environ
    if data_dir is not None:
        environ["CROWNCAP_DATA_DIR"] = str(data_dir.absolute())
    if demo:
        environ["CROWNCAP_DEMO"] = "1"
    # The workers read the same environment.
    environ.setdefault("CROWNCAP_PUBLIC_URL", f"http://{host}:{port}")
    configure_logging()
    crowncap.up.run(Settings.from_env(environ), Serving(host, port, workers))


# Tokens -------------------------------------------------------------------------------


@cli.group()
def token() -> None:
    """Make, list and revoke tokens."""


@token.command("staff")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]))
@click.option("--name", help="The person's name; four eyes compare persons.")
@click.option("--brand", help="Narrow the token to one brand.")
@click.option("--line", help="Narrow the token to one line.")
@click.option("--store", help="Narrow the token to one shop.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day (UTC).")
@data_dir_option
def make_staff_token(data_dir: Path | None, **options: Any) -> None:
    """Print one new staff token, this once; only its hash is kept."""
    click.echo(asyncio.run(_with_engine(data_dir, _make_staff_token, options)))


async def _with_engine(
    data_dir: Path | None,
    work: Callable[[Shell, dict[str, Any]], Awaitable[str]],
    options: dict[str, Any],
) -> str:
    settings = read_settings(data_dir)
    engine = create_engine(server_urls(settings).database_url, pool_size=1)
    try:
        shell = Shell(settings, engine, SystemClock(), issuance_of(settings))
        return await work(shell, options)
    finally:
        await engine.dispose()


async def _make_staff_token(shell: Shell, options: dict[str, Any]) -> str:
    person = options["name"]
    if not person:
        if shell.settings.database_url is not None:
            raise InvalidInput(
                "Say who the token is for: --name; four eyes compare persons."
            )
        person = f"demo-{random_token(6)}"
    expires: datetime | None = options["expires"]
    async with shell.engine.begin() as conn:
        token_id, secret = await staff_tokens.create_staff_token(
            conn,
            person=person,
            role=Role(options["role"]),
            brand=options["brand"],
            line=options["line"],
            store=options["store"],
            now=shell.now(),
            expires_at=expires.replace(tzinfo=shell.now().tzinfo) if expires else None,
        )
        await record_action(
            conn,
            OPERATOR,
            action="token.create",
            subject=f"token:{token_id}",
            detail={"person": person, "role": options["role"]},
            now=shell.now(),
        )
    return secret


@token.command("list")
@with_shell
async def list_tokens(shell: Shell) -> list[dict[str, Any]]:
    """List staff tokens, newest first; never the tokens themselves."""
    async with shell.engine.connect() as conn:
        return [asdict(row) for row in await staff_tokens.list_staff_tokens(conn)]


@token.command("revoke")
@click.argument("token_id")
@with_shell
async def revoke_token(shell: Shell, token_id: str) -> dict[str, str]:
    """Make a staff token worthless; workers forget it within five seconds."""
    async with shell.engine.begin() as conn:
        await staff_tokens.revoke_staff_token(conn, token_id, now=shell.now())
        await record_action(
            conn,
            OPERATOR,
            action="token.revoke",
            subject=f"token:{token_id}",
            detail={},
            now=shell.now(),
        )
    return {"token_id": token_id, "state": "revoked"}


@token.command("member")
@click.argument("member_ids", nargs=-1, required=True)
@data_dir_option
def make_member_tokens(member_ids: tuple[str, ...], data_dir: Path | None) -> None:
    """Print members' tokens, one a line, in the order asked."""
    settings = read_settings(data_dir)
    if settings.member_jwks is not None:
        raise MisconfiguredError(
            "Members' keys are external (CROWNCAP_MEMBER_JWKS), so their tokens come "
            "from the brand's own sign-in."
        )
    server_urls(settings)
    signer = MemberSigner.load_or_create(settings.data_dir / "keys")
    now_ms = SystemClock().now_ms()
    for member_id in member_ids:
        click.echo(signer.mint(member_id, now_ms=now_ms))


# Keys ---------------------------------------------------------------------------------


@cli.group()
def key() -> None:
    """Look at and change the epochs of the master keys."""


@key.command("list")
@with_shell
async def list_keys(shell: Shell) -> list[dict[str, Any]]:
    """List epochs, their states and how far each has issued."""
    async with shell.engine.connect() as conn:
        return await codes_store.load_epochs(conn)


@key.command("rotate")
@with_shell
async def rotate_key(shell: Shell) -> dict[str, Any]:
    """Open the next epoch with a fresh key, and close the one before."""
    async with shell.engine.begin() as conn:
        epoch = await codes.rotate_epoch(
            conn, shell.issuance.key_file, OPERATOR, now=shell.now()
        )
    return {"epoch": epoch, "state": "open"}


def _add_epoch_command(verb: str, state: EpochState, sentence: str) -> None:
    @with_shell
    async def change(shell: Shell, epoch: int) -> dict[str, Any]:
        async with shell.engine.begin() as conn:
            await codes.change_epoch(conn, epoch, state, OPERATOR, now=shell.now())
        return {"epoch": epoch, "state": state.value}

    argument = click.argument("epoch", type=click.IntRange(0, 31))
    key.command(verb, help=sentence)(argument(change))


_add_epoch_command("close", EpochState.CLOSED, "Issue no more codes of an epoch.")
_add_epoch_command("freeze", EpochState.FROZEN, "Hold every claim of an epoch.")
_add_epoch_command("retire", EpochState.RETIRED, "Answer not_active for an epoch.")


# Batches ------------------------------------------------------------------------------


@cli.group()
def batch() -> None:
    """Issue, export, activate, void and recall batches of codes."""


@batch.command("issue")
@click.option("--quantity", required=True, type=int)
@click.option("--gtin")
@click.option("--campaign", "campaign_id")
@click.option("--lot")
@click.option("--produced-on", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--sale-region", "sale_regions", multiple=True, help="Like CN-31.")
@click.option("--line")
@click.option("--link-base", help="Like HTTPS://BRAND.CN; default: the public URL.")
@click.option("--link-form", type=click.Choice([f.value for f in LinkForm]))
@with_shell
async def issue(shell: Shell, **options: Any) -> Any:
    """Issue a batch of fresh codes."""
    produced_on: datetime | None = options.pop("produced_on")
    given = {k: v for k, v in options.items() if v not in (None, ())}
    if produced_on is not None:
        given["produced_on"] = produced_on.date()
    try:
        data = msgspec.convert(given, NewBatch, strict=False)
    except msgspec.ValidationError as fault:
        raise InvalidInput(str(fault)) from None
    async with shell.engine.begin() as conn:
        return view_batch(
            await codes.issue_batch(
                conn,
                shell.issuance,
                order_from(data, shell.issuance),
                OPERATOR,
                now=shell.now(),
            )
        )


@batch.command("export")
@click.argument("batch_id", type=int)
@click.option("--preset", required=True, type=click.Choice([p.value for p in Preset]))
@click.option("--out", required=True, type=click.Path(path_type=Path))
@with_shell
async def export(shell: Shell, batch_id: int, preset: str, out: Path) -> Any:
    """Write a batch's codes to a file in the directory --out."""
    order = ExportOrder(batch_id, Preset(preset), out)
    with Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    ) as progress:
        task = progress.add_task("Exporting", total=None)
        async with shell.engine.begin() as conn:
            return await export_batch(
                conn,
                shell.issuance.key_file.load(),
                order,
                OPERATOR,
                now=shell.now(),
                may_repeat=shell.settings.database_url is None,
                progress=lambda rows, total: progress.update(
                    task, completed=rows, total=total
                ),
            )


def _range_options(command: Callable[P, R]) -> Callable[P, R]:
    for name in ("--to-index", "--from-index"):
        command = click.option(name, type=int, help="0-based and inclusive.")(command)
    return click.argument("batch_id", type=int)(command)


@batch.command("activate")
@_range_options
@with_shell
async def activate(
    shell: Shell, batch_id: int, from_index: int | None, to_index: int | None
) -> Any:
    """Activate a batch or a part of it with what the batch was issued for."""
    return await _change(
        shell, batch_id, RangeState.ACTIVATED, Selection(None, from_index, to_index)
    )


@batch.command("void")
@click.option("--reason", default="command line")
@_range_options
@with_shell
async def void(
    shell: Shell,
    batch_id: int,
    from_index: int | None,
    to_index: int | None,
    reason: str,
) -> Any:
    """Make a batch or a part of it void, for good."""
    selection = Selection(None, from_index, to_index)
    return await _change(shell, batch_id, RangeState.VOID, selection, reason)


@batch.command("recall")
@click.option("--reason", default="command line")
@click.option(
    "--instructions", default="请勿饮用，请联系客服。 Do not consume; contact us."
)
@_range_options
@with_shell
async def recall(
    shell: Shell,
    batch_id: int,
    from_index: int | None,
    to_index: int | None,
    reason: str,
    instructions: str,
) -> Any:
    """Recall a batch or a part of it, for good; the operator needs no second person."""
    async with shell.engine.begin() as conn:
        changed = await codes.recall_scope(
            conn,
            RecallScope(batch_id, None, from_index, to_index),
            reason=reason,
            instructions=instructions,
            staff=OPERATOR,
            now=shell.now(),
        )
        await record_action(
            conn,
            OPERATOR,
            action="batch.recall",
            subject=f"batch:{batch_id}",
            detail={"changed": changed, "reason": reason},
            now=shell.now(),
        )
    return {"batch_id": batch_id, "changed": changed}


async def _change(
    shell: Shell,
    batch_id: int,
    state: RangeState,
    selection: Selection,
    reason: str = "",
) -> Any:
    async with shell.engine.begin() as conn:
        return await codes.change_codes(
            conn,
            shell.issuance.key_file.load(),
            ChangeRequest(batch_id, selection, state, reason),
            OPERATOR,
            now=shell.now(),
        )


# Codes, filters, audit ----------------------------------------------------------------


@cli.group("code")
def code_group() -> None:
    """Look at single codes."""


@code_group.command("open")
@click.argument("code")
@with_shell
async def open_one(shell: Shell, code: str) -> dict[str, Any]:
    """Say what a code is."""
    async with shell.engine.connect() as conn:
        keys = shell.issuance.key_file.load()
        return await codes.describe_code(conn, keys, code)


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
        table = await codes_store.load_range_table(conn)
    segments = table.segments()
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


@cli.command()
@with_shell
async def audit(shell: Shell) -> None:
    """Check every invariant over the whole database; exit 1 if one fails."""
    async with shell.engine.connect() as conn:
        await conn.execution_options(isolation_level="REPEATABLE READ")
        findings = await audit_database(
            conn, shell.issuance.high_water, timezone=str(shell.settings.timezone)
        )
    for finding in findings:
        click.echo(
            f"Invariant {finding.invariant} is broken: {finding.sentence}. "
            f"{finding.count} found, such as {', '.join(finding.examples)}."
        )
    if findings:
        sys.exit(1)
    click.echo("Every invariant holds.")


def main() -> None:
    """Run the command line; whatever an operator can mend is one sentence."""
    try:
        cli()
    except Fault as fault:
        lines = [fault.detail, *(f"{e.pointer}: {e.detail}" for e in fault.errors)]
        _fail("\n".join(dict.fromkeys(lines)))
    except (MisconfiguredError, EmbeddedServerError, ExportWriteError) as fault:
        _fail(str(fault))
    except (OperationalError, psycopg.OperationalError) as fault:
        cause = getattr(fault, "orig", fault)
        last = str(cause).strip().splitlines()[-1]
        _fail(f"Cannot reach the database: {last}")


def _fail(sentence: str) -> None:
    errors.print(sentence, style="red", markup=False)
    sys.exit(2)
