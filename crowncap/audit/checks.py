"""What a check is: a query for what breaks an invariant, and how it is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Scope(StrEnum):
    """How far back an audit reads."""

    FULL = "full"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Axis:
    """The key by which a growing table is read, a slice at a time.

    A key that tells time is cut at business days, and a recent audit begins with the
    last sound one; any other key is read from its start by both.
    """

    table: str
    key: str
    tells_time: bool = False
    has_shard: bool = True


CLAIMS = Axis("claims", "code_id")
VOIDS = Axis("void_codes", "code_id")
BATCHES = Axis("batches", "batch_id", has_shard=False)
BALANCES = Axis("balances", "member_no")
SCANS = Axis("scans", "scan_id", tells_time=True)
COUPONS = Axis("coupons", "coupon_no")
REDEMPTIONS = Axis("redemptions", "redemption_id", tells_time=True)
PAYOUTS = Axis("payouts", "payout_id")
TRANSFERS = Axis("transfers", "origin_id", tells_time=True)
MEMBERS = Axis("members", "member_no", tells_time=True)


@dataclass(frozen=True, slots=True)
class Check:
    """A query for what breaks an invariant; its first column names the offender.

    With an axis it is asked of one slice at a time, the keys from `:first` to `:last`.
    Each slice is one statement and sees one moment, so scans may go on meanwhile.
    """

    invariant: int
    sentence: str
    query: str
    over: Axis | None = None
    scopes: tuple[Scope, ...] = (Scope.FULL, Scope.RECENT)

    async def find(
        self, conn: AsyncConnection, known: Mapping[str, Any]
    ) -> Sequence[Any]:
        """List the offenders; of what is known the query gets what it names."""
        query = text(self.query)
        given = {name: known[name] for name in query.compile().params}
        return (await conn.execute(query, given)).scalars().all()

    @property
    def name(self) -> str:
        """Tell it from a check of the same sentence in another scope."""
        return " ".join([self.sentence, *self.scopes])


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold, and where."""

    invariant: int
    sentence: str
    count: int
    examples: tuple[str, ...]
