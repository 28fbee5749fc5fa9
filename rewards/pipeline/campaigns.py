"""A campaign is added, in versions that two persons make, paused and stopped.

What scans are decided by changes behind the fence, so that no scan that comes after the
answer is paid by what was paused. Each step is written down.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import refuse
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.event_types import EventType, Happening
from core.fence import take_fence
from core.names import are_one
from core.outbox import write_events
from rewards.domain.campaigns import (
    MOVES,
    CampaignState,
    KeptCampaign,
    Move,
    NewCampaign,
    Version,
    VersionState,
)
from rewards.domain.claim_facts import read_when
from rewards.domain.messages import message
from rewards.domain.offers import find_missing
from rewards.domain.terms import Terms, TwoNames, find_faults, find_uncountable
from rewards.store import campaigns as store
from rewards.store.campaigns import FIRST
from rewards.store.offers import load_things

# Who knows products tells how the first of them spells a brand.
BrandSpelling = Callable[[AsyncConnection, str], Awaitable[str]]


async def add_campaign(
    conn: AsyncConnection,
    new: NewCampaign,
    staff: Staff,
    *,
    spell_brand: BrandSpelling,
    now: datetime,
) -> NewCampaign:
    """Add a campaign; gives it with its brand spelled as products spell it.

    Raises InvalidInput for one that ends before it starts, Conflict for an id that
    there is. The fence is held until the transaction ends.
    """
    if new.ends_at is not None and new.ends_at <= new.starts_at:
        raise InvalidInput(message("ends_before_start"))
    await take_fence(conn)
    if new.brand is not None:
        new = replace(new, brand=await spell_brand(conn, new.brand))
    try:
        await store.insert_campaign(conn, new, now=now)
    except IntegrityError:
        raise Conflict(
            message("campaign_exists", campaign_id=new.campaign_id)
        ) from None
    await record_action(
        conn,
        staff,
        action="campaign.add",
        subject=f"campaign:{new.campaign_id}",
        detail={
            "name": new.name,
            "points": new.points,
            "budget": new.budget,
            "daily_cap": new.daily_cap,
            "brand": new.brand,
            "starts": new.starts_at.isoformat(),
            "ends": new.ends_at and new.ends_at.isoformat(),
        },
        now=now,
    )
    await _tell(conn, new.campaign_id, "added")
    return new


async def draft_campaign(
    conn: AsyncConnection,
    campaign_id: str,
    terms: Terms,
    staff: Staff,
    *,
    now: datetime,
) -> Version:
    """Write a campaign's first version, which pays nothing yet.

    It is of the brand of who writes it. Raises InvalidInput, and Conflict for an id
    that there is.
    """
    await check_terms(conn, terms, staff, None)
    version = Version(FIRST, VersionState.DRAFT, terms, staff.person, now)
    try:
        await store.insert_draft(conn, campaign_id, version, brand=staff.brand)
    except IntegrityError:
        raise Conflict(
            message("campaign_exists", campaign_id=campaign_id), code="already_exists"
        ) from None
    await _note_version(conn, campaign_id, version, "drafted", staff, now=now)
    return version


async def draft_version(
    conn: AsyncConnection,
    campaign_id: str,
    terms: Terms,
    staff: Staff,
    *,
    now: datetime,
) -> Version:
    """Write another version of a campaign; raises InvalidInput and Conflict."""
    kept = await _lock(conn, campaign_id, staff)
    if kept.state is CampaignState.STOPPED:
        raise _illegal(kept)
    await check_terms(conn, terms, staff, kept)
    number = max(each.version for each in kept.versions) + 1
    version = Version(number, VersionState.DRAFT, terms, staff.person, now)
    await store.insert_version(conn, kept.campaign_no, version)
    await _note_version(conn, campaign_id, version, "drafted", staff, now=now)
    return version


def refuse_terms(terms: Terms) -> None:
    """Raise InvalidInput for terms that make no sense."""
    refuse(find_faults(terms))
    if terms.when is not None:
        read_when(terms.when)


async def check_terms(
    conn: AsyncConnection, terms: Terms, staff: Staff, kept: KeptCampaign | None
) -> None:
    """Raise InvalidInput for what could be no version of a campaign, or a new one."""
    refuse_terms(terms)
    refuse(await _find_unknown(conn, terms, staff))
    if kept is not None and kept.active is not None:
        refuse(find_uncountable(terms, kept.paid_by))


async def _find_unknown(
    conn: AsyncConnection, terms: Terms, staff: Staff
) -> list[FieldError]:
    """Say which offers and tiers give what is not there, or is another brand's."""
    accounts = {each.account: 0 for each in terms.given}
    things = await load_things(conn, [terms], {0: accounts})
    return list(find_missing(terms, things, staff.brand))


async def approve_version(
    conn: AsyncConnection, campaign_id: str, number: int, staff: Staff, *, now: datetime
) -> Version:
    """Approve a version as a second person; raises NotFound and Conflict."""
    kept = await _lock(conn, campaign_id, staff)
    version = _find_version(kept, number)
    if version.state is not VersionState.DRAFT:
        told = message("version_is", version=number, state=_OF_VERSIONS[version.state])
        raise Conflict(told, code="already_approved")
    if are_one(version.created_by, staff.person):
        raise Conflict(
            message("version_takes_two", person=version.created_by),
            code="second_person_needed",
        )
    await store.approve_version(
        conn, kept.campaign_no, number, person=staff.person, now=now
    )
    approved = replace(version, state=VersionState.APPROVED)
    await _note_version(conn, campaign_id, approved, "approved", staff, now=now)
    return approved


