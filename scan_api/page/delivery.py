"""How a member wants to come to what they won: sent to an address, or collected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.bounds import MAX_SENTENCE, check_prose

FIELDS: Final = ("how", "address")
_LEAST_ADDRESS: Final = 5


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a form says; no `address` is to be collected. `fits` if it can be kept."""

    address: str | None
    fits: bool = True

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Delivery":
        """Read a form with the fields above."""
        if form.get("how") == "collect":
            return cls(None)
        address = form.get("address", "").strip().replace("\r\n", "\n")
        faults = [*check_prose("/address", address, most=MAX_SENTENCE)]
        return cls(address, not faults and len(address) >= _LEAST_ADDRESS)
