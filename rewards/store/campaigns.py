"""The SQL of campaigns and of their versions."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    and_,
    case,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import OPERATOR
from rewards import tables as t
from rewards.domain.campaigns import (
    CampaignState,
    KeptCampaign,
    NewCampaign,
    Version,
    VersionState,
)
from rewards.domain.limits import Per
from rewards.domain.terms import Terms
from rewards.store.claim_facts import keep_counting
from rewards.store.limits import IS_BUDGET, USED_BY_ALL
from rewards.store.offers import open_offers

FIRST: Final = 1
# So long ago, a day is over in every time zone.
_SURELY_OVER: Final = timedelta(days=2)


async def insert_campaign(
    conn: AsyncConnection, new: NewCampaign, *, now: datetime
) -> int:
    """Add a points campaign that is active, as its operator does.

    The caller raises the range version for the workers.
    """
    campaign_no = (
        await conn.execute(
            insert(t.campaigns)
            .values(
                campaign_id=new.campaign_id,
                name=new.name,
                points=new.points,
                starts_at=new.starts_at,
                ends_at=new.ends_at,
                brand=new.brand,
                created_at=now,
                active_version=FIRST,
            )
            .returning(t.campaigns.c.campaign_no)
        )
    ).scalar_one()
    version = Version(
        FIRST,
        VersionState.ACTIVE,
        new.terms,
        *(OPERATOR.person, now),
        activated_by=OPERATOR.person,
        activated_at=now,
    )
    await insert_version(conn, campaign_no, version)
    await open_offers(
        conn,
        int(campaign_no),
        new.terms,
        since=now.date() - _SURELY_OVER,
        brand=new.brand,
        now=now,
    )
    return int(campaign_no)


async def insert_draft(
    conn: AsyncConnection,
    campaign_id: str,
    version: Version,
    *,
    brand: str | None,
) -> None:
    """Add a campaign that pays nothing yet; raises IntegrityError for a known id."""
    added = await conn.execute(
        insert(t.campaigns)
        .values(
            campaign_id=campaign_id,
            brand=brand,
            state=CampaignState.DRAFT.value,
            created_at=version.created_at,
            **_columns(version.terms),
        )
        .returning(t.campaigns.c.campaign_no)
    )
    await insert_version(conn, added.scalar_one(), version)


async def insert_version(
    conn: AsyncConnection, campaign_no: int, version: Version
) -> None:
    """Add a version of a campaign."""
    names = {field.name for field in fields(version)} - {"terms", "state"}
    await conn.execute(
        insert(t.campaign_versions).values(
            campaign_no=campaign_no,
            state=version.state.value,
            terms=msgspec.to_builtins(version.terms),
            **{name: getattr(version, name) for name in names},
        )
    )


async def approve_version(
    conn: AsyncConnection, campaign_no: int, version: int, *, person: str, now: datetime
) -> None:
    """Write down who approved a version."""
    await conn.execute(
        update(t.campaign_versions)
        .where(_is_version(campaign_no, version))
        .values(state=VersionState.APPROVED.value, approved_by=person, approved_at=now)
    )


async def activate_version(
    conn: AsyncConnection,
    kept: KeptCampaign,
    version: Version,
    *,
    person: str,
    now: datetime,
) -> None:
    """Let a campaign pay by a version; behind the fence."""
    v = t.campaign_versions.c
    active = VersionState.ACTIVE.value
    await conn.execute(
        update(t.campaign_versions)
        .where(v.campaign_no == kept.campaign_no, v.state == active)
        .values(state=VersionState.RETIRED.value)
    )
    await conn.execute(
        update(t.campaign_versions)
        .where(_is_version(kept.campaign_no, version.version))
        .values(state=active, activated_by=person, activated_at=now)
    )
    state = kept.state
    if state is CampaignState.DRAFT:
        state = CampaignState.ACTIVE
    await _change(
        conn,
        kept.campaign_no,
        state=state.value,
        active_version=version.version,
        **_columns(version.terms),
    )
    await keep_counting(conn, since=now.date())
    since = now.date() + timedelta(days=1)
    if kept.active_version is None:
        since = now.date() - _SURELY_OVER
    await open_offers(
        conn, kept.campaign_no, version.terms, since=since, brand=kept.brand, now=now
    )


async def set_state(
    conn: AsyncConnection, kept: KeptCampaign, state: CampaignState, *, now: datetime
) -> None:
    """Pause, resume or stop a campaign; behind the fence. A stop is its end."""
    ends_at = kept.ends_at
    if state is CampaignState.STOPPED and kept.starts_at < now:
        ends_at = now if ends_at is None else min(now, ends_at)
    await _change(conn, kept.campaign_no, state=state.value, ends_at=ends_at)
    await keep_counting(conn, since=now.date())


async def _change(conn: AsyncConnection, campaign_no: int, **values: Any) -> None:
    """Change what workers read of a campaign, and let them know."""
    await conn.execute(
        update(t.campaigns)
        .where(t.campaigns.c.campaign_no == campaign_no)
        .values(version=func.current_range_version(), **values)
    )


async def renew_campaign(conn: AsyncConnection, campaign_no: int) -> None:
    """Let workers load a campaign anew; behind the fence."""
    await _change(conn, campaign_no)


async def renew_campaigns_of(conn: AsyncConnection, pool_id: str) -> None:
    """Let workers load the campaigns anew that give coupons of a pool.

    Behind the fence.
    """
    v = t.campaign_versions.c
    gives = func.jsonb_path_exists(
        v.terms,
        cast("$.offers[*].**.pool_id ? (@ == $pool)", JSONPATH),
        func.jsonb_build_object("pool", pool_id),
    )
    await conn.execute(
        update(t.campaigns)
        .where(
            t.campaigns.c.campaign_no == v.campaign_no,
            v.version == t.campaigns.c.active_version,
            gives,
        )
        .values(version=func.current_range_version())
    )


async def find_overdrawn(
    conn: AsyncConnection, campaign_no: int
) -> tuple[int, int] | None:
    """Find a budget or stock of which more was taken than there is.

    Gives the number of its offer, 0 for all, and how much was taken.
    """
    n, u = t.limits.c, t.limit_uses.c
    found = await conn.execute(
        select(n.offer_no, u.used)
        .join_from(t.limits, t.limit_uses, USED_BY_ALL)
        .where(
            n.campaign_no == campaign_no,
            n.per == Per.TOTAL.value,
            n.in_force,
            u.used > n.most,
        )
        .order_by(n.limit_no)
        .limit(1)
    )
    row = found.one_or_none()
    return None if row is None else (row.offer_no, row.used)


def _is_version(campaign_no: int, version: int) -> ColumnElement[bool]:
    v = t.campaign_versions.c
    return and_(v.campaign_no == campaign_no, v.version == version)


def _columns(terms: Terms) -> dict[str, Any]:
    """Give what workers read of terms."""
    return {
        "name": terms.name.zh,
        "points": terms.points,
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
    }


async def lock_campaign(conn: AsyncConnection, campaign_id: str) -> None:
    """Let nobody else change a campaign until this transaction ends."""
    c = t.campaigns.c
    await conn.execute(
        select(c.campaign_no).where(c.campaign_id == campaign_id).with_for_update()
    )


async def find_campaign(conn: AsyncConnection, campaign_id: str) -> KeptCampaign | None:
    """Find a campaign with its versions."""
    found = await _load_kept(conn, t.campaigns.c.campaign_id == campaign_id)
    return found[0] if found else None


async def find_campaigns(
    conn: AsyncConnection, numbers: Collection[int]
) -> list[KeptCampaign]:
    """Find campaigns by their numbers, with their versions."""
    return await _load_kept(conn, t.campaigns.c.campaign_no.in_(numbers))


async def list_campaigns(
    conn: AsyncConnection, *, brand: str | None, before: int | None, limit: int
) -> list[KeptCampaign]:
    """List campaigns with their versions, newest first; a brand's and everybody's."""
    c = t.campaigns.c
    which: list[ColumnElement[bool]] = []
    if brand is not None:
        which.append(or_(c.brand.is_(None), c.brand == brand))
    if before is not None:
        which.append(c.campaign_no < before)
    return await _load_kept(conn, *which, limit=limit)


async def _load_kept(
    conn: AsyncConnection, *which: ColumnElement[bool], limit: int | None = None
) -> list[KeptCampaign]:
    c, n, u = t.campaigns.c, t.limits.c, t.limit_uses.c
    rows = await conn.execute(
        select(
            *(c.campaign_no, c.campaign_id, c.brand, c.state, c.active_version),
            *times(),
            n.most.label("budget"),
            case((n.most.is_not(None), func.coalesce(u.used, 0))).label("spent"),
        )
        .join_from(
            t.campaigns,
            t.limits,
            and_(n.campaign_no == c.campaign_no, IS_BUDGET),
            isouter=True,
        )
        .outerjoin(t.limit_uses, USED_BY_ALL)
        .where(*which)
        .order_by(c.campaign_no.desc())
        .limit(limit)
    )
    found = rows.all()
    versions = await _load_versions(conn, [row.campaign_no for row in found])
    return [
        KeptCampaign(
            **dict(row._mapping)  # noqa: SLF001 - its public spelling
            | {
                "state": CampaignState(row.state),
                "versions": tuple(versions.get(row.campaign_no, ())),
            }
        )
        for row in found
    ]


async def _load_versions(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, list[Version]]:
    """Load the versions of campaigns, newest first."""
    v = t.campaign_versions.c
    rows = await conn.execute(
        select(t.campaign_versions)
        .where(v.campaign_no.in_(campaigns))
        .order_by(v.version.desc())
    )
    found: dict[int, list[Version]] = {}
    for row in rows:
        known = dict(row._mapping)  # noqa: SLF001 - its public spelling
        campaign_no = known.pop("campaign_no")
        known["state"] = VersionState(row.state)
        known["terms"] = msgspec.convert(row.terms, Terms)
        found.setdefault(campaign_no, []).append(Version(**known))
    return found


def times() -> tuple[ColumnElement[datetime], ...]:
    """Select when a campaign begins and ends."""
    c = t.campaigns.c
    return (
        _readable(c.starts_at).label("starts_at"),
        case((c.ends_at.is_not(None), _readable(c.ends_at))).label("ends_at"),
    )


def _readable(moment: Column[datetime]) -> ColumnElement[datetime]:
    """Bring a moment within the years that Python knows; infinity is one as well."""
    after_all = func.timestamptz("9990-01-01 00:00:00+00")
    return func.least(
        func.greatest(moment, func.timestamptz("0010-01-01 00:00:00+00")), after_all
    )
