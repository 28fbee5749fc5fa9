"""The facts of a claim that a campaign's condition may ask for, in one catalogue.

A gift that members claim directly is claimed without a code: its condition asks for
those that a member has without one.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from core.bounds import refuse
from core.conditions import Condition, Fact, FactKind, comparisons, without_not
from core.conditions.reading import MAX_DEPTH, Kinds, read_condition
from core.errors import FieldError
from rewards.domain.messages import message


@dataclass(frozen=True, slots=True)
class ClaimEvidence:
    """What is known of a claim: its code's range, its scan, and who makes it.

    `at` is in the installation's time zone; who is new is a member since never.
    `claim_no` is the place of this claim among the member's that earned something,
    from 1; it is counted only where a campaign asks for it.
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
    claim_no: int | None = None


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


def _is_first_claim(evidence: ClaimEvidence) -> bool | None:
    return None if evidence.claim_no is None else evidence.claim_no == 1


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
    ClaimFact("claim_no", FactKind.NUMBER, lambda e: e.claim_no),
    ClaimFact("is_first_claim", FactKind.FLAG, _is_first_claim),
)
CLAIM_FACT_KINDS: Final[Mapping[str, FactKind]] = MappingProxyType(
    {fact.name: fact.kind for fact in CLAIM_FACTS}
)
# Named by the contract, and not known yet: they come with members and their tiers.
FACTS_TO_COME: Final = frozenset(
    {"tier", "standing", "segments", "streak_days", "is_birthday", "invited"}
)
# Those that are another thing when the same cap is claimed later.
FACTS_OF_TIME: Final = frozenset(
    {"weekday", "hour", "date", "account_age_days", "claim_no"}
)
# Those for which each member's claims are counted.
COUNTED_FACTS: Final = frozenset({"claim_no", "is_first_claim"})
# Those that a scan's row tells for ever: by its number, its member's, and what its app
# said.
FACTS_OF_RECORD: Final = frozenset(
    {
        *("weekday", "hour", "date", "account_age_days"),
        *("channel", "entry", "store_id"),
    }
)
# Those that a member has without a code; who claims a gift scans none.
GIFT_FACT_KINDS: Final[Mapping[str, FactKind]] = MappingProxyType(
    {
        name: CLAIM_FACT_KINDS[name]
        for name in ("weekday", "hour", "date", "account_age_days")
    }
)


def read_claim_facts(evidence: ClaimEvidence) -> dict[str, Fact]:
    """Tell all facts of a claim."""
    return {fact.name: fact.read(evidence) for fact in CLAIM_FACTS}


def read_when(when: Any, kinds: Kinds = CLAIM_FACT_KINDS) -> Condition:
    """Read the condition of a campaign, or of a gift; raises InvalidInput.

    Who asks for what is not known yet, or only of scans, is told so.
    """
    refuse(_find_unanswered(when, "/when", kinds))
    return read_condition(when, "/when", kinds)


def asked_facts(condition: Condition) -> tuple[str, ...]:
    """Name the facts that a condition asks for, each once, in reading order."""
    asked = (each.fact for each in comparisons(without_not(condition)))
    return tuple(dict.fromkeys(asked))


def _find_unanswered(
    value: Any, pointer: str, kinds: Kinds, depth: int = 1
) -> Iterator[FieldError]:
    """Say where a condition asks for facts that the contract names and nobody tells."""
    if not isinstance(value, dict) or depth > MAX_DEPTH:
        return
    fact = value.get("fact")
    if isinstance(fact, str) and fact not in kinds:
        known = ", ".join(sorted(kinds))
        if fact in FACTS_TO_COME:
            told = message("fact_to_come", fact=fact, known=known)
            yield FieldError(f"{pointer}/fact", "not_supported", told)
        elif fact in CLAIM_FACT_KINDS:
            told = message("fact_of_scans", fact=fact, known=known)
            yield FieldError(f"{pointer}/fact", "not_supported", told)
    yield from _find_unanswered(value.get("not"), f"{pointer}/not", kinds, depth + 1)
    for word in ("all", "any"):
        parts = value.get(word)
        for place, part in enumerate(parts if isinstance(parts, list) else ()):
            below = f"{pointer}/{word}/{place}"
            yield from _find_unanswered(part, below, kinds, depth + 1)
