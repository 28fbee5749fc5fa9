"""What a scan would earn: asked beside the form and on a campaign's page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader
from console.frame.messages import message
from console.frame.page_request import StaffRequest
from console.marketing.words import Wording, wording_of
from core.auth import Staff
from core.bounds import MAX_TEXT, check_text
from core.errors import FieldError, NotFound
from core.moments import local_text, read_start
from rewards.domain.campaigns import KeptCampaign
from rewards.domain.plans import RewardKind
from rewards.domain.previews import Expected, Withheld
from rewards.domain.terms import Terms
from rewards.pipeline.previews import (
    NEW,
    FindGoods,
    Goods,
    Preview,
    PreviewWish,
    preview_terms,
)

# The fields of the panel, beside the box that takes goods as bound to the campaign.
ASKED: Final = ("code", "gtin", "batch", "lot", "member", "at", "channel", "region")
FIELDS: Final = (*(f"p_{name}" for name in ASKED), "p_bound")
_MAX_CODE: Final = 256
_MAX_BATCH: Final = 2**53


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview in words: what would be earned, and what not, with why."""

    awards: list[str]
    withheld: list[tuple[str, str]]


async def preview(
    context: ConsoleContext,
    page: StaffRequest,
    form: Mapping[str, str],
    *,
    terms: Terms,
    kept: KeptCampaign | None,
) -> tuple[Shown | None, Faults]:
    """Tell what a scan would earn if a campaign said this; or, by field, why not."""
    wish, faults = _read_wish(form, context)
    if faults:
        return None, faults
    find = context.find_goods
    if form.get("p_bound"):
        find = _as_bound(find, NEW if kept is None else kept.campaign_id)
    try:
        async with context.engine.begin() as conn:
            found = await preview_terms(
                conn,
                terms,
                kept,
                wish,
                page.staff,
                find_goods=find,
                timezone=context.settings.timezone,
                now=context.now,
            )
    except NotFound as fault:
        name = "p_gtin" if wish.code is None else "p_code"
        return None, {name: [FieldError(name, fault.code, fault.detail)]}
    return _tell(found, wording_of(context, page)), {}


def _as_bound(find: FindGoods, campaign_id: str) -> FindGoods:
    """Take whatever goods are found as bound to a campaign."""

    async def find_bound(
        conn: AsyncConnection, wish: PreviewWish, staff: Staff, at: datetime
    ) -> Goods | None:
        goods = await find(conn, wish, staff, at)
        return None if goods is None else replace(goods, bound=campaign_id)

    return find_bound


def _read_wish(
    form: Mapping[str, str], context: ConsoleContext
) -> tuple[PreviewWish, Faults]:
    reader = Reader()
    given = {name: form.get(f"p_{name}", "").strip() for name in ASKED}
    for name, value in given.items():
        most = _MAX_CODE if name == "code" else MAX_TEXT
        for error in check_text(f"p_{name}", value, most=most):
            reader.note(f"p_{name}", error)
    at = None
    with reader.noting("p_at"):
        text = local_text(given["at"], context.settings.timezone)
        at = read_start("/p_at", text or None, context.settings.timezone)
    batch = reader.number("p_batch", given["batch"], 1, _MAX_BATCH)
    if not (given["code"] or given["gtin"] or given["batch"]):
        told = message("preview_of_what")
        reader.note("p_code", FieldError("p_code", "required", told))
    texts: dict[str, Any] = {
        name: given[name] or None
        for name in ("code", "gtin", "lot", "channel", "region")
    }
    wish = PreviewWish(
        **texts, batch_id=batch, member_id=given["member"] or None, at=at
    )
    return wish, reader.faults


def _tell(found: Preview, wording: Wording) -> Shown:
    return Shown(
        [_tell_award(each, wording) for each in found.awards],
        [_tell_withheld(each, wording) for each in found.not_awarded],
    )


def _named(campaign_id: str, offer_id: str | None, wording: Wording) -> str:
    name = campaign_id or wording.t("preview_this")
    return name if offer_id is None else f"{name} · {offer_id}"


def _tell_award(award: Expected, wording: Wording) -> str:
    if award.kind is RewardKind.POINTS:
        what = wording.count("points", award.amount)
    elif award.kind is RewardKind.RED_PACKET:
        what = wording.gift({"kind": "red_packet", "minor": award.amount})
    elif award.kind is None:
        what = wording.t("kind_chance")
    else:
        kind = wording.t("kind_" + award.kind.value)
        what = kind if award.name is None else f"{kind} {award.name}"
    place = _named(award.campaign_id, award.offer_id, wording)
    return wording.t("preview_earns").format(what=what, place=place)


def _tell_withheld(each: Withheld, wording: Wording) -> tuple[str, str]:
    reason = wording.t("reason_" + each.reason.value)
    if each.until is not None:
        until = wording.t("preview_until").format(at=wording.moment(each.until))
        reason = wording.t("joined").format(one=reason, other=until)
    return _named(each.campaign_id, each.offer_id, wording), reason
