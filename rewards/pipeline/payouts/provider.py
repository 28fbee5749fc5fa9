"""The port to whoever pays red packets out; the shell hands one in, or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rewards.domain.payouts import Answer, Bill, Heard, PayeeProvider


class PayoutProvider(Protocol):
    """Pays bills out, each number once. No call raises for what came over the wire."""

    @property
    def name(self) -> PayeeProvider:
        """Say which of the providers that members name this is."""
        ...

    async def send(self, bill: Bill) -> Answer:
        """Ask that a bill be paid; the same again for a number that it knows."""
        ...

    async def ask(self, bill: Bill) -> Answer:
        """Ask how a bill stands."""
        ...

    async def cancel(self, bill: Bill) -> Answer:
        """Ask that a bill that nobody has confirmed be cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """What a provider tells by itself, once it was verified."""

    bill_no: str
    heard: Heard


class NoticeReader(Protocol):
    """Verifies and opens what a provider tells by itself."""

    def read(
        self, headers: Mapping[str, str], body: bytes, *, now: datetime
    ) -> Notice | None:
        """Give what it says; None for what is not genuine. Names are in small letters.

        What is genuine and about no bill tells of a bill without a number.
        """
        ...


@dataclass(frozen=True, slots=True)
class Confirming:
    """What a member's app needs beside a payout's own part to let it be confirmed."""

    merchant_id: str
    app_id: str
