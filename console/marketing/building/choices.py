"""What a form of a campaign lets people choose from, in their words; pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from console.marketing.building.drafts import GIVEN
from console.marketing.building.terms import FACTS
from console.marketing.words import Wording
from rewards.domain.terms import CapPer, Counted, OfferKind

Options = list[tuple[str, str]]

# Whose values need a word of how they are written.
_HINTED: Final = frozenset({"weekday", "hour", "date", "tier", "channel", "segments"})


@dataclass(frozen=True, slots=True)
class Choices:
    """Lists of (value, word)."""

    wording: Wording

    @property
    def kinds(self) -> Options:
        """List what an offer may be."""
        return self._words("kind_", OfferKind)

    @property
    def given(self) -> Options:
        """List what a tier of a chance may give."""
        return self._words("kind_", GIVEN)

    @property
    def pers(self) -> Options:
        """List whose earnings a cap may count together."""
        return self._words("cap_", CapPer)

    @property
    def counted(self) -> Options:
        """List what a cap may count."""
        return self._words("of_", Counted)

    @property
    def facts(self) -> Options:
        """List what a condition may ask."""
        return [(name, self.wording.fact(name)) for name in FACTS]

    def hint(self, fact: str) -> str:
        """Say how a fact's value is written, where people may wonder."""
        several = self.wording.t("several")
        return self.wording.t(f"hint_{fact}") if fact in _HINTED else several

    def _words(self, start: str, values: Iterable[str]) -> Options:
        return [(f"{value}", self.wording.t(f"{start}{value}")) for value in values]
