"""The SQL of what workers pay by: the active terms of campaigns, made ready."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import and_, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conditions import compile_condition
from rewards import tables as t
from rewards.domain.active_campaigns import Campaign
from rewards.domain.campaigns import CampaignState, KeptCampaign, Version
from rewards.domain.claim_facts import asked_facts, read_when
from rewards.domain.limits import Limit
from rewards.domain.offers import OfferBook
from rewards.domain.terms import MAX_AMOUNT, AppliesTo, Terms
from rewards.store.campaigns import find_campaigns, times
from rewards.store.limits import load_limits
from rewards.store.offers import load_accounts, load_frozen, load_things


async def load_campaigns(
    conn: AsyncConnection, *, since: int = -1
) -> dict[str, Campaign]:
    """Load campaigns by id: all, or those that changed at a range version or after."""
    c, v = t.campaigns.c, t.campaign_versions.c
    found = await conn.execute(
        select(
            *(c.campaign_no, c.campaign_id, c.name, c.brand, c.state),
            *(c.active_version, v.terms),
            *times(),
        )
        .outerjoin_from(
            t.campaigns,
            t.campaign_versions,
            and_(v.campaign_no == c.campaign_no, v.version == c.active_version),
        )
        .where(c.version >= since)
    )
    rows = found.all()
    numbers = [row.campaign_no for row in rows]
    limits = await load_limits(conn, numbers)
    accounts = await load_accounts(conn, numbers)
    terms = {
        row.campaign_no: msgspec.convert(row.terms, Terms)
        for row in rows
        if row.terms is not None
    }
    things = await load_things(conn, terms.values(), accounts)
    frozen = await load_frozen(conn, numbers)
    campaigns = {}
    for row in rows:
        campaign = Campaign(
            row.campaign_no,
            row.campaign_id,
            row.name,
            row.starts_at,
            row.ends_at,
            brand=row.brand,
            state=CampaignState(row.state),
        )
        if row.campaign_no in terms:
            book = OfferBook(
                *(row.campaign_no, row.campaign_id, row.active_version),
                terms[row.campaign_no],
                accounts.get(row.campaign_no, {}),
                limits.get(row.campaign_no, ()),
                things,
                frozen,
            )
            campaign = _with_terms(campaign, book.terms, book)
        campaigns[row.campaign_id] = campaign
    return campaigns


async def load_versions(
    conn: AsyncConnection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], Campaign]:
    """Make versions of campaigns ready by (campaign_no, version), as if each paid."""
    kept = await find_campaigns(conn, {campaign_no for campaign_no, _ in wanted})
    found = {}
    for each in kept:
        for version in each.versions:
            if (each.campaign_no, version.version) in wanted:
                ready = await make_ready(conn, each, version)
                found[each.campaign_no, version.version] = ready
    return found


async def make_ready(
    conn: AsyncConnection, kept: KeptCampaign, version: Version
) -> Campaign:
    """Make a campaign ready to pay by any of its versions, as nobody is paid by it.

    What it has no account or limit for yet has numbers below zero.
    """
    number = kept.campaign_no
    known = (await load_accounts(conn, [number])).get(number, {})
    accounts = {
        account: known.get(account, -place)
        for place, account in enumerate(version.terms.accounts, 1)
    }
    numbers = {(a.offer_id, a.tier_id): no for a, no in accounts.items()}
    there = {
        (offer_no, limit.per, limit.counts): limit.limit_no
        for offer_no, limit in (await load_limits(conn, [number])).get(number, ())
    }
    limits = []
    for place, each in enumerate(version.terms.limits, 1):
        offer_no = numbers.get((each.offer_id, each.tier_id), 0)
        limit_no = there.get((offer_no, each.per, each.counts), -place)
        limits.append((offer_no, Limit(limit_no, each.per, each.most, each.counts)))
    things = await load_things(conn, [version.terms], {number: accounts})
    terms = version.terms
    campaign = Campaign(
        *(number, kept.campaign_id, terms.name.zh, terms.starts_at, terms.ends_at),
        brand=kept.brand,
    )
    book = OfferBook(
        *(number, kept.campaign_id, version.version, terms, accounts, limits, things)
    )
    return _with_terms(campaign, terms, book)


def _with_terms(campaign: Campaign, terms: Terms, book: OfferBook) -> Campaign:
    """Make a campaign ready to pay by terms."""
    condition = None if terms.when is None else read_when(terms.when)
    return replace(
        campaign,
        rewards=tuple(book.sure()),
        chances=tuple(book.chances()),
        limits=book.shared_limits,
        for_all=terms.applies_to is AppliesTo.ALL,
        order=terms.order,
        when=None if condition is None else compile_condition(condition),
        asked=() if condition is None else asked_facts(condition),
        version=book.version,
    )


# Of what may still pay: of campaigns that run, and of pools whose coupons are not over.
_ROOMS: Final = text(
    """
    SELECT n.limit_no, n.most - coalesce(u.used, 0) AS room
    FROM (SELECT l.* FROM limits AS l JOIN campaigns AS c USING (campaign_no)
        WHERE c.state = 'active' AND (c.ends_at IS NULL OR c.ends_at > now())
        UNION ALL
        SELECT l.* FROM limits AS l JOIN coupon_pools AS p USING (pool_no)
        WHERE p.valid_until IS NULL OR p.valid_until > now()) AS n
    LEFT JOIN limit_uses AS u ON u.shard = 0 AND u.limit_no = n.limit_no
        AND u.holder = 0 AND u.period = date 'epoch'
    WHERE n.per = 'total' AND n.in_force AND n.most - coalesce(u.used, 0)
        < CASE WHEN n.counts = 'awards' OR n.pool_no IS NOT NULL THEN 1 ELSE :most END
    """
)


async def load_rooms(conn: AsyncConnection) -> tuple[dict[int, int], datetime]:
    """Load what is left of limits for all time that may lack room for a reward.

    A pool counts its coupons; what has room for any reward is left out. Tells as of
    when, too.
    """
    now: datetime = (await conn.execute(select(func.now()))).scalar_one()
    rows = await conn.execute(_ROOMS, {"most": MAX_AMOUNT})
    return {row.limit_no: row.room for row in rows}, now
