"""The demo's festival: a campaign with every kind of reward, on a batch of its own.

Everything goes through the pipelines that the API and the console call.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store as codes
from codegen.domain.batches import Batch, BatchOrder, Selection
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import RangeState
from codegen.pipeline import ChangeRequest, Issuance, change_codes, issue_batch
from core.auth import Role, Staff
from core.auth.principal import OPERATOR
from core.auth.staff import create_staff_token
from core.fence import take_fence
from crowncap.demo import BRAND, GTIN
from rewards.domain.cards import NewCard, NewCardSet
from rewards.domain.coupons import Benefit, BenefitKind, NewPool
from rewards.domain.draws.terms import Entry, NewDraw, Prize
from rewards.domain.terms import (
    Budget,
    Cap,
    CapPer,
    Counted,
    Given,
    OfferKind,
    OfferTerms,
    Terms,
    TierTerms,
    TwoNames,
)
from rewards.pipeline.campaigns import (
    activate_version,
    approve_version,
    draft_campaign,
)
from rewards.pipeline.cards import add_set
from rewards.pipeline.coupons.pools import add_pool
from rewards.pipeline.draws.draws import add_draw
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.store.active_campaigns import load_campaigns

CAMPAIGN: Final = "demo-festival"
LOT: Final = "FESTIVAL"
QUANTITY: Final = 10_000
_POOL: Final = "demo-coupon"
_DRAW: Final = "demo-draw"
_CARDS: Final = "demo-cards"


async def seed_festival(
    conn: AsyncConnection, issuance: Issuance, secrets: DrawSecrets, *, now: datetime
) -> None:
    """Add the festival's pool, draw, cards, campaign and caps, once."""
    if CAMPAIGN in await load_campaigns(conn):
        return
    await take_fence(conn)
    writes, approves = [await _hire(conn, name, now) for name in ("Sun Mei", "Guo Tao")]
    await add_pool(
        conn,
        NewPool(
            _POOL,
            "牛奶立减 5 元 · 5 yuan off milk",
            Benefit(BenefitKind.AMOUNT_OFF, minor=500),
            stock=5_000,
            per_member=20,
            min_basket_minor=2_000,
            valid_days=30,
            brand=BRAND,
        ),
        writes,
        now=now,
    )
    await add_draw(conn, _draw(now), writes, secrets, now=now)
    await add_set(conn, _cards(), writes, now=now)
    await draft_campaign(conn, CAMPAIGN, _terms(now), writes, now=now)
    await approve_version(conn, CAMPAIGN, 1, approves, now=now)
    await activate_version(conn, CAMPAIGN, 1, writes, now=now)
    batch = await issue_batch(conn, issuance, _order(issuance), OPERATOR, now=now)
    await change_codes(
        conn,
        issuance.key_file.load(),
        ChangeRequest(batch.batch_id, Selection(), RangeState.ACTIVATED),
        OPERATOR,
        now=now,
    )


async def find_festival(conn: AsyncConnection) -> Batch | None:
    """Find the batch of the festival's caps, if it is there."""
    for batch_id in await codes.find_lot_batches(conn, LOT):
        batch = await codes.find_batch(conn, batch_id)
        if batch is not None and batch.campaign_id == CAMPAIGN:
            return batch
    return None


async def _hire(conn: AsyncConnection, name: str, now: datetime) -> Staff:
    token_id, _ = await create_staff_token(
        conn,
        person=name,
        role=Role.MARKETER,
        brand=BRAND,
        line=None,
        store=None,
        now=now,
        expires_at=None,
    )
    return Staff(token_id, name, Role.MARKETER, brand=BRAND)


def _order(issuance: Issuance) -> BatchOrder:
    return BatchOrder.check(
        quantity=QUANTITY,
        link_base=issuance.link_base,
        link_form=LinkForm.SHORT,
        gtin=GTIN,
        campaign_id=CAMPAIGN,
        lot=LOT,
        sale_regions=("CN-31",),
    )


def _draw(now: datetime) -> NewDraw:
    closes_at = now + timedelta(days=30)
    return NewDraw(
        _DRAW,
        "牛奶节大抽奖 Milk festival draw",
        opens_at=now,
        closes_at=closes_at,
        draws_at=closes_at + timedelta(days=1),
        prizes=(
            Prize("bicycle", "自行车 A bicycle", 1),
            Prize("mug", "保温杯 A thermos mug", 20),
        ),
        entry=Entry.OPEN,
        claim_days=30,
        most_tickets=100,
    )


def _cards() -> NewCardSet:
    return NewCardSet(
        _CARDS,
        "四季 Four seasons",
        (
            NewCard("spring", "春 Spring", 300_000),
            NewCard("summer", "夏 Summer", 300_000),
            NewCard("autumn", "秋 Autumn", 300_000),
            NewCard("winter", "冬 Winter", 100_000),
        ),
        Given(kind=OfferKind.POINTS, amount=66),
    )


def _terms(now: datetime) -> Terms:
    """Promise some of everything: four sure things, and a chance of more."""
    tiers = (
        _tier("mug", "特等奖 Grand prize", 50_000, _gift("保温杯 Thermos mug"), 20),
        _tier(
            *("cash", "现金奖 Cash", 200_000),
            Given(kind=OfferKind.RED_PACKET, minor=88),
            1_000,
        ),
        _tier(
            *("points", "幸运奖 Lucky points", 400_000),
            Given(kind=OfferKind.POINTS, amount=20),
            None,
        ),
    )
    return Terms(
        name=TwoNames(zh="牛奶节", en="Milk festival"),
        starts_at=now,
        offers=(
            OfferTerms(offer_id="points", kind=OfferKind.POINTS, amount=2),
            OfferTerms(offer_id="coupon", kind=OfferKind.COUPON, pool_id=_POOL),
            OfferTerms(
                offer_id="ticket", kind=OfferKind.TICKET, draw_id=_DRAW, amount=1
            ),
            OfferTerms(offer_id="card", kind=OfferKind.CARD, set_id=_CARDS),
            OfferTerms(offer_id="luck", kind=OfferKind.CHANCE, table=tiers),
        ),
        budget=Budget(points=1_000_000, minor=100_000),
        caps=(Cap(per=CapPer.MEMBER_DAY, of=Counted.CLAIMS, most=50),),
    )


def _gift(name: str) -> Given:
    return Given(kind=OfferKind.GIFT, name=name)


def _tier(
    tier_id: str, name: str, per_million: int, gives: Given, stock: int | None
) -> TierTerms:
    return TierTerms(
        tier_id=tier_id, name=name, per_million=per_million, stock=stock, gives=gives
    )
