"""`crowncap token …`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.store import spell_brand
from core.auth import Role
from core.auth.members import MemberSigner, is_member_id
from core.auth.principal import OPERATOR
from core.auth.staff import list_staff_tokens
from core.auth.staff_tokens import (
    NewStaffToken,
    give_staff_token,
    take_staff_token_back,
)
from core.clock import SystemClock
from core.db import create_engine
from core.errors import InvalidInput, MisconfiguredError
from core.ids import random_token
from core.moments import on_both_clocks
from crowncap.cli.moments import WHEN, end_of
from crowncap.cli.root import cli
from crowncap.cli.shell import (
    Shell,
    check_options,
    data_dir_option,
    errors,
    read_settings,
    tidy_options,
    with_shell,
)
from crowncap.demo import is_demo
from crowncap.server_urls import issuance_of, server_urls


@cli.group()
def token() -> None:
    """Make, list and revoke tokens."""


@token.command("staff")
@click.option("--role", required=True, type=click.Choice([r.value for r in Role]))
@click.option("--name", help="The person's name, which tells people apart.")
@click.option("--brand", help="Narrow the token to one brand.")
@click.option("--line", help="Narrow the token to one line.")
@click.option("--store", help="Narrow the token to one shop.")
@click.option(
    "--expires", type=WHEN, help="Last day by CROWNCAP_TIMEZONE, which counts whole."
)
@data_dir_option
def make_staff_token(data_dir: Path | None, **options: Any) -> None:
    """Print one new staff token, this once; only its hash is kept."""
    check_options(options)
    options = tidy_options(options)
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
    timezone = shell.settings.timezone
    expires_at = end_of("/expires", options["expires"], timezone)
    async with shell.engine.begin() as conn:
        new = NewStaffToken(
            person=options["name"] or await _name_of_demo(conn),
            role=Role(options["role"]),
            brand=options["brand"] and await spell_brand(conn, options["brand"]),
            line=options["line"],
            store=options["store"],
            expires_at=expires_at,
        )
        token = await give_staff_token(conn, new, OPERATOR, now=shell.now())
    if expires_at is not None:
        both = on_both_clocks(expires_at, timezone)
        errors.print(f"Good until {both.local.isoformat()} ({both.utc.isoformat()}).")
    return token


async def _name_of_demo(conn: AsyncConnection) -> str:
    """Make up a person where nobody is anybody; raises InvalidInput anywhere else."""
    if await is_demo(conn):
        return f"demo-{random_token(6)}"
    raise InvalidInput("Say with --name who the token is for; it tells people apart.")


@token.command("list")
@with_shell
async def list_tokens(shell: Shell) -> list[dict[str, Any]]:
    """List staff tokens, newest first; never the tokens themselves."""
    async with shell.engine.connect() as conn:
        return [asdict(row) for row in await list_staff_tokens(conn)]


@token.command("revoke")
@click.argument("token_id")
@with_shell
async def revoke_token(shell: Shell, token_id: str) -> dict[str, str]:
    """Make a staff token worthless; workers forget it within five seconds."""
    async with shell.engine.begin() as conn:
        await take_staff_token_back(conn, token_id, OPERATOR, now=shell.now())
    return {"token_id": token_id, "state": "revoked"}


@token.command("member")
@click.argument("member_ids", nargs=-1, required=True)
@data_dir_option
def make_member_tokens(member_ids: tuple[str, ...], data_dir: Path | None) -> None:
    """Print members' tokens, one a line, in the order asked."""
    for member_id in member_ids:
        if not is_member_id(member_id):
            raise InvalidInput(
                f"{member_id[:40]!a} cannot be the id of a member: 1 to 128 "
                "characters that can be shown."
            )
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
