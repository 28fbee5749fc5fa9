"""What the codes of a range stand for, in columns of numbers.

Ranges by the million have terms by the thousand, at worst as many as there are ranges;
then objects would take a gigabyte, and columns take sixty bytes a range.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from codegen.domain.ranges import Binding, RangeState

_TERMS: Final = np.dtype(
    [
        ("batch_id", np.int64),
        ("effective_us", np.int64),
        ("produced_day", np.int32),
        *(
            (name, np.int32)
            for name in (
                "state",
                "gtin",
                "lot",
                "plant",
                "line",
                "sale_regions",
                "campaign_id",
                "instructions",
                "placement",
                "printed_gtin",
                "brand",
            )
        ),
    ]
)
_NO_MOMENT: Final = np.iinfo(np.int64).min
_NO_DAY: Final = np.iinfo(np.int32).min
_DAY_ZERO: Final = date(2000, 1, 1)
_MOMENT_ZERO: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Decoded terms that are kept at hand.
_AT_HAND: Final = 16_384


@dataclass(frozen=True, slots=True)
class RangeTerms:
    """What a scan must know of a code's range.

    `printed_gtin` is the batch's: what stands in printed links, whatever was bound
    later. `brand` is the batch's too; None is nobody's.
    """

    batch_id: int
    state: RangeState
    binding: Binding
    placement: str
    printed_gtin: str | None = None
    instructions: str | None = None
    brand: str | None = None


def moment_of(us: int | None) -> datetime | None:
    """Read microseconds since 1970; before all calendars is None: since ever.

    PostgreSQL knows years that Python does not. What begins after the last of them
    begins then, which nobody will see.
    """
    if us is None:
        return None
    try:
        return _MOMENT_ZERO + timedelta(microseconds=us)
    except OverflowError:
        return None if us < 0 else datetime.max.replace(tzinfo=UTC)


def day_of(days: int | None) -> date | None:
    """Read days since 2000-01-01; None for days that no calendar here has."""
    if days is None:
        return None
    try:
        return _DAY_ZERO + timedelta(days=days)
    except OverflowError:
        return None


@dataclass(slots=True)
class TermsColumns:
    """Terms by number. Only ever grows; numbers stay good for the worker's life.

    A key is a hash of terms, made by PostgreSQL from `seed`: equal terms have equal
    keys, and terms that share a key by chance are told apart here.
    """

    seed: int = 0
    rows: NDArray[np.void] = field(default_factory=lambda: np.empty(0, _TERMS))
    count: int = 0
    _texts: list[Hashable] = field(default_factory=lambda: [None])
    _numbers: dict[Hashable, int] = field(default_factory=lambda: {None: 0})
    # Keys in order and the terms they name; what came later stands in `_fresh`.
    _keys: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    _named: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    _fresh: dict[int, int] = field(default_factory=dict)
    _at_hand: dict[int, RangeTerms] = field(default_factory=dict)

    def add(self, key: int, terms: RangeTerms) -> int:
        """Give the number of terms, a new one if they are new."""
        record = self._pack(terms)
        known = self._find(key)
        if known is not None and self.rows[known] == record:
            return known
        number = self._append(record)
        if known is None:
            self._fresh[key] = number
        return number

    def is_ambiguous(self) -> bool:
        """Tell whether a key names two terms, so that `numbers_of` cannot be asked."""
        return len(self._keys) + len(self._fresh) < self.count

    def numbers_of(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Give the numbers of many keys, all of which were added and settled."""
        return self._named[np.searchsorted(self._keys, keys)]

    def settle(self) -> None:
        """Sort the keys that came one by one in among the others."""
        if not self._fresh:
            return
        keys = np.fromiter(self._fresh, np.int64, len(self._fresh))
        named = np.fromiter(self._fresh.values(), np.int32, len(self._fresh))
        order = np.argsort(keys)
        places = np.searchsorted(self._keys, keys[order])
        self._named = np.insert(self._named, places, named[order])
        self._keys = np.insert(self._keys, places, keys[order])
        self._fresh = {}

    def read(self, number: int) -> RangeTerms:
        """Give terms back by number."""
        terms = self._at_hand.get(number)
        if terms is None:
            if len(self._at_hand) >= _AT_HAND:
                self._at_hand.clear()
            terms = self._at_hand[number] = self._unpack(self.rows[number])
        return terms

    def _find(self, key: int) -> int | None:
        fresh = self._fresh.get(key)
        if fresh is not None:
            return fresh
        at = int(np.searchsorted(self._keys, key))
        if at < len(self._keys) and self._keys[at] == key:
            return int(self._named[at])
        return None

    def _append(self, record: NDArray[np.void]) -> int:
        if self.count == len(self.rows):
            grown = np.empty(max(64, len(self.rows) * 3 // 2), _TERMS)
            grown[: self.count] = self.rows
            self.rows = grown
        self.rows[self.count] = record
        self.count += 1
        return self.count - 1

    def _pack(self, terms: RangeTerms) -> NDArray[np.void]:
        b = terms.binding
        us = _NO_MOMENT
        if b.effective_at is not None:
            us = (b.effective_at - _MOMENT_ZERO) // timedelta(microseconds=1)
        day = _NO_DAY
        if b.produced_on is not None:
            day = (b.produced_on - _DAY_ZERO).days
        texts: Sequence[Hashable] = (
            terms.state.value,
            b.gtin,
            b.lot,
            b.plant,
            b.line,
            b.sale_regions or None,
            b.campaign_id,
            terms.instructions,
            terms.placement,
            terms.printed_gtin,
            terms.brand,
        )
        numbers = [self._number(each) for each in texts]
        return np.array((terms.batch_id, us, day, *numbers), _TERMS)

    def _number(self, text: Hashable) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
        return number

    def _unpack(self, record: Any) -> RangeTerms:
        batch_id, us, day, *numbers = record.tolist()
        state, gtin, lot, plant, line, regions, campaign, *printed = (
            self._texts[n] for n in numbers
        )
        told, placement, printed_gtin, brand = printed
        return RangeTerms(
            batch_id=batch_id,
            state=RangeState(str(state)),
            binding=Binding(
                gtin=gtin,
                lot=lot,
                produced_on=None if day == _NO_DAY else day_of(day),
                plant=plant,
                line=line,
                sale_regions=regions or (),
                campaign_id=campaign,
                effective_at=None if us == _NO_MOMENT else moment_of(us),
            ),
            placement=str(placement),
            printed_gtin=printed_gtin,
            instructions=told,
            brand=brand,
        )
