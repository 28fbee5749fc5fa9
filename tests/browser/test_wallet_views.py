"""The pages of what members have, in both languages and schemes: readable, in place."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser

from core.auth import Member
from core.clock import utc_datetime
from crowncap.till_symbols import draw_symbol
from rewards.domain.awards import Award, AwardState
from rewards.domain.coupons import (
    Benefit,
    BenefitKind,
    Coupon,
    CouponState,
    Pool,
    Use,
)
from rewards.domain.gifts import GiftState, MemberGift, Parcel
from rewards.domain.ledger import Wallet
from rewards.domain.payouts import OwnPayout, PayoutState
from rewards.domain.plans import RewardKind
from rewards.pipeline.coupons.till_texts import tell_benefit
from rewards.pipeline.payouts.texts import tell_own
from scan_api.page.belongings import (
    Belongings,
    CouponCard,
    RedPacketCard,
    RewardCard,
    phase_of,
)
from scan_api.page.delivery import Delivery
from scan_api.page.rendering import render
from tests.browser.conftest import SHOTS
from tests.browser.contrast import CONTRAST
from tests.browser.draw_views import belongings, draw_more
from tests.browser.test_cap_views import AT_MS, draw_cap, page_context, page_request

NOW = utc_datetime(AT_MS)
LATER = NOW + timedelta(days=30)
CODE = "0S7NNXNY6ZT4QM5Q"
USE = Use(1, NOW - timedelta(days=1), "s", "Nanjing Road")
OFF = Benefit(BenefitKind.AMOUNT_OFF, minor=500)
HALF = Benefit(BenefitKind.PERCENT_OFF, percent=50, minor=2_000)
CUP = Benefit(BenefitKind.GIFT, gift="一只马克杯")


def _coupon(
    benefit: Benefit, state: CouponState = CouponState.ISSUED, days: int = 30
) -> CouponCard:
    pool = Pool(
        *(1, "p", "春季满减 Spring", benefit, 3_000, None, None, None),
        *((), ("06901234567892",), "Demo Dairy"),
    )
    until = NOW + timedelta(days=days)
    use = USE if state is CouponState.REDEEMED else None
    coupon = Coupon(7, 1, pool, state, NOW, NOW, until, use)
    phase = phase_of(coupon, NOW)
    symbol = None if phase.is_past else draw_symbol(CODE)
    shops, products = ("南京路店", "Hongqiao Station Hall 2"), ("有机纯牛奶 250 ml",)
    return CouponCard(
        coupon, CODE, phase, tell_benefit(benefit), shops, products, symbol
    )


def _gift(state: GiftState) -> MemberGift:
    parcel = (
        Parcel("SF Express", "SF1234567890") if state is GiftState.SHIPPED else None
    )
    return MemberGift(
        *(119_370_821_376_147_456, 1, "alice", None, "马克杯 Mug", "Demo Dairy"),
        *(state, NOW, NOW, None, parcel),
    )


def _red_packet(state: PayoutState, *, needs_payee: bool = False) -> RedPacketCard:
    zone = page_context().settings.timezone
    payout = OwnPayout(9, 8_800, "CNY", state, NOW, LATER, None, needs_payee)
    return RedPacketCard(payout, tell_own(payout, zone))


def _award(
    kind: RewardKind, name: str = "", state: AwardState = AwardState.POSTED
) -> Award:
    tier = ("gold", "金奖 Gold") if kind is RewardKind.GIFT else ("", "")
    return Award(1, 2, "c", kind, 1, state, name, None, *tier)


COUPONS = (
    _coupon(OFF),
    _coupon(HALF, days=3),
    _coupon(CUP),
    _coupon(OFF, CouponState.REDEEMED),
    _coupon(HALF, days=-1),
    _coupon(CUP, CouponState.VOID),
)
GIFTS = [_gift(state) for state in GiftState if state is not GiftState.VOID]
PACKETS = [
    _red_packet(PayoutState.WAITING, needs_payee=True),
    _red_packet(PayoutState.PAID),
]
EARNED = [
    RewardCard(_award(RewardKind.COUPON), coupon=COUPONS[0]),
    RewardCard(_award(RewardKind.GIFT), gift=_gift(GiftState.WON)),
    RewardCard(_award(RewardKind.RED_PACKET), red_packet=PACKETS[0]),
    RewardCard(_award(RewardKind.COUPON, "春季满减 Spring", AwardState.PENDING)),
]


def _tickets(state: AwardState) -> RewardCard:
    award = _award(RewardKind.TICKET, "牛奶节大抽奖 Milk festival draw", state)
    told = {"amount": 12, "draw_id": "spring", "draws_at": LATER}
    return RewardCard(replace(award, **told))


def _card(*, completes: bool) -> RewardCard:
    award = _award(RewardKind.CARD, "春 Spring")
    told = {"set_id": "seasons", "set_name": "四季 Four seasons", "card_id": "spring"}
    return RewardCard(replace(award, **told, completes=completes))


COLLECTED = [
    *(_tickets(state) for state in AwardState),
    *(_card(completes=each) for each in (False, True)),
]


def _draw(language: str) -> dict[str, bytes]:
    context, member = page_context(), Member("alice")

    def show(template: str, **values: Any) -> bytes:
        page = page_request(language, member)
        return render(context, page, template, **values).content

    everything = Belongings(
        *(Wallet(12_345, 5, 20, LATER.date(), 800), COUPONS, GIFTS, PACKETS),
        **belongings(),
    )
    nothing = Belongings(Wallet(0, 0, 0, None, 0))
    drawn = {
        "wallet": show("wallet.html", has=everything),
        "wallet-empty": show("wallet.html", has=nothing),
        "earned": draw_cap(language, points=5, rewards=EARNED),
        "earned-tickets-and-cards": draw_cap(language, points=2, rewards=COLLECTED),
        "earned-no-points": draw_cap(language, points=0, rewards=EARNED[:1]),
    }
    for card in COUPONS:
        drawn[f"coupon-{card.phase}"] = show("coupon.html", card=card)
    for gift in GIFTS:
        drawn[f"gift-{gift.state}"] = show(
            "gift.html", gift=gift, refused=Delivery("x", fits=False)
        )
    return drawn | dict(draw_more(language, show))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_what_a_member_has_is_readable_and_fits(
    browser: Browser, language: str, scheme: Any
) -> None:
    """Contrast of WCAG AA, nothing sideways, and a finger hits what can be tapped."""
    folder = SHOTS / "wallet"
    folder.mkdir(parents=True, exist_ok=True)
    context = await browser.new_context(
        viewport={"width": 360, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    for name, html in _draw(language).items():
        await page.set_content(html.decode())
        await page.locator("details").evaluate_all(
            "all => all.forEach(e => e.open = 1)"
        )
        assert await page.evaluate(CONTRAST) == [], (name, scheme)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide == 360, name
        await page.screenshot(
            path=folder / f"{name}-{scheme}-{language}.png", full_page=True
        )
        small = await page.locator("main :is(a, button, summary)").evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().height < 44)"
            ".map(e => e.outerHTML)"
        )
        assert small == [], name
    await context.close()


async def test_nothing_sticks_out_of_the_smallest_phone_with_twice_the_text(
    browser: Browser,
) -> None:
    context = await browser.new_context(viewport={"width": 320, "height": 640})
    page = await context.new_page()
    for language in ("en", "zh"):
        for name, html in _draw(language).items():
            await page.set_content(html.decode())
            await page.evaluate("document.documentElement.style.fontSize = '200%'")
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide == 320, (name, language)
    await context.close()
