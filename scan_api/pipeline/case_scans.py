"""What people who look at a case are told of its scans: codes, members, rules, rewards.

What codes know is read first, then what members have, and the rules are asked again, by
the facts that each scan kept.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.case_scans import (
    Evidence,
    Linked,
    ShownCondition,
    ShownHit,
    ShownReward,
    ShownScan,
)
from anti_fraud.domain.cases import SubjectKind, Value
from anti_fraud.domain.clusters import DEVICE, key_of
from anti_fraud.domain.divisions import find_division_at
from anti_fraud.domain.rule_sets import Rule, RuleSet
from anti_fraud.domain.verdict import Hit
from anti_fraud.store.clusters import load_sharers
from codegen.domain.range_table import TableRow
from codegen.domain.terms import RangeTerms
from codegen.store import load_ranges_of_codes
from core.clock import utc_datetime
from core.conditions import Facts
from core.ids import time_of_id
from core.messages import CHINESE, ENGLISH, say
from rewards.domain.awards import Award, AwardState
from rewards.domain.holds import HoldState
from rewards.domain.plans import RewardKind
from rewards.store.awards import load_awards
from rewards.store.holds import load_hold_states
from rewards.store.members import load_member_ids
from scan_api.pipeline.replay import Replay, replay_scans
from scan_api.store.case_scans import (
    TracedScan,
    find_recent_of_codes,
    find_recent_of_members,
    load_traced,
)

# How many other scans a case page shows of its codes, and of its members.
_OTHERS: Final = 20
# Of how many codes and members, where a case has many.
_LOOKED_AT: Final = 10
_LINKED: Final = 8
# How many who share a device are asked, and how many of their scans are looked through.
_SHARERS: Final = 20
_LOOKED_THROUGH: Final = 60
_DIGEST_BYTES: Final = 8


def device_key(device: bytes) -> str:
    """Name a device by a hash, which tells one from another and nothing else."""
    return blake2b(device, digest_size=_DIGEST_BYTES).hexdigest()


def value_of(awards: Iterable[Award], states: Collection[AwardState]) -> Value:
    """Add up what a scan's rewards of some states are worth."""
    value = Value()
    for award in awards:
        if award.state in states:
            value += _worth(award)
    return value


def _worth(award: Award) -> Value:
    if award.kind is RewardKind.POINTS:
        return Value(points=award.amount)
    if award.kind is RewardKind.RED_PACKET:
        return Value(minor=award.amount)
    return Value(others=1)


async def show_scans(
    conn: AsyncConnection, scan_ids: Sequence[int], timezone: ZoneInfo
) -> Evidence:
    """Tell all that is known of scans of a case, and of others like them."""
    scans = await load_traced(conn, scan_ids)
    codes = list(dict.fromkeys(scan.code_id for scan in scans.values()))[:_LOOKED_AT]
    numbers = [s.member_no for s in scans.values() if s.member_no is not None]
    people = list(dict.fromkeys(numbers))[:_LOOKED_AT]
    of_code = await find_recent_of_codes(conn, codes, limit=_OTHERS)
    of_member = await find_recent_of_members(conn, people, limit=_OTHERS)
    known = set(scans)
    others = [i for i in dict.fromkeys((*of_code, *of_member)) if i not in known]
    traced = scans | await load_traced(conn, others)
    of_device = await _find_of_devices(conn, scans.values())
    found = await _know(conn, traced | of_device, timezone)
    return Evidence(
        scans=found.show(scan_ids),
        linked=tuple(found.link(scan_ids)),
        of_code=found.show([i for i in of_code if i not in known]),
        of_member=found.show([i for i in of_member if i not in known]),
        of_device=found.show(
            [i for i in sorted(of_device, reverse=True) if i not in traced][:_OTHERS]
        ),
        subjects=tuple(_subjects(codes, people, scans.values())),
    )


async def _find_of_devices(
    conn: AsyncConnection, scans: Iterable[TracedScan]
) -> dict[int, TracedScan]:
    """Find the latest scans that others made on the same devices.

    Nothing finds the scans of a device but those who have used it: of some of these the
    latest scans are looked through.
    """
    devices = list(dict.fromkeys(s.device for s in scans if s.device))[:_LOOKED_AT]
    if not devices:
        return {}
    keys = [key_of(DEVICE, device) for device in devices]
    sharers = await load_sharers(conn, keys)
    people = list(dict.fromkeys(no for each in sharers.values() for no in each))
    latest = await find_recent_of_members(
        conn, people[:_SHARERS], limit=_LOOKED_THROUGH
    )
    wanted = set(devices)
    traced = await load_traced(conn, latest)
    return {i: scan for i, scan in traced.items() if scan.device in wanted}


def _subjects(
    codes: Iterable[int], members: Iterable[int], scans: Iterable[TracedScan]
) -> Iterable[tuple[SubjectKind, str]]:
    """Name what other cases may be of: codes, members, the first few devices."""
    yield from ((SubjectKind.CODE, str(code)) for code in codes)
    yield from ((SubjectKind.MEMBER, str(number)) for number in members)
    devices = dict.fromkeys(scan.device for scan in scans if scan.device)
    for device in list(devices)[:_LOOKED_AT]:
        yield SubjectKind.DEVICE, device_key(device)


