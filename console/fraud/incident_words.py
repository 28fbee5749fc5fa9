"""What an incident is of, and what is known of it, in a reader's words; pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from anti_fraud.domain.incidents import Incident, IncidentKind
from console.frame.lines import Line
from rewards.pipeline.chances import TierName

Texts = Callable[[str], str]

# What a detail is called; one that is not here is called as programs call it.
DETAILS: Final = frozenset(
    {
        *("codes", "looks", "scans", "outside", "days", "printhouse", "batch_id"),
        *("roll", "codes_in_a_minute", "refusals_in_an_hour", "at_most"),
        *("campaign_id", "offer_id", "tier_id", "region"),
        *("wins", "expected", "sigma", "claims"),
    }
)
SUBJECTS: Final = frozenset(
    {
        *("batch", "package", "roll", "code", "member", "device", "network"),
        *("dealer", "campaign", "tier", "token", "all"),
    }
)
REWARDS: Final = frozenset(
    {"points", "coupon", "gift", "red_packet", "ticket", "card"},
)
# It has a link of its own.
_CASE: Final = "case_id"
_MOST: Final = 120


def split_subject(incident: Incident) -> tuple[str, str]:
    """Give the kind of what an incident is of, and its id; of all it has none."""
    kind, _, number = incident.subject.partition(":")
    return kind, number


def tier_of(incident: Incident) -> TierName | None:
    """Name the tier of a chance that an incident is of; None where it is of none."""
    if incident.kind is not IncidentKind.WIN_RATE:
        return None
    named = [incident.detail.get(name) for name in TierName._fields]
    return TierName(*map(str, named)) if all(named) else None


def tell_subject(incident: Incident, t: Texts) -> str:
    """Name what an incident is of."""
    kind, number = split_subject(incident)
    if kind not in SUBJECTS:
        return incident.subject
    return f"{t(f'incident_of_{kind}')} {number}".strip()


def tell_details(incident: Incident, t: Texts) -> list[Line]:
    """List what is known of it beside when and how often it was seen."""
    return list(_lines(incident, t))


def _lines(incident: Incident, t: Texts) -> Iterator[Line]:
    kind, _ = split_subject(incident)
    for name, value in incident.detail.items():
        if name == _CASE or name.removesuffix("_id") == kind or value in (None, ""):
            continue
        label = t(f"incident_detail_{name}") if name in DETAILS else name
        if isinstance(value, Mapping):
            label = t(f"reward_{name}") if name in REWARDS else name
        yield Line(name, label, _tell(value, t)[:_MOST])


def _tell(value: Any, t: Texts) -> str:
    if isinstance(value, bool):
        return t("yes" if value else "no")
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, Mapping) and {*value} == {"today", "expected"}:
        return t("incident_detail_outflow").format_map(
            {name: f"{n:,}" for name, n in value.items()}
        )
    if isinstance(value, list):
        return t("listed").join(map(str, value))
    return str(value)
