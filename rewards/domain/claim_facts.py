"""The facts of a claim that a campaign's condition may ask for, in one catalogue.

Those of members and their tiers are named by the contract, and come with members.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from core.conditions import Fact, FactKind


@dataclass(frozen=True, slots=True)
class ClaimEvidence:
    """What is known of a claim: its code's range, its scan, and who makes it.

    `at` is in the installation's time zone; who is new is a member since never.
    """

    at: datetime
    gtin: str | None = None
    brand: str | None = None
    batch_id: int | None = None
    lot: str | None = None
    plant: str | None = None
    line: str | None = None
    sale_regions: tuple[str, ...] = ()
    scan_region: str | None = None
    channel: str | None = None
    entry: str | None = None
    store_id: str | None = None
    member_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """A fact, what its values are, and how evidence tells it; None is not known."""

    name: str
    kind: FactKind
    read: Callable[[ClaimEvidence], Fact]


def _sale_region(evidence: ClaimEvidence) -> str | None:
    # Goods for several regions are for no single one.
    return evidence.sale_regions[0] if len(evidence.sale_regions) == 1 else None


def _date(evidence: ClaimEvidence) -> int:
    at = evidence.at
    return (at.year * 100 + at.month) * 100 + at.day


def _account_age_days(evidence: ClaimEvidence) -> int:
    if evidence.member_since is None:
        return 0
    return max((evidence.at - evidence.member_since).days, 0)


# Days of the week count from Monday, 1; a date is the number 20270131.
CLAIM_FACTS: Final = (
    ClaimFact("gtin", FactKind.TEXT, lambda e: e.gtin),
    ClaimFact("brand", FactKind.TEXT, lambda e: e.brand),
    ClaimFact("batch_id", FactKind.NUMBER, lambda e: e.batch_id),
    ClaimFact("lot", FactKind.TEXT, lambda e: e.lot),
    ClaimFact("plant", FactKind.TEXT, lambda e: e.plant),
    ClaimFact("line", FactKind.TEXT, lambda e: e.line),
    ClaimFact("sale_region", FactKind.TEXT, _sale_region),
    ClaimFact("scan_region", FactKind.TEXT, lambda e: e.scan_region),
    ClaimFact("channel", FactKind.TEXT, lambda e: e.channel),
    ClaimFact("entry", FactKind.TEXT, lambda e: e.entry),
    ClaimFact("store_id", FactKind.TEXT, lambda e: e.store_id),
    ClaimFact("weekday", FactKind.NUMBER, lambda e: e.at.isoweekday()),
    ClaimFact("hour", FactKind.NUMBER, lambda e: e.at.hour),
    ClaimFact("date", FactKind.NUMBER, _date),
    ClaimFact("account_age_days", FactKind.NUMBER, _account_age_days),
)
CLAIM_FACT_KINDS: Final[Mapping[str, FactKind]] = MappingProxyType(
    {fact.name: fact.kind for fact in CLAIM_FACTS}
)


# Those that are another thing when the same cap is claimed later.
FACTS_OF_TIME: Final = frozenset({"weekday", "hour", "date", "account_age_days"})


def read_claim_facts(evidence: ClaimEvidence) -> dict[str, Fact]:
    """Tell all facts of a claim."""
    return {fact.name: fact.read(evidence) for fact in CLAIM_FACTS}
