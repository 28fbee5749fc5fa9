"""What rewards is handed of codes: how numbers of coupons are sealed, and which.

A coupon's code has the form of a cap's, and keys of its own.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.keys import EpochKeys, Purpose
from codegen.domain.ranges import SERIAL_BITS, SERIALS_PER_EPOCH
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code, seal
from codegen.domain.symbols import code_value
from codegen.pipeline import Issuance
from codegen.store import lock_open_epoch
from rewards.pipeline.coupons.numbers import CouponCodes, EpochNumbers, Mark

# A code has 80 bits, and the first five are its epoch.
_BELOW_EPOCH: Final = 75


@dataclass(slots=True)
class CouponSealing:
    """The keys of coupons, read again when an epoch is new."""

    issuance: Issuance
    _keys: EpochKeys | None = field(default=None, repr=False)

    def codes(self) -> CouponCodes:
        """Give what rewards calls."""
        return CouponCodes(
            read=lambda given: parse_scanned(given).code_text,
            open=self.open,
            seal=self.seal,
            lock_epoch=_lock_epoch,
            raising=self.raising,
        )

    def open(self, code_text: str) -> int | None:
        """Give the number of a genuine coupon's code."""
        value = code_value(code_text)
        if value is None:
            return None
        return open_code(self._of([value >> _BELOW_EPOCH]), code_text)

    def seal(self, numbers: Sequence[int]) -> list[str]:
        """Give the codes of coupons, in order."""
        codes: dict[int, str] = {}
        keys = self._of(number >> SERIAL_BITS for number in numbers)
        for epoch in {number >> SERIAL_BITS for number in numbers}:
            mine = [number for number in numbers if number >> SERIAL_BITS == epoch]
            serials = np.array(mine, np.uint64) & np.uint64(SERIALS_PER_EPOCH - 1)
            texts = (bytes(each).decode() for each in seal(keys, epoch, serials))
            codes.update(zip(mine, texts, strict=True))
        return [codes[number] for number in numbers]

    def raising(self, epoch: int) -> AbstractContextManager[Mark]:
        """Lock the mark of the coupons of an epoch."""
        return self.issuance.high_water.raising(f"coupons of {epoch}")

    def _of(self, epochs: Iterable[int]) -> EpochKeys:
        if self._keys is None or set(epochs) - set(self._keys.epochs):
            self._keys = self.issuance.key_file.load(Purpose.COUPONS)
        return self._keys


async def _lock_epoch(conn: AsyncConnection) -> EpochNumbers:
    epoch, _ = await lock_open_epoch(conn)
    first = epoch << SERIAL_BITS
    # The first number stays free: 0 says nobody in too many places.
    return EpochNumbers(epoch, first + 1, first + SERIALS_PER_EPOCH)
