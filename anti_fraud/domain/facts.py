"""Facts: what is known about one scan when it is judged, in one catalogue.

Each fact is read from evidence by one function, whoever gathered that: a scan's own
comes from Redis, a release's from PostgreSQL. So both judge by the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from anti_fraud.domain.clusters import JOB as CLUSTERS
from anti_fraud.domain.clusters import Linked
from anti_fraud.domain.dealers import JOB as DEALERS
from anti_fraud.domain.early_scans import NO_SIGNS, EarlySigns
from anti_fraud.domain.messages import message
from anti_fraud.domain.networks import UNKNOWN_NETWORK, KnownNetwork
from anti_fraud.domain.places import Travel
from anti_fraud.domain.recent import Recent
from core.conditions import Fact, FactKind
from core.messages import Message


class FactSource(StrEnum):
    """Where a fact comes from: counters and apps, its code, member, lists, jobs."""

    SIGNAL = "signal"
    CODE = "code"
    MEMBER = "member"
    LIST = "list"
    BACKGROUND = "background"


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """All that is known of one scan."""

    # False when Redis was away: counts and travel are then missing.
    signals_available: bool
    # By the facts of a rule set's counters.
    counts: Mapping[str, int]
    # From the place where the code was scanned last; None for a first scan.
    travel: Travel | None
    # None when nobody said until when the goods may be sold.
    sell_by: date | None
    # The business day of the scan.
    today: date
    # Whether anything of the scan is on the list of shops.
    shop_listed: bool = False
    # What its member is linked to; None for who is linked to hardly anybody.
    linked: Linked | None = None
    network: KnownNetwork = UNKNOWN_NETWORK
    # How far the phone's place lies from the network's province; None if either is
    # unknown.
    network_distance_km: int | None = None
    # What its app found itself to run in, and who else rated its risk how (0 to 4).
    environment: str | None = None
    risk_rank: int | None = None
    # How long the member had been one; None if nobody can tell.
    member_days: int | None = None
    produced_on: date | None = None
    # Since when a code that was activated for a moment counts as active.
    hours_active: int | None = None
    # Whether somebody knows that it was scanned outside of where it is to be sold.
    outside_sale_region: bool = False
    # What was seen of the code, and near it, before its caps were active.
    early: EarlySigns = NO_SIGNS
    # What its claim is to earn, in points and minor units; None where no rule asks.
    prize: tuple[int, int] | None = None
    # What the member's last scans tell; None where no rule asks for it.
    recent: Recent | None = None
    # Which share of its dealer's codes is claimed outside of where they are to be sold;
    # None where it is usual.
    dealer_outside_share: float | None = None


# How long it says anything that a member, or goods, are new.
YOUNG_DAYS: Final = 30
FRESH_DAYS: Final = 14
# What a claim is to earn is known before it is judged: the code decides its chances.
PRIZE_POINTS: Final = "prize_points"
PRIZE_MINOR: Final = "prize_minor"

Reader = Callable[[Evidence], Fact]


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact that conditions may read; `unit` is a UCUM code, None for a pure number.

    What is `rebuildable` can be read from PostgreSQL once the scan is over.
    """

    name: str
    kind: FactKind
    source: FactSource
    sentence: Message
    read: Reader
    unit: str | None = None
    rebuildable: bool = True
    # What it is of nearly every scan, and of all from before it was known; such values
    # are not kept, unless others follow.
    usual: Fact = None
    # The job that computes it; none for what is known as a scan comes.
    job: str | None = None


def _days_past_sell_by(evidence: Evidence) -> int | None:
    if evidence.sell_by is None:
        return None
    return (evidence.today - evidence.sell_by).days


def _place_distance_km(evidence: Evidence) -> float | None:
    return None if evidence.travel is None else evidence.travel.distance_km


def _place_elapsed_s(evidence: Evidence) -> int | None:
    return None if evidence.travel is None else evidence.travel.elapsed_s


def _place_speed_kmh(evidence: Evidence) -> float | None:
    return None if evidence.travel is None else evidence.travel.speed_kmh


def _network_kind(evidence: Evidence) -> str | None:
    kind = evidence.network.kind
    return None if kind is None else kind.value


def _network_country(evidence: Evidence) -> str | None:
    return evidence.network.country


def _network_province(evidence: Evidence) -> str | None:
    return evidence.network.province


def _member_age_days(evidence: Evidence) -> int | None:
    return _while_new(evidence.member_days, YOUNG_DAYS)


def _days_since_produced(evidence: Evidence) -> int | None:
    if evidence.produced_on is None:
        return None
    return _while_new((evidence.today - evidence.produced_on).days, FRESH_DAYS)


def _hours_since_active(evidence: Evidence) -> int | None:
    return _while_new(evidence.hours_active, FRESH_DAYS * 24)


def _while_new(age: int | None, most: int) -> int | None:
    """Tell an age while it says anything: what is usual takes no room."""
    return None if age is None or age > most else age


def _prize_points(evidence: Evidence) -> int | None:
    return None if evidence.prize is None else evidence.prize[0]


def _prize_minor(evidence: Evidence) -> int | None:
    return None if evidence.prize is None else evidence.prize[1]


def _cluster_size(evidence: Evidence) -> int | None:
    return None if evidence.linked is None else evidence.linked.size


def _cluster_flagged_share(evidence: Evidence) -> float | None:
    linked = evidence.linked
    return None if linked is None else round(linked.flagged / linked.size, 3)


def _code_early_looks(evidence: Evidence) -> int:
    return evidence.early.code_looks


def _package_early_codes(evidence: Evidence) -> int:
    return evidence.early.package_codes


