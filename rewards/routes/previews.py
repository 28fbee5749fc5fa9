"""HTTP of previews: what a scan would earn, and why not more."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput
from core.fields import Text64
from core.moments import When, read_start
from rewards.domain.messages import message
from rewards.domain.plans import HindranceReason
from rewards.pipeline.previews import FindGoods, Preview, PreviewWish, preview_scan


class PreviewBody(Body, frozen=True, kw_only=True):
    """A code or the goods, and who would scan it, when and where."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    gtin: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{14}\Z")] | None = None
    batch_id: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    lot: Text64 | None = None
    member_id: Text64 | None = None
    at: When | None = None
    channel: Text64 | None = None
    region: Text64 | None = None


class ExpectedView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an offer would give; of a chance only that there is one."""

    campaign_id: str
    offer_id: str
    kind: str
    amount: int
    name: str | None = None


class WithheldView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a campaign, or one offer of it, would not give."""

    campaign_id: str
    offer_id: str | None
    reason: HindranceReason
    until: datetime | None = None


class PreviewView(msgspec.Struct, frozen=True, kw_only=True):
    """What a scan would earn of all campaigns, and what it would not."""

    awards: tuple[ExpectedView, ...]
    not_awarded: tuple[WithheldView, ...]


def view_preview(preview: Preview) -> PreviewView:
    """Show a preview."""
    return PreviewView(
        awards=tuple(
            ExpectedView(
                campaign_id=each.campaign_id,
                offer_id=each.offer_id,
                kind="chance" if each.kind is None else each.kind.value,
                amount=each.amount,
                name=each.name,
            )
            for each in preview.awards
        ),
        not_awarded=tuple(
            WithheldView(
                campaign_id=each.campaign_id,
                offer_id=each.offer_id,
                reason=each.reason,
                until=each.until,
            )
            for each in preview.not_awarded
        ),
    )


@post(
    "/v1/campaigns/{campaign_id:str}/previews",
    summary="Preview what a scan would earn",
    tags=["campaigns"],
    status_code=200,
)
async def preview_campaign(
    campaign_id: str,
    data: PreviewBody,
    principal: Principal,
    engine: AsyncEngine,
    find_goods: SkipValidation[Any],
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> PreviewView:
    """Tell what a scan would earn of all campaigns, and why not more; writes nothing.

    The campaign is taken by its newest version, as if that were active. Of a chance
    nobody is told what it comes to. Whoever asks by a code is written down.
    """
    staff = require_role(principal, Role.MARKETER, Role.SUPPORT)
    if data.code is None and data.gtin is None and data.batch_id is None:
        raise InvalidInput.field("/code", "required", message("preview_of_what"))
    given = {name: getattr(data, name) for name in PreviewBody.__struct_fields__}
    given["at"] = read_start("/at", data.at, timezone)
    finder: FindGoods = find_goods
    async with engine.begin() as conn:
        return view_preview(
            await preview_scan(
                conn,
                campaign_id,
                PreviewWish(**given),
                staff,
                find_goods=finder,
                timezone=timezone,
                now=utc_datetime(clock.now_ms()),
            )
        )
