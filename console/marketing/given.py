"""What is given beside scans, as two fields of a form: which kind, and what of it."""

from collections.abc import Mapping
from typing import Final

from console.frame.fields import Reader
from rewards.domain.terms import MAX_AMOUNT, Given, OfferKind

# What the second field says, by the kind; points are counted.
_SAID: Final = {OfferKind.GIFT: "name", OfferKind.COUPON: "pool_id"}


def read_given(
    reader: Reader, names: tuple[str, str], texts: tuple[str, str]
) -> Given | None:
    """Read both fields; None, and what is wrong by field, if they say nothing."""
    kind = reader.choice(names[0], texts[0], OfferKind)
    if kind is None:
        return None
    if kind is OfferKind.POINTS:
        amount = reader.needed(names[1], texts[1], 1, MAX_AMOUNT)
        return Given(kind=kind, amount=amount)
    if kind not in _SAID:
        # Whoever keeps it says that it is not supported.
        return Given(kind=kind)
    said = reader.text(names[1], texts[1])
    if kind is OfferKind.GIFT:
        return Given(kind=kind, name=said)
    return Given(kind=kind, pool_id=said)


def place_given(pointer: str, names: tuple[str, str]) -> Mapping[str, str]:
    """Tell in which of both fields what stands that a pipeline complains about."""
    said = dict.fromkeys(("amount", *_SAID.values()), names[1])
    return {f"{pointer}/{name}": at for name, at in ({"kind": names[0]} | said).items()}
