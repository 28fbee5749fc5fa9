"""What a rule set counts of scans, as visits of tallies in Redis and back as facts."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from anti_fraud.domain.counters import CountedEntity
from anti_fraud.domain.entities import (
    Distinct,
    Entity,
    cell_tag,
    code_tag,
    entity_of,
    tally_key,
    who_of,
)
from anti_fraud.domain.recent import (
    MOST_RECENT,
    RECENT_S,
    Recent,
    RecentScan,
    read_recent,
)
from anti_fraud.domain.rule_sets import RuleSet
from codegen.domain.terms import RangeTerms
from core.redis import Apart, Newest, PackedBatch, PackedResults, TallyShape, Visit
from core.redis.tallies import MAX_LATE_MS, NOBODY, ONCE, WHO_BYTES
from scan_api.domain.scans import Scan

# What tells sets of one window from each other in a tally; never used again for others.
_KINDS: Final[Mapping[Distinct, int]] = {
    Distinct.MEMBER: 1,
    Distinct.DEVICE: 2,
    Distinct.NETWORK: 3,
    Distinct.CODE: 4,
    Distinct.SESSION: 5,
}
_RECENT: Final = Newest(MOST_RECENT, RECENT_S)
# Who waits for an answer in vain sends again soon, and little else meanwhile.
_KEYS: Final = Apart(ONCE, 600, 8, ())
_HALF: Final = 4
_FOUR_BYTES: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True, eq=False)
class TalliedEntity:
    """What is counted of an entity, and how Redis keeps it; with no `n` just read."""

    counted: CountedEntity
    shape: TallyShape
    n: int
    distincts: tuple[Distinct, ...]
    # Whether a scan that is sent again with its key counts once.
    once: bool

    @classmethod
    def of(
        cls, counted: CountedEntity, n: int, *, keyed: bool = False
    ) -> "TalliedEntity":
        """Shape the tally of an entity, for scans that have a key or for others."""
        sets = tuple(
            Apart(_KINDS[each.distinct], each.window_s, each.most, each.nears)
            for each in counted.sets
        )
        # Who is noted in a set again is there once anyway.
        once = keyed and (counted.recent or bool(counted.windows))
        shape = TallyShape(
            counted.windows,
            (*sets, _KEYS) if once else sets,
            _RECENT if counted.recent else None,
        )
        distincts = tuple(each.distinct for each in counted.sets)
        return cls(counted, shape, n, distincts, once)


Tallied = tuple[TalliedEntity, ...]
Visits = tuple[tuple[TalliedEntity, Visit], ...]


def shape_tallies(rule_set: RuleSet, *, keyed: bool) -> Tallied:
    """Shape all that a rule set counts of a scan, which has an idempotency key or not.

    One with a key counts once, however often it is sent.
    """
    return tuple(TalliedEntity.of(each, 1, keyed=keyed) for each in rule_set.counted)


def shape_again(new: RuleSet, old: RuleSet) -> Tallied:
    """Shape what a rule set counts of scans that another one has counted already.

    What both count is read only, so that nobody is counted twice.
    """
    before = {each.entity: each for each in old.counted}
    tallied = []
    for counted in new.counted:
        again, *fresh = counted.renewed(before.get(counted.entity))
        if not fresh:
            tallied.append(TalliedEntity.of(again, 1))
            continue
        if again.windows:
            tallied.append(TalliedEntity.of(again, 0))
        tallied += [
            TalliedEntity.of(each, 1)
            for each in fresh
            if each.windows or each.sets or each.recent
        ]
    return tuple(tallied)


def visit_tallies(
    batch: PackedBatch, scan: Scan, tallied: Tallied, terms: RangeTerms | None
) -> Visits:
    """Count a scan by its entities, at its own time; `terms` are those of its code."""
    tags = {entity_of(tag): tag for tag in scan.tags}
    tags[Entity.CODE] = code_tag(scan.code_id)
    if scan.cell is not None:
        tags[Entity.CELL] = cell_tag(scan.cell)
    # What is told to be ahead of its time counts now.
    late_ms = min(max(scan.at_ms - scan.judged_at_ms, 0), MAX_LATE_MS)
    visits = []
    for each in tallied:
        tag = tags.get(each.counted.entity)
        if tag is None:
            continue
        told = [_who(scan, tags, distinct) for distinct in each.distincts]
        if each.once:
            told.append(_pack_once(scan))
        if each.counted.recent:
            told.append(_pack_origin(terms))
        visit = batch.tally(
            tally_key(tag), each.shape, b"".join(told), n=each.n, late_ms=late_ms
        )
        visits.append((each, visit))
    return tuple(visits)


def read_counts(results: PackedResults, visits: Visits) -> dict[str, int]:
    """Read what was counted, by the facts of counters."""
    counts: dict[str, int] = {}
    for each, visit in visits:
        totals = results.tally(visit)
        for fact, place, up_to in each.counted.facts:
            total = totals[place]
            counts[fact] = total if up_to is None or total < up_to else up_to
    return counts


def read_last_scans(results: PackedResults, visits: Visits) -> Recent | None:
    """Read what the last scans of its member tell; None where they were not asked."""
    for each, visit in visits:
        if each.counted.recent:
            return read_recent(
                [
                    RecentScan(at_ms, *_unpack_origin(what))
                    for at_ms, what in results.records(visit)
                ]
            )
    return None


def _who(scan: Scan, tags: Mapping[Entity, bytes], distinct: Distinct) -> bytes:
    if distinct is Distinct.CODE:
        return scan.code_id.to_bytes(8, "little")
    for entity in _NAMED_BY[distinct]:
        tag = tags.get(entity)
        if tag is not None:
            return who_of(tag)
    return NOBODY


_NAMED_BY: Final[Mapping[Distinct, Sequence[Entity]]] = {
    Distinct.MEMBER: (Entity.MEMBER,),
    Distinct.DEVICE: (Entity.DEVICE,),
    Distinct.NETWORK: (Entity.NETWORK,),
    Distinct.SESSION: (Entity.DEVICE, Entity.MEMBER, Entity.NETWORK),
}


def _pack_once(scan: Scan) -> bytes:
    """Name a scan by its key and its code: another code with the key counts anew."""
    key = int.from_bytes(scan.key_hash[:WHO_BYTES], "little")
    return (key ^ scan.code_id).to_bytes(WHO_BYTES, "little")


def _pack_origin(terms: RangeTerms | None) -> bytes:
    """Tell a code's batch and where its goods come from in eight bytes."""
    if terms is None:
        return NOBODY
    plant, regions = terms.binding.plant, terms.binding.sale_regions
    origin = 0
    if plant or regions:
        origin = zlib.crc32("\0".join((plant or "", *regions)).encode()) or 1
    batch = terms.batch_id & _FOUR_BYTES
    return batch.to_bytes(_HALF, "little") + origin.to_bytes(_HALF, "little")


def _unpack_origin(what: bytes) -> tuple[int, int]:
    return int.from_bytes(what[:_HALF], "little"), int.from_bytes(
        what[_HALF:], "little"
    )
