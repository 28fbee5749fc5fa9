"""The form of a new pool of coupons, read field by field; pure."""

import re
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from console.frame.fields import Faults, Reader
from console.frame.messages import message
from core.errors import FieldError
from core.moments import read_end, read_start
from rewards.domain.coupons import (
    MAX_STOCK,
    MAX_STORES,
    MAX_VALID_DAYS,
    Benefit,
    BenefitKind,
    NewPool,
    check_benefit,
)

_GTIN: Final = re.compile(r"\d{14}", re.ASCII)
# Which field says what a benefit has, by its kind's name for it.
_BENEFIT: Final = {
    "/benefit/minor": "amount",
    "/benefit/most_minor": "amount",
    "/benefit/percent": "percent",
    "/benefit/name": "gift",
}


def read_pool(
    form: Mapping[str, str], timezone: ZoneInfo
) -> tuple[NewPool | None, Faults]:
    """Make the pool that a form asks for; None, and what is wrong by field."""
    given = {name: value.strip() for name, value in form.items()}
    reader = Reader()
    benefit = _read_benefit(given, reader)
    moments = {
        name: reader.moment(name, given[name], "", read, timezone)
        for name, read in (("valid_from", read_start), ("valid_until", read_end))
        if given.get(name)
    }
    new = NewPool(
        pool_id=reader.text("pool_id", given.get("pool_id", "")),
        name=reader.text("name", given.get("name", "")),
        benefit=benefit,
        stock=reader.needed("stock", given.get("stock", ""), 0, MAX_STOCK),
        daily_stock=reader.number(
            "daily_stock", given.get("daily_stock", ""), 0, MAX_STOCK
        ),
        per_member=reader.number(
            "per_member", given.get("per_member", ""), 0, MAX_STOCK
        ),
        min_basket_minor=reader.money("min_basket", given.get("min_basket", "")) or 0,
        valid_from=moments.get("valid_from"),
        valid_until=moments.get("valid_until"),
        valid_days=reader.number(
            "valid_days", given.get("valid_days", ""), 1, MAX_VALID_DAYS
        ),
        stores=_listed(given.get("stores", "")),
        gtins=_read_gtins(given.get("gtins", ""), reader),
    )
    return (None, reader.faults) if reader.faults else (new, {})


def _read_benefit(given: Mapping[str, str], reader: Reader) -> Benefit:
    """Read what a coupon gives, and nothing of another kind."""
    kind = reader.choice("kind", given.get("kind", ""), BenefitKind)
    minor = reader.money("amount", given.get("amount", "")) or None
    percent = reader.number("percent", given.get("percent", ""), 1, 100)
    gift = reader.text("gift", given["gift"]) if given.get("gift") else None
    of_kind = {
        "most_minor" if kind is BenefitKind.PERCENT_OFF else "minor": minor,
        "percent": percent,
        "name": gift,
    }
    if kind is not None and not reader.faults:
        said = [name for name, value in of_kind.items() if value is not None]
        for error in check_benefit(kind, said):
            name = _BENEFIT[error.pointer]
            if error.code == "required":
                reader.need(name)
            else:
                told = message("not_of_this_kind")
                reader.note(name, FieldError(name, error.code, told))
    return Benefit(kind or BenefitKind.AMOUNT_OFF, minor, percent, gift)


def _read_gtins(text: str, reader: Reader) -> tuple[str, ...]:
    gtins = _listed(text)
    for gtin in gtins:
        if not _GTIN.fullmatch(gtin):
            told = message("not_14_digits", given=gtin[:20])
            reader.note("gtins", FieldError("gtins", "invalid", told))
    return gtins


def _listed(text: str) -> tuple[str, ...]:
    """Read ids with commas between them, each once."""
    parts = (each.strip() for each in text.replace("，", ",").split(","))
    return tuple(dict.fromkeys(each for each in parts if each))[:MAX_STORES]
