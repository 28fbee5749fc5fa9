"""The SQL of what workers pay by: the active terms of campaigns, made ready."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conditions import compile_condition
from core.conditions.reading import read_condition
from rewards import tables as t
from rewards.domain.active_campaigns import Campaign
from rewards.domain.campaigns import CampaignState
from rewards.domain.claim_facts import CLAIM_FACT_KINDS
from rewards.domain.coupons import Pool
from rewards.domain.ledger import COUPONS_UNIT, POINTS_UNIT
from rewards.domain.limits import Counts, Limit
from rewards.domain.plans import PlannedReward, RewardKind
from rewards.domain.terms import AppliesTo, OfferKind, OfferTerms, Terms
from rewards.store.campaigns import times
from rewards.store.coupons.pools import load_pools
from rewards.store.limits import IS_BUDGET, USED_BY_ALL, load_limits

# Which limits of all offers together a kind of reward counts against, beside those
# that count scans.
_AMOUNTS: Final = {
    RewardKind.POINTS: Counts.POINTS,
    RewardKind.RED_PACKET: Counts.MINOR,
}


@dataclass(frozen=True, slots=True)
class _Things:
    """What offers give, by the names that terms give it."""

    pools: Mapping[str, Pool]


async def load_campaigns(
    conn: AsyncConnection, *, since: int = -1
) -> dict[str, Campaign]:
    """Load campaigns by id: all, or those that changed at a range version or after."""
    c, v = t.campaigns.c, t.campaign_versions.c
    found = await conn.execute(
        select(
            *(c.campaign_no, c.campaign_id, c.name, c.brand, c.state, v.terms),
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
    accounts = await _load_accounts(conn, numbers)
    terms = {
        row.campaign_no: msgspec.convert(row.terms, Terms)
        for row in rows
        if row.terms is not None
    }
    things = await _load_things(conn, terms.values())
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
            campaign = _with_terms(
                campaign,
                terms[row.campaign_no],
                accounts.get(row.campaign_no, {}),
                limits.get(row.campaign_no, ()),
                things,
            )
        campaigns[row.campaign_id] = campaign
    return campaigns


async def _load_accounts(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, dict[tuple[str, str, str], int]]:
    """Load by campaign the numbers of its offers by (offer_id, tier_id, kind)."""
    o = t.offers.c
    rows = await conn.execute(select(t.offers).where(o.campaign_no.in_(campaigns)))
    found: dict[int, dict[tuple[str, str, str], int]] = {}
    for row in rows:
        numbers = found.setdefault(row.campaign_no, {})
        numbers[row.offer_id, row.tier_id, row.kind] = row.offer_no
    return found


async def _load_things(conn: AsyncConnection, terms: Iterable[Terms]) -> _Things:
    offers = [offer for each in terms for offer in each.offers]
    pools = {offer.pool_id for offer in offers if offer.pool_id is not None}
    return _Things(await load_pools(conn, pools))


def _with_terms(
    campaign: Campaign,
    terms: Terms,
    accounts: Mapping[tuple[str, str, str], int],
    limits: Sequence[tuple[int, Limit]],
    things: _Things,
) -> Campaign:
    """Make a campaign ready to pay by terms."""
    shared = tuple(limit for offer_no, limit in limits if offer_no == 0)
    rewards = []
    for offer in terms.offers:
        offer_no = accounts[offer.offer_id, "", offer.kind.value]
        own = tuple(limit for of_no, limit in limits if of_no == offer_no)
        reward = _reward(offer, things)
        counted = {Counts.CLAIMS, _AMOUNTS.get(reward.kind)}
        rewards.append(
            msgspec.structs.replace(
                reward,
                campaign_no=campaign.campaign_no,
                campaign_id=campaign.campaign_id,
                offer_no=offer_no,
                exclusive=terms.exclusive,
                limits=tuple(
                    [each for each in shared if each.counts in counted]
                    + [*own, *reward.limits]
                ),
            )
        )
    when = None
    if terms.when is not None:
        when = compile_condition(
            read_condition(dict(terms.when), "/when", CLAIM_FACT_KINDS)
        )
    return replace(
        campaign,
        rewards=tuple(rewards),
        limits=shared,
        for_all=terms.applies_to is AppliesTo.ALL,
        order=terms.order,
        when=when,
    )


def _reward(offer: OfferTerms, things: _Things) -> PlannedReward:
    """Tell what an offer gives, but for whose it is."""
    kind = RewardKind(offer.kind.value)
    if offer.kind is OfferKind.POINTS:
        assert offer.amount is not None, "terms are checked when they are written"
        return PlannedReward(0, 0, kind, POINTS_UNIT, offer.amount)
    pool = things.pools[offer.pool_id or ""]
    return PlannedReward(
        *(0, 0, kind, COUPONS_UNIT, 1), limits=pool.limits, ref=pool.pool_no, pool=pool
    )


async def load_spent_campaigns(conn: AsyncConnection) -> frozenset[int]:
    """Load the numbers of the campaigns whose budget pays no more claim."""
    c, n, u = t.campaigns.c, t.limits.c, t.limit_uses.c
    rows = await conn.execute(
        select(n.campaign_no)
        .join_from(t.limits, t.campaigns, c.campaign_no == n.campaign_no)
        .outerjoin(t.limit_uses, USED_BY_ALL)
        .where(IS_BUDGET, n.most - func.coalesce(u.used, 0) < c.points)
    )
    return frozenset(rows.scalars())
