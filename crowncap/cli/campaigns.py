"""`crowncap campaign …`."""

from dataclasses import asdict
from typing import Any

import click

from codegen import store as codes_store
from core.auth.principal import OPERATOR
from core.bounds import MAX_POINTS
from core.moments import on_both_clocks
from crowncap.cli.moments import WHEN, end_of, start_of
from crowncap.cli.root import cli
from crowncap.cli.shell import Shell, with_shell
from crowncap.counting import count_anew
from rewards.domain.active_campaigns import Campaign
from rewards.domain.campaigns import NewCampaign
from rewards.pipeline import figures
from rewards.pipeline.campaigns import add_campaign
from rewards.store.active_campaigns import load_campaigns


@cli.group()
def campaign() -> None:
    """Add and list points campaigns."""


@campaign.command("add")
@click.argument("campaign_id")
@click.option("--name", required=True)
@click.option("--points", required=True, type=click.IntRange(1, 1_000_000))
@click.option(
    "--starts",
    type=WHEN,
    help="2027-01-01 by CROWNCAP_TIMEZONE, or 2027-01-01T08:00:00+08:00; default: now.",
)
@click.option("--ends", type=WHEN, help="A last day counts whole; default: never.")
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
    starts: str | None,
    ends: str | None,
    **terms: Any,
) -> dict[str, Any]:
    """Add a campaign that pays points for each claimed cap."""
    timezone, now = shell.settings.timezone, shell.now()
    new = NewCampaign(
        campaign_id,
        starts_at=start_of("/starts", starts, timezone) or now,
        ends_at=end_of("/ends", ends, timezone),
        **terms,
    )
    async with shell.engine.begin() as conn:
        added = await add_campaign(
            conn, new, OPERATOR, spell_brand=codes_store.spell_brand, now=now
        )
    return {
        "campaign_id": campaign_id,
        **terms,
        "brand": added.brand,
        "starts": on_both_clocks(added.starts_at, timezone),
        "ends": added.ends_at and on_both_clocks(added.ends_at, timezone),
    }


@campaign.command("list")
@with_shell
async def list_campaigns(shell: Shell) -> list[Any]:
    """List campaigns and their terms."""
    async with shell.engine.connect() as conn:
        campaigns = await load_campaigns(conn)
    return [_describe(each) for each in campaigns.values()]


@campaign.command("figures")
@click.argument("campaign_id")
@click.option("--rebuild", is_flag=True, help="Count all campaigns anew first.")
@with_shell
async def show_figures(
    shell: Shell, campaign_id: str, *, rebuild: bool
) -> dict[str, Any]:
    """Tell what a campaign came to, by day and by offer."""
    if rebuild:
        await count_anew(
            shell.engine, timezone=shell.settings.timezone, now=shell.now()
        )
    async with shell.engine.connect() as conn:
        _, found = await figures.show_figures(conn, campaign_id, OPERATOR)
    return {
        "campaign_id": campaign_id,
        "scans": found.scans,
        "claims": found.claims,
        "awards": found.awards,
        "members": found.members,
        "points": found.points,
        "minor": found.minor,
        "by_day": [asdict(each) for each in found.by_day],
        "by_offer": [asdict(each) for each in found.by_offer],
        "counted_at": found.counted_at,
    }


def _describe(found: Campaign) -> dict[str, Any]:
    return {
        "campaign_no": found.campaign_no,
        "campaign_id": found.campaign_id,
        "state": found.state.value,
        "name": found.name,
        "points": found.points,
        "starts_at": found.starts_at,
        "ends_at": found.ends_at,
        "budget": found.budget and found.budget.most,
        "daily_cap": found.daily_cap and found.daily_cap.most,
        "brand": found.brand,
    }