async def activate_version(
    conn: AsyncConnection, campaign_id: str, number: int, staff: Staff, *, now: datetime
) -> Version:
    """Let a campaign pay by an approved version from now on.

    One that is paused stays so. Raises NotFound, Conflict and InvalidInput.
    """
    await take_fence(conn)
    kept = await _lock(conn, campaign_id, staff)
    version = _find_version(kept, number)
    if version.state is VersionState.DRAFT:
        raise Conflict(
            message("version_not_approved", version=number), code="not_approved"
        )
    if kept.state is CampaignState.STOPPED:
        raise _illegal(kept)
    if version.state is not VersionState.APPROVED:
        told = message("version_is", version=number, state=_OF_VERSIONS[version.state])
        raise Conflict(told, code="illegal_state")
    refuse(find_uncountable(version.terms, kept.paid_by))
    await store.activate_version(conn, kept, version, person=staff.person, now=now)
    overdrawn = await store.find_overdrawn(conn, kept.campaign_no)
    if overdrawn is not None:
        offer_no, used = overdrawn
        if offer_no:
            told = message("stock_below_given", given=used)
            raise Conflict(told, code="stock_below_issued")
        told = message("budget_below_spent", spent=used)
        raise Conflict(told, code="budget_below_spent")
    active = replace(version, state=VersionState.ACTIVE)
    await _note_version(conn, campaign_id, active, "activated", staff, now=now)
    return active


async def move_campaign(
    conn: AsyncConnection,
    campaign_id: str,
    move: Move,
    staff: Staff,
    *,
    reason: str,
    now: datetime,
) -> CampaignState:
    """Pause, resume or stop a campaign; raises NotFound and Conflict.

    Whoever scans after this is committed is not paid by what it paused.
    """
    await take_fence(conn)
    kept = await _lock(conn, campaign_id, staff)
    legal, state = MOVES[move]
    if kept.state not in legal:
        raise _illegal(kept)
    await store.set_state(conn, kept, state, now=now)
    await record_action(
        conn,
        staff,
        action=f"campaign.{move.value}",
        subject=f"campaign:{campaign_id}",
        detail={"reason": reason},
        now=now,
    )
    await _tell(conn, campaign_id, _MOVED[move])
    return state


async def show_campaign(
    conn: AsyncConnection, campaign_id: str, staff: Staff
) -> KeptCampaign:
    """Find a campaign that somebody may see; raises NotFound."""
    kept = await store.find_campaign(conn, campaign_id)
    if kept is None or not kept.is_seen_by(staff.brand):
        raise NotFound(message("no_campaign", campaign_id=campaign_id))
    return kept


async def name_campaigns(
    conn: AsyncConnection, numbers: Collection[int]
) -> dict[int, TwoNames]:
    """Name campaigns for who earned of them, by their numbers; drafts are left out."""
    if not numbers:
        return {}
    found = await store.find_campaigns(conn, numbers)
    return {
        each.campaign_no: each.active.terms.name
        for each in found
        if each.active is not None
    }


async def list_campaigns(
    conn: AsyncConnection, staff: Staff, *, before: int | None = None, limit: int
) -> list[KeptCampaign]:
    """List the campaigns that somebody may see, newest first."""
    return await store.list_campaigns(
        conn, brand=staff.brand, before=before, limit=limit
    )


async def _lock(conn: AsyncConnection, campaign_id: str, staff: Staff) -> KeptCampaign:
    """Find a campaign that somebody may change, and let nobody else; or NotFound."""
    await store.lock_campaign(conn, campaign_id)
    kept = await store.find_campaign(conn, campaign_id)
    if kept is None or not kept.is_changed_by(staff.brand):
        raise NotFound(message("no_campaign", campaign_id=campaign_id))
    return kept


def _find_version(kept: KeptCampaign, number: int) -> Version:
    version = kept.find(number)
    if version is None:
        raise NotFound(
            message("no_version", campaign_id=kept.campaign_id, version=number)
        )
    return version


def _illegal(kept: KeptCampaign) -> Conflict:
    told = message(
        "campaign_is", campaign_id=kept.campaign_id, state=_OF_CAMPAIGNS[kept.state]
    )
    return Conflict(told, code="illegal_state")


async def _note_version(
    conn: AsyncConnection,
    campaign_id: str,
    version: Version,
    change: str,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    """Write down who took a step with a version, and let others know."""
    await record_action(
        conn,
        staff,
        action=f"campaign.{_ACTIONS[version.state]}",
        subject=f"campaign:{campaign_id}",
        detail={
            "version": version.version,
            "terms": msgspec.to_builtins(version.terms),
        },
        now=now,
    )
    await _tell(conn, campaign_id, change, version=version.version)


async def _tell(
    conn: AsyncConnection, campaign_id: str, change: str, **more: int
) -> None:
    data = {"campaign_id": campaign_id, "change": change, **more}
    await write_events(conn, [Happening(EventType.CAMPAIGN_CHANGED, data)])


_ACTIONS: Final = {
    VersionState.DRAFT: "draft",
    VersionState.APPROVED: "approve",
    VersionState.ACTIVE: "activate",
}
_MOVED: Final = {Move.PAUSE: "paused", Move.RESUME: "resumed", Move.STOP: "stopped"}
_OF_VERSIONS: Final = {
    VersionState.DRAFT: message("draft"),
    VersionState.APPROVED: message("approved"),
    VersionState.ACTIVE: message("active"),
    VersionState.RETIRED: message("retired"),
}
_OF_CAMPAIGNS: Final = {
    CampaignState.DRAFT: message("draft"),
    CampaignState.ACTIVE: message("active"),
    CampaignState.PAUSED: message("paused"),
    CampaignState.STOPPED: message("stopped"),
}
