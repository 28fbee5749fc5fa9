"""What a coupon is worth, until when, and what a till is told of it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from codegen.domain.keys import EpochKeys, Purpose
from rewards.domain.coupons import (
    Benefit,
    BenefitKind,
    Coupon,
    CouponState,
    Pool,
    Till,
    TillOutcome,
    check_benefit,
    judge,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2027, 3, 1, 4, tzinfo=UTC)
AMOUNT = Benefit(BenefitKind.AMOUNT_OFF, minor=500)


def a_pool(
    benefit: Benefit = AMOUNT,
    *,
    least: int = 0,
    begins: datetime | None = None,
    ends: datetime | None = None,
    days: int | None = None,
    stores: tuple[str, ...] = (),
    brand: str | None = None,
) -> Pool:
    """Make a pool."""
    return Pool(1, "p", "P", benefit, least, begins, ends, days, stores, (), brand)


def a_coupon(
    pool: Pool,
    state: CouponState = CouponState.ISSUED,
    begins: datetime = NOW,
    ends: datetime | None = None,
) -> Coupon:
    """Make a coupon."""
    return Coupon(1, 1, pool, state, NOW, begins, ends)


@pytest.mark.parametrize(
    ("benefit", "basket", "off"),
    [
        (AMOUNT, None, 500),
        (AMOUNT, 499, 499),
        (AMOUNT, 10_000, 500),
        (Benefit(BenefitKind.PERCENT_OFF, percent=15), 999, 149),
        (Benefit(BenefitKind.PERCENT_OFF, minor=100, percent=15), 999, 100),
        (Benefit(BenefitKind.PERCENT_OFF, percent=100), 7, 7),
        (Benefit(BenefitKind.PERCENT_OFF, percent=15), None, 0),
        (Benefit(BenefitKind.GIFT, gift="a cup"), 999, 0),
    ],
)
def test_never_more_is_off_than_the_basket_is_worth(
    benefit: Benefit, basket: int | None, off: int
) -> None:
    assert benefit.discount(basket) == off


@pytest.mark.parametrize(
    ("issued", "days", "over"),
    [
        # One day is until midnight of the brand's calendar, not of UTC.
        ("2027-03-01T04:00:00", 1, "2027-03-01T16:00:00"),
        ("2027-03-01T15:59:59", 1, "2027-03-01T16:00:00"),
        ("2027-03-01T16:00:00", 1, "2027-03-02T16:00:00"),
        # The end of a month, and the day that comes every four years.
        ("2027-01-31T00:00:00", 2, "2027-02-01T16:00:00"),
        ("2028-02-28T00:00:00", 2, "2028-02-29T16:00:00"),
        ("2027-02-28T00:00:00", 2, "2027-03-01T16:00:00"),
        ("2027-12-31T00:00:00", 365, "2028-12-29T16:00:00"),
    ],
)
def test_days_are_counted_in_the_brands_calendar(
    issued: str, days: int, over: str
) -> None:
    at = datetime.fromisoformat(issued).replace(tzinfo=UTC)
    begins, ends = a_pool(days=days).validity(at, SHANGHAI)
    assert begins == at
    assert ends == datetime.fromisoformat(over).replace(tzinfo=UTC)


def test_a_day_on_which_clocks_go_forward_is_a_whole_day_too() -> None:
    """In Berlin that day has 23 hours."""
    at = datetime(2027, 3, 28, 10, tzinfo=UTC)
    _, ends = a_pool(days=1).validity(at, ZoneInfo("Europe/Berlin"))
    assert ends == datetime(2027, 3, 28, 22, tzinfo=UTC)


def test_days_count_from_when_a_coupon_begins() -> None:
    pool = a_pool(begins=NOW + timedelta(days=10), days=1)
    begins, ends = pool.validity(NOW, SHANGHAI)
    assert begins == NOW + timedelta(days=10)
    assert ends == datetime(2027, 3, 11, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("coupon", "outcome"),
    [
        (None, "no_such_coupon"),
        (a_coupon(a_pool(brand="Other")), "no_such_coupon"),
        (a_coupon(a_pool(brand="Ours")), "good"),
        (a_coupon(a_pool()), "good"),
        (a_coupon(a_pool(), CouponState.VOID), "coupon_void"),
        (a_coupon(a_pool(), CouponState.REDEEMED), "already_redeemed"),
        (a_coupon(a_pool(), begins=NOW + timedelta(seconds=1)), "not_yet_valid"),
        (a_coupon(a_pool(), ends=NOW), "coupon_expired"),
        (a_coupon(a_pool(), ends=NOW + timedelta(microseconds=1)), "good"),
        (a_coupon(a_pool(stores=("other",))), "wrong_store"),
        (a_coupon(a_pool(stores=("other", "here"))), "good"),
        (a_coupon(a_pool(least=1_001)), "basket_too_small"),
        (a_coupon(a_pool(least=1_000)), "good"),
        # A state comes before a time, and a time before a place.
        (a_coupon(a_pool(), CouponState.REDEEMED, ends=NOW), "already_redeemed"),
        (a_coupon(a_pool(stores=("other",)), ends=NOW), "coupon_expired"),
        (
            a_coupon(a_pool(Benefit(BenefitKind.GIFT, gift="a cup"))),
            "good",
        ),
    ],
)
def test_a_till_is_told_what_hinders_it_first(
    coupon: Coupon | None, outcome: str
) -> None:
    till = Till("Ours", "here")
    assert judge(coupon, till, basket_minor=1_000, now=NOW) == outcome


@pytest.mark.parametrize("basket", [None, 0, 6])
def test_a_coupon_is_never_used_up_for_nothing(basket: int | None) -> None:
    """A tenth of less than ten is nothing."""
    coupon = a_coupon(a_pool(Benefit(BenefitKind.PERCENT_OFF, percent=10)))
    judged = judge(coupon, Till(None, None), basket_minor=basket, now=NOW)
    assert judged is TillOutcome.TOO_SMALL


@pytest.mark.parametrize(
    ("kind", "given", "wrong"),
    [
        (BenefitKind.AMOUNT_OFF, {"minor"}, []),
        (BenefitKind.AMOUNT_OFF, {"percent"}, ["/benefit/minor", "/benefit/percent"]),
        (BenefitKind.PERCENT_OFF, {"percent", "most_minor"}, []),
        (BenefitKind.PERCENT_OFF, {"percent", "minor"}, ["/benefit/minor"]),
        (BenefitKind.GIFT, {"name"}, []),
        (BenefitKind.GIFT, set(), ["/benefit/name"]),
    ],
)
def test_a_benefit_has_the_fields_of_its_kind(
    kind: BenefitKind, given: set[str], wrong: list[str]
) -> None:
    assert [error.pointer for error in check_benefit(kind, given)] == wrong


def test_keys_of_coupons_are_none_of_caps() -> None:
    masters = {0: bytes(range(32)), 3: bytes(32)}
    caps = EpochKeys.from_masters(masters)
    coupons = EpochKeys.from_masters(masters, Purpose.COUPONS)
    for epoch in masters:
        mine, others = coupons.of(epoch), caps.of(epoch)
        keys = {mine.mac_key, mine.enc_key, others.mac_key, others.enc_key}
        assert len(keys) == 4
        assert mine.check_value != others.check_value