@dataclass(frozen=True, slots=True)
class _Known:
    """All that was read of some scans, by scan_id and member_no."""

    scans: Mapping[int, TracedScan]
    names: Mapping[int, str]
    holds: Mapping[int, HoldState]
    awards: Mapping[int, Sequence[Award]]
    replays: Mapping[int, Replay]
    goods: Mapping[int, RangeTerms]

    def show(self, scan_ids: Iterable[int]) -> tuple[ShownScan, ...]:
        """Show scans in the order asked for; those that are gone are left out."""
        return tuple([self._show(self.scans[i]) for i in scan_ids if i in self.scans])

    def _show(self, scan: TracedScan) -> ShownScan:
        awards = self.awards.get(scan.scan_id, ())
        replay = self.replays.get(scan.scan_id)
        decision = replay.decision if replay else None
        hold = self.holds.get(scan.scan_id)
        terms = self.goods.get(scan.code_id)
        return ShownScan(
            scan_id=str(scan.scan_id),
            at=utc_datetime(time_of_id(scan.scan_id)),
            code_id=str(scan.code_id),
            member_id=self.names.get(scan.member_no or 0),
            outcome=scan.outcome,
            score=replay.recorded.score if replay else 0,
            hold=None if hold is None else hold.resolution or "waiting",
            value=value_of(awards, frozenset(AwardState)),
            rewards=tuple(
                [
                    ShownReward(
                        kind=each.kind,
                        amount=each.amount,
                        name=each.name,
                        status=each.state,
                    )
                    for each in awards
                ]
            ),
            network=scan.network,
            device=device_key(scan.device) if scan.device else None,
            cell=f"{scan.cell:x}" if scan.cell else None,
            rule_set=decision.rule_set.version if decision else None,
            hits=show_hits(decision.hits, decision.rule_set) if decision else (),
            region=find_place(
                scan.context, scan.cell, decision.facts if decision else {}
            ),
            sale_regions=terms.binding.sale_regions if terms else (),
            batch_id=str(terms.batch_id) if terms else None,
        )

    def link(self, scan_ids: Iterable[int]) -> Iterable[Linked]:
        """Count what scans have in common, the most common of each kind first."""
        counts: dict[SubjectKind, Counter[str]] = {kind: Counter() for kind in _COMMON}
        for scan in self.show(scan_ids):
            for kind, value in (
                (SubjectKind.MEMBER, scan.member_id),
                (SubjectKind.DEVICE, scan.device),
                (SubjectKind.NETWORK, scan.network),
                (SubjectKind.CODE, scan.code_id),
            ):
                if value is not None:
                    counts[kind][value] += 1
        for kind, counted in counts.items():
            for value, count in counted.most_common(_LINKED):
                yield Linked(kind, value, count)


_COMMON: Final = (
    SubjectKind.MEMBER,
    SubjectKind.DEVICE,
    SubjectKind.NETWORK,
    SubjectKind.CODE,
)


async def _know(
    conn: AsyncConnection, scans: Mapping[int, TracedScan], timezone: ZoneInfo
) -> _Known:
    ids = list(scans)
    codes = list({scan.code_id for scan in scans.values()})
    numbers = {s.member_no for s in scans.values() if s.member_no is not None}
    return _Known(
        scans,
        await load_member_ids(conn, numbers),
        await load_hold_states(conn, ids),
        await load_awards(conn, ids),
        await replay_scans(conn, ids, timezone),
        find_terms(codes, await load_ranges_of_codes(conn, codes)),
    )


def find_terms(
    code_ids: Iterable[int], ranges: Iterable[TableRow]
) -> dict[int, RangeTerms]:
    """Tell by code_id what codes stand for; ranges overlap nowhere."""
    ordered = sorted(ranges, key=lambda row: row.first_code_id)
    firsts = [row.first_code_id for row in ordered]
    found = {}
    for code_id in code_ids:
        place = bisect_right(firsts, code_id) - 1
        if place >= 0 and code_id <= ordered[place].last_code_id:
            found[code_id] = ordered[place].terms
    return found


def find_place(
    context: Mapping[str, Any], cell: int | None, facts: Facts
) -> str | None:
    """Tell in which region a scan was made: as told, or by its phone, or its network.

    A phone's cell tells roughly, along a border perhaps the neighbour's.
    """
    told: str | None = context.get("region")
    if told is not None:
        return told
    division = None if cell is None else find_division_at(cell)
    if division is not None:
        return division.code
    of_network = facts.get("network_province")
    return of_network if isinstance(of_network, str) else None


def show_hits(hits: Iterable[Hit], rule_set: RuleSet) -> tuple[ShownHit, ...]:
    """Tell rules that hit in their own sentences, weightiest first."""
    rules = {rule.rule_id: rule for rule in rule_set.rules}
    ordered = sorted(hits, key=lambda hit: -hit.score)
    return tuple([_show_hit(hit, rules[hit.rule_id], rule_set) for hit in ordered])


def _show_hit(hit: Hit, rule: Rule, rule_set: RuleSet) -> ShownHit:
    facts = {known.name: known for known in rule_set.facts}
    return ShownHit(
        rule_id=hit.rule_id,
        score=hit.score,
        sentence=dict(rule.sentence),
        conditions=tuple(
            [
                ShownCondition(
                    fact=each.fact,
                    op=each.op,
                    threshold=each.value,
                    value=each.actual,
                    holds=each.holds,
                    unit=facts[each.fact].unit,
                    sentence={
                        language: say(language, facts[each.fact].sentence)
                        for language in (CHINESE, ENGLISH)
                    },
                )
                for each in hit.conditions
            ]
        ),
    )
