"""What is to be had, in words for who may have it. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from core.errors import FieldError
from core.messages import Message
from rewards.domain.chances import WHOLE
from rewards.domain.messages import message
from rewards.domain.terms import Given, OfferKind, find_faults_of_given

_PER_PERCENT: Final = WHOLE // 100


def tell_given(given: Given) -> Message:
    """Say what something gives, whatever it is."""
    return _TELLERS[given.kind](given)


# What is given outside of scans: all but what is won by chance.
AWARDABLE: Final = tuple(kind for kind in OfferKind if kind is not OfferKind.CHANCE)


def find_unawardable(pointer: str, given: Given) -> Iterator[FieldError]:
    """Say what is wrong with something that is given outside of scans."""
    if given.kind is OfferKind.CHANCE:
        told = message("no_chance_here")
        yield FieldError(f"{pointer}/kind", "not_of_this_kind", told)
    else:
        yield from find_faults_of_given(pointer, given)


def tell_odds(per_million: int, whole: int = WHOLE) -> str:
    """Say how likely something is: `0.05%`, in any language; rounded down."""
    parts = per_million * WHOLE // whole
    percents, rest = divmod(parts, _PER_PERCENT)
    decimals = f"{rest:04}".rstrip("0")
    return f"{percents}.{decimals}%" if decimals else f"{percents}%"


def tell_money(minor: int) -> str:
    """Say an amount of money as consumers read it."""
    return f"¥{minor // 100:,}.{minor % 100:02}"


_TELLERS: Final[Mapping[OfferKind, Callable[[Given], Message]]] = {
    OfferKind.POINTS: lambda g: message("gives_points", amount=g.amount or 0),
    OfferKind.COUPON: lambda _: message("gives_coupon"),
    OfferKind.TICKET: lambda g: message("gives_tickets", amount=g.amount or 0),
    OfferKind.CARD: lambda _: message("gives_card"),
    OfferKind.RED_PACKET: lambda g: message(
        "gives_money", money=tell_money(g.minor or 0)
    ),
    OfferKind.GIFT: lambda g: message("gives_gift", name=g.name or ""),
    OfferKind.CHANCE: lambda _: message("gives_chance"),
}
