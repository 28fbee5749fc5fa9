"""What a till is told of a coupon that is not used, in the languages of tills."""

from datetime import datetime
from zoneinfo import ZoneInfo

from core.clock import local_time
from core.messages import Message
from rewards.domain.coupons import Benefit, Coupon, TillOutcome
from rewards.domain.messages import message
from rewards.domain.prizes import tell_money
from rewards.pipeline.coupons.redeeming import AtTill


def tell_refusal(seen: AtTill, timezone: ZoneInfo) -> Message:
    """Say why a coupon is not used; times are on the brand's clock."""
    coupon = seen.coupon
    if seen.outcome is TillOutcome.UNKNOWN or coupon is None:
        told = message("no_such_coupon")
    elif seen.outcome is TillOutcome.VOID:
        told = message("coupon_void")
    elif seen.outcome is TillOutcome.REDEEMED:
        told = _tell_use(coupon, timezone)
    elif seen.outcome is TillOutcome.NOT_YET:
        told = message("not_yet_valid", at=_time(coupon.valid_from, timezone))
    elif seen.outcome is TillOutcome.EXPIRED:
        assert coupon.valid_until is not None, "else it is never over"
        told = message("coupon_expired", at=_time(coupon.valid_until, timezone))
    elif seen.outcome is TillOutcome.WRONG_STORE:
        told = message("wrong_store")
    else:
        least = max(coupon.pool.min_basket_minor, 1)
        told = message("basket_too_small", least=tell_money(least))
    return told


def tell_worth(benefit: Benefit, basket_minor: int | None) -> Message | str:
    """Say what a coupon that is good gives of a basket: so much off, or its gift."""
    return benefit.gift or tell_off(benefit.discount(basket_minor))


def tell_off(minor: int) -> Message:
    """Say how much is off."""
    return message("so_much_off", amount=tell_money(minor))


def tell_benefit(benefit: Benefit) -> Message | str:
    """Say what each coupon of a pool gives."""
    if benefit.gift is not None:
        return benefit.gift
    if benefit.percent is None:
        assert benefit.minor is not None
        return tell_off(benefit.minor)
    if benefit.minor is None:
        return message("percent_off", percent=benefit.percent)
    most = tell_money(benefit.minor)
    return message("percent_off_at_most", percent=benefit.percent, most=most)


def _tell_use(coupon: Coupon, timezone: ZoneInfo) -> Message:
    assert coupon.use is not None, "something used it"
    at = _time(coupon.use.at, timezone)
    store = coupon.use.store_name or coupon.use.store_id
    if store is None:
        return message("already_redeemed_somewhere", at=at)
    return message("already_redeemed", at=at, store=store)


def _time(at: datetime, timezone: ZoneInfo) -> str:
    return local_time(at, timezone).isoformat(sep=" ", timespec="seconds")
