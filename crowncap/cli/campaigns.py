"""`crowncap campaign …`."""

from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.exc import IntegrityError

from codegen import store as codes_store
from core.auth.audit import record_action
from core.auth.principal import OPERATOR
from core.bounds import MAX_POINTS
from core.errors import Conflict, InvalidInput
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, with_shell
from rewards.store import insert_campaign, load_campaigns

_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"])


@cli.group()
def campaign() -> None:
    """Add and list points campaigns."""


@campaign.command("add")
@click.argument("campaign_id")
@click.option("--name", required=True)
@click.option("--points", required=True, type=click.IntRange(1, 1_000_000))
@click.option("--starts", type=_MOMENT, help="UTC; default: now.")
@click.option("--ends", type=_MOMENT, help="UTC; default: never.")
@click.option(
    "--budget", type=click.IntRange(1, MAX_POINTS), help="Points in all; default: any."
)
@click.option(
    "--daily-cap", type=click.IntRange(1, MAX_POINTS), help="Points a member a day."
)
@click.option("--brand", help="Whose batches alone may name it; default: any.")
@with_shell
async def add(
    shell: Shell,
    campaign_id: str,
    starts: datetime | None,
    ends: datetime | None,
    **terms: Any,
) -> dict[str, Any]:
    """Add a campaign that pays points for each claimed cap."""
    starts_at = starts.replace(tzinfo=UTC) if starts else shell.now()
    ends_at = ends.replace(tzinfo=UTC) if ends else None
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidInput("A campaign ends after it starts.")
    async with shell.engine.begin() as conn:
        await codes_store.take_fence(conn)
        if terms["brand"]:
            terms["brand"] = await codes_store.spell_brand(conn, terms["brand"])
        try:
            await insert_campaign(
                conn,
                campaign_id=campaign_id,
                starts_at=starts_at,
                ends_at=ends_at,
                now=shell.now(),
                **terms,
            )
        except IntegrityError:
            raise Conflict(f"There is a campaign {campaign_id} already.") from None
        await record_action(
            conn,
            OPERATOR,
            action="campaign.add",
            subject=f"campaign:{campaign_id}",
            detail=terms,
            now=shell.now(),
        )
    return {"campaign_id": campaign_id, **terms}


@campaign.command("list")
@with_shell
async def list_campaigns(shell: Shell) -> list[Any]:
    """List campaigns and their terms."""
    async with shell.engine.connect() as conn:
        return list((await load_campaigns(conn)).values())
