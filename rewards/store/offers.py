"""The SQL of offers: the accounts that campaigns pay from, and what they give."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards import tables as t
from rewards.domain.offers import Things
from rewards.domain.terms import AccountTerms, Given, OfferKind, Terms
from rewards.store.cards import load_sets
from rewards.store.coupons.pools import load_pools
from rewards.store.draws.draws import load_draws
from rewards.store.gifts.catalogue import ensure_offer_gifts, load_offer_gifts
from rewards.store.limits import set_limits


async def open_offers(
    conn: AsyncConnection,
    campaign_no: int,
    terms: Terms,
    *,
    since: date,
    brand: str | None,
    now: datetime,
) -> None:
    """Give each offer of terms its account, what it gives, and its limits.

    Behind the fence. Limits are counted exactly from the day after `since` on.
    """
    known = (await load_accounts(conn, [campaign_no])).get(campaign_no, {})
    for each in terms.accounts:
        if each in known:
            continue
        new = each._asdict() | {"campaign_no": campaign_no}
        if not known:
            new["offer_no"] = campaign_no
        added = insert(t.offers).values(new).returning(t.offers.c.offer_no)
        known[each] = (await conn.execute(added)).scalar_one()
    for offer_id, tier_id, name in terms.tier_names:
        o = t.offers.c
        await conn.execute(
            update(t.offers)
            .where(
                o.campaign_no == campaign_no,
                o.offer_id == offer_id,
                o.tier_id == tier_id,
            )
            .values(tier_name=name)
        )
    names = {
        known[account]: given.name
        for account, given, _ in terms.given
        if given.kind is OfferKind.GIFT and given.name is not None
    }
    await ensure_offer_gifts(conn, names, brand=brand, now=now)
    numbers = {(each.offer_id, each.tier_id): known[each] for each in terms.accounts}
    limits = [
        (numbers.get((each.offer_id, each.tier_id), 0), each) for each in terms.limits
    ]
    await set_limits(conn, campaign_no, limits, since=since)


async def load_accounts(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, dict[AccountTerms, int]]:
    """Load by campaign the numbers of its accounts."""
    o = t.offers.c
    rows = await conn.execute(select(t.offers).where(o.campaign_no.in_(campaigns)))
    found: dict[int, dict[AccountTerms, int]] = {}
    for row in rows:
        account = AccountTerms(row.offer_id, row.tier_id, row.kind)
        found.setdefault(row.campaign_no, {})[account] = row.offer_no
    return found


async def load_frozen(conn: AsyncConnection, campaigns: Sequence[int]) -> set[int]:
    """Load the accounts of campaigns that pay nothing while they are frozen."""
    o = t.offers.c
    rows = await conn.execute(
        select(o.offer_no).where(o.campaign_no.in_(campaigns), o.is_frozen)
    )
    return set(rows.scalars())


async def load_frozen_tiers(
    conn: AsyncConnection, campaign_no: int
) -> set[tuple[str, str]]:
    """Load which tiers of a campaign pay nothing now, (offer_id, tier_id)."""
    o = t.offers.c
    rows = await conn.execute(
        select(o.offer_id, o.tier_id).where(o.campaign_no == campaign_no, o.is_frozen)
    )
    return {(row.offer_id, row.tier_id) for row in rows}


async def set_frozen(
    conn: AsyncConnection,
    campaign_no: int,
    offer_id: str,
    tier_id: str,
    *,
    is_frozen: bool,
) -> int:
    """Freeze a tier of a chance or let it pay again, behind the fence; tells how many.

    A tier that gave several kinds over time has an account of each.
    """
    o = t.offers.c
    done = await conn.execute(
        update(t.offers)
        .where(
            o.campaign_no == campaign_no,
            *(o.offer_id == offer_id, o.tier_id == tier_id, o.tier_id != ""),
            o.is_frozen.is_(not is_frozen),
        )
        .values(is_frozen=is_frozen)
    )
    return done.rowcount


async def load_things(
    conn: AsyncConnection,
    terms: Iterable[Terms],
    accounts: Mapping[int, Mapping[AccountTerms, int]],
) -> Things:
    """Load what offers of these terms give."""
    given = [given for each in terms for _, given, _ in each.given]
    things = await load_given(conn, given)
    gifts = [
        number
        for numbers in accounts.values()
        for account, number in numbers.items()
        if account.kind == OfferKind.GIFT.value
    ]
    return replace(things, gifts=await load_offer_gifts(conn, gifts))


async def load_given(conn: AsyncConnection, given: Sequence[Given]) -> Things:
    """Load what is given, but for gifts, which are made by their names."""
    pools = {each.pool_id for each in given if each.pool_id is not None}
    draws = {each.draw_id for each in given if each.draw_id is not None}
    sets = {each.set_id for each in given if each.set_id is not None}
    return Things(
        await load_pools(conn, pools),
        draws=await load_draws(conn, sorted(draws)) if draws else {},
        sets=await load_sets(conn, sets) if sets else {},
    )
