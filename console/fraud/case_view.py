"""What the page of a case makes of what is known: bars, one timeline, sums; pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from anti_fraud.domain.case_scans import Evidence, ShownCondition, ShownHit, ShownScan
from anti_fraud.domain.cases import Entry, Value
from console.fraud.maps import (
    HexMap,
    TileMap,
    is_outside,
    lay_out_cells,
    lay_out_tiles,
)

# A bar is so long in all; what is larger by far leaves the other something to see.
BAR: Final = 100.0
_LEAST: Final = 1.5


@dataclass(frozen=True, slots=True)
class Measure:
    """What a rule saw as a bar, against its threshold as a mark."""

    bar: float
    mark: float


@dataclass(frozen=True, slots=True)
class SeenCondition:
    """A comparison of a rule, with its bar where it compares amounts."""

    condition: ShownCondition
    measure: Measure | None


@dataclass(frozen=True, slots=True)
class SeenHit:
    """A rule as the scan has it in which it saw most, and how many scans it hit."""

    hit: ShownHit
    times: int
    conditions: tuple[SeenCondition, ...]


def list_hits(evidence: Evidence) -> list[SeenHit]:
    """List each rule that hit once, weightiest first."""
    found: dict[str, ShownHit] = {}
    times = Counter[str]()
    for scan in evidence.scans:
        for hit in scan.hits:
            times[hit.rule_id] += 1
            best = found.get(hit.rule_id)
            if best is None or _saw(hit) > _saw(best):
                found[hit.rule_id] = hit
    ordered = sorted(found.values(), key=lambda hit: (-hit.score, hit.rule_id))
    return [
        SeenHit(
            hit,
            times[hit.rule_id],
            tuple([SeenCondition(c, measure(c)) for c in hit.conditions]),
        )
        for hit in ordered
    ]


def _saw(hit: ShownHit) -> float:
    """Tell how far beyond its thresholds a rule saw something."""
    told = [m for m in map(measure, hit.conditions) if m is not None]
    return max((each.bar - each.mark for each in told), default=0.0)


def measure(condition: ShownCondition) -> Measure | None:
    """Lay a value out against its threshold; None where they are no amounts."""
    value, threshold = _amount(condition.value), _amount(condition.threshold)
    if value is None or threshold is None or max(value, threshold) <= 0:
        return None
    most = max(value, threshold)
    bar, mark = (max(BAR * n / most, 0.0) for n in (value, threshold))
    return Measure(round(max(bar, _LEAST if value else 0.0), 1), round(mark, 1))


def _amount(told: object) -> float | None:
    if isinstance(told, int | float) and not isinstance(told, bool):
        return float(told)
    return None


# The timeline -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScansThen:
    """Scans that followed each other with nothing between."""

    at: datetime
    since: datetime
    scans: int
    value: Value


Moment = Entry | ScansThen


def tell_all(entries: Sequence[Entry], scans: Sequence[ShownScan]) -> list[Moment]:
    """Tell what people did and what was scanned in one order, newest first."""
    happened = sorted(
        [*((e.at, 1, e.entry_id, e) for e in entries)]
        + [(s.at, 0, int(s.scan_id), s) for s in scans],
        key=lambda each: each[:3],
        reverse=True,
    )
    told: list[Moment] = []
    for *_, each in happened:
        if isinstance(each, Entry):
            told.append(each)
            continue
        last = told[-1] if told else None
        if isinstance(last, ScansThen):
            told[-1] = ScansThen(
                last.at, each.at, last.scans + 1, last.value + each.value
            )
        else:
            told.append(ScansThen(each.at, each.at, 1, each.value))
    return told


# What scans earned --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RewardSum:
    """What scans earned of one kind and name, by how it stands: amounts and scans."""

    kind: str
    name: str | None
    amounts: Mapping[str, int]
    scans: int


def sum_rewards(scans: Iterable[ShownScan]) -> list[RewardSum]:
    """Add up what scans earned, by kind and name."""
    amounts: dict[tuple[str, str], Counter[str]] = {}
    counts = Counter[tuple[str, str]]()
    for scan in scans:
        for reward in scan.rewards:
            key = (reward.kind, reward.name or "")
            amounts.setdefault(key, Counter())[reward.status] += reward.amount
            counts[key] += 1
    return [
        RewardSum(kind, name or None, amounts[kind, name], counts[kind, name])
        for kind, name in sorted(amounts)
    ]


# Where --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """Where scans were made: by province against where they are sold, and by cell."""

    tiles: TileMap
    sold_in: tuple[str, ...]
    cells: HexMap | None


def place_scans(scans: Iterable[ShownScan]) -> Places:
    """Lay out where scans were made, each counted once."""
    each = {scan.scan_id: scan for scan in scans}.values()
    sold = tuple(sorted({region for scan in each for region in scan.sale_regions}))
    regions = Counter(scan.region for scan in each)
    outside = sum(
        is_outside(scan.region, _cell_of(scan), scan.sale_regions) for scan in each
    )
    cells = Counter(_cells(each))
    return Places(
        lay_out_tiles(regions, sold, outside=outside), sold, lay_out_cells(cells)
    )


def _cells(scans: Iterable[ShownScan]) -> Iterator[str]:
    for scan in scans:
        if scan.cell is not None:
            yield scan.cell


def _cell_of(scan: ShownScan) -> int | None:
    return None if scan.cell is None else int(scan.cell, 16)