def _recent(name: str, sentence: Message, unit: str | None = None) -> KnownFact:
    """List what a member's last scans tell under this name."""

    def read(evidence: Evidence) -> Fact:
        told: Fact = None if evidence.recent is None else getattr(evidence.recent, name)
        return told

    told = name, FactKind.NUMBER, FactSource.SIGNAL, sentence
    return KnownFact(*told, read, unit, rebuildable=False)


# All facts but those that a rule set counts. Rule sets of any age are read by this
# list, so nothing in it is ever renamed or taken away.
KNOWN_FACTS: Final = (
    KnownFact(
        "signals_available",
        FactKind.FLAG,
        FactSource.SIGNAL,
        message("fact_signals_available"),
        lambda evidence: evidence.signals_available,
    ),
    KnownFact(
        "days_past_sell_by",
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_days_past_sell_by"),
        _days_past_sell_by,
        unit="d",
    ),
    KnownFact(
        "place_distance_km",
        FactKind.NUMBER,
        FactSource.SIGNAL,
        message("fact_place_distance"),
        _place_distance_km,
        unit="km",
    ),
    KnownFact(
        "place_elapsed_s",
        FactKind.NUMBER,
        FactSource.SIGNAL,
        message("fact_place_elapsed"),
        _place_elapsed_s,
        unit="s",
    ),
    KnownFact(
        "place_speed_kmh",
        FactKind.NUMBER,
        FactSource.SIGNAL,
        message("fact_place_speed"),
        _place_speed_kmh,
        unit="km/h",
    ),
    KnownFact(
        "shop_listed",
        FactKind.FLAG,
        FactSource.LIST,
        message("fact_shop_listed"),
        lambda evidence: evidence.shop_listed,
        rebuildable=False,
        usual=False,
    ),
    KnownFact(
        "network_kind",
        FactKind.TEXT,
        FactSource.SIGNAL,
        message("fact_network_kind"),
        _network_kind,
        rebuildable=False,
    ),
    KnownFact(
        "network_country",
        FactKind.TEXT,
        FactSource.SIGNAL,
        message("fact_network_country"),
        _network_country,
        rebuildable=False,
    ),
    KnownFact(
        "network_province",
        FactKind.TEXT,
        FactSource.SIGNAL,
        message("fact_network_province"),
        _network_province,
        rebuildable=False,
    ),
    KnownFact(
        "gps_ip_distance_km",
        FactKind.NUMBER,
        FactSource.SIGNAL,
        message("fact_gps_ip_distance"),
        lambda evidence: evidence.network_distance_km,
        unit="km",
        rebuildable=False,
    ),
    KnownFact(
        "environment",
        FactKind.TEXT,
        FactSource.SIGNAL,
        message("fact_environment"),
        lambda evidence: evidence.environment,
        rebuildable=False,
    ),
    KnownFact(
        "risk_rank",
        FactKind.NUMBER,
        FactSource.SIGNAL,
        message("fact_risk_rank"),
        lambda evidence: evidence.risk_rank,
        rebuildable=False,
    ),
    KnownFact(
        "member_age_days",
        FactKind.NUMBER,
        FactSource.MEMBER,
        message("fact_member_age", most=YOUNG_DAYS),
        _member_age_days,
        unit="d",
    ),
    KnownFact(
        "days_since_produced",
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_since_produced", most=FRESH_DAYS),
        _days_since_produced,
        unit="d",
    ),
    KnownFact(
        "hours_since_active",
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_since_active", most=FRESH_DAYS),
        _hours_since_active,
        unit="h",
    ),
    KnownFact(
        "outside_sale_region",
        FactKind.FLAG,
        FactSource.CODE,
        message("fact_outside_sale_region"),
        lambda evidence: evidence.outside_sale_region,
        rebuildable=False,
        usual=False,
    ),
    KnownFact(
        "cluster_size",
        FactKind.NUMBER,
        FactSource.BACKGROUND,
        message("fact_cluster_size"),
        _cluster_size,
        rebuildable=False,
        job=CLUSTERS,
    ),
    KnownFact(
        "cluster_flagged_share",
        FactKind.NUMBER,
        FactSource.BACKGROUND,
        message("fact_cluster_flagged_share"),
        _cluster_flagged_share,
        rebuildable=False,
        job=CLUSTERS,
    ),
    KnownFact(
        "code_early_looks",
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_code_early_looks"),
        _code_early_looks,
        usual=0,
    ),
    KnownFact(
        "package_early_codes",
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_package_early_codes"),
        _package_early_codes,
        usual=0,
    ),
    KnownFact(
        PRIZE_POINTS,
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_prize_points"),
        _prize_points,
        rebuildable=False,
    ),
    KnownFact(
        PRIZE_MINOR,
        FactKind.NUMBER,
        FactSource.CODE,
        message("fact_prize_minor"),
        _prize_minor,
        rebuildable=False,
    ),
    _recent("rhythm_median_s", message("fact_rhythm_median"), "s"),
    _recent("rhythm_variation", message("fact_rhythm_variation")),
    _recent("recent_batches", message("fact_recent_batches")),
    _recent("recent_origins", message("fact_recent_origins")),
    _recent("recent_span_s", message("fact_recent_span"), "s"),
    KnownFact(
        "dealer_outside_share",
        FactKind.NUMBER,
        FactSource.BACKGROUND,
        message("fact_dealer_outside_share"),
        lambda evidence: evidence.dealer_outside_share,
        rebuildable=False,
        job=DEALERS,
    ),
)
KNOWN_KINDS: Final[Mapping[str, FactKind]] = MappingProxyType(
    {known.name: known.kind for known in KNOWN_FACTS}
)
