"""What is kept of each scan besides its outcome: what it was judged by, and where.

Written with every scan, so fields have short names and what is usual takes no room: a
scan that no rule hits takes 13 bytes, the same MessagePack map as before facts were
kept, so that workers of that time can read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, Row, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.decision import Decision
from anti_fraud.domain.lists import Listed, ListName
from anti_fraud.domain.verdict import HeldBy
from core.conditions import Fact
from core.db import SHARD
from core.ids import time_of_id
from rewards.domain.active_campaigns import FIRST_VERSION
from scan_api.domain.scans import UNPLANNED, Outcome, PlannedOn, Scan
from scan_api.tables import scans


class KeptFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scan was judged by, how, and what its app said of it."""

    # The rule set's version and the facts in its order; empty where nobody judged.
    judged: Sequence[Fact] = msgspec.field(name="j", default=())
    score: int = 0
    # The rules that hit; with their values in scans of before facts were kept.
    hits: Sequence[str] | Mapping[str, Any] = ()
    # The rules that could not be asked.
    failed: Sequence[str] = msgspec.field(name="f", default=())
    # The list and the entry that decided beside the rules.
    listed: tuple[ListName, int] | None = msgspec.field(name="l", default=None)
    # What let it wait beside rules and lists.
    held_by: HeldBy | None = msgspec.field(name="b", default=None)
    context: Mapping[str, Any] = msgspec.field(default_factory=dict)
    # Campaigns and versions that a plan was made on, in turn, and the facts they asked
    # for; empty where one campaign's first version was, and asked for nothing.
    campaigns: Sequence[int] = msgspec.field(name="p", default=())
    asked: Sequence[Fact] = msgspec.field(name="a", default=())
    # How long after its own time it arrived, where its app told that.
    late_ms: int = msgspec.field(name="t", default=0)


_UNJUDGED: Final = KeptFacts()
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(KeptFacts).decode


def pack_facts(
    decision: Decision | None,
    context: Mapping[str, Any] | None,
    made_on: PlannedOn = UNPLANNED,
    late_ms: int = 0,
) -> bytes:
    """Keep what a scan was judged by and planned on, and its context, if anything."""
    if decision is None:
        if not context and not late_ms:
            return b""
        return _encode(KeptFacts(context=context or {}, late_ms=late_ms))
    listed = decision.listed
    return _encode(
        KeptFacts(
            (decision.rule_set.version, *decision.rule_set.in_order(decision.facts)),
            decision.score,
            tuple([hit.rule_id for hit in decision.hits]),
            decision.failed,
            (listed.list, listed.entry_id) if listed is not None else None,
            decision.held_by,
            context or {},
            *made_on,
            late_ms,
        )
    )


def late_ms_of(scan: Scan) -> int:
    """Tell how long after its own time a scan arrived; below 0 if before."""
    own_ms = scan.scanned_at_ms
    return 0 if own_ms is None else time_of_id(scan.scan_id) - own_ms


def unpack_facts(packed: bytes) -> KeptFacts:
    """Read what was kept of a scan, by this Crowncap or one before."""
    return _decode(packed) if packed else _UNJUDGED


def own_time(scan_id: int, packed: bytes) -> int:
    """Tell the time at which a scan was judged, in milliseconds since 1970."""
    return time_of_id(scan_id) - unpack_facts(packed).late_ms


@dataclass(frozen=True, slots=True)
class JudgedScan:
    """A scan as it was recorded: what it came to, by which rules and values."""

    scan_id: int
    outcome: Outcome
    # The version of the rules, which name the values.
    rule_set: int
    values: tuple[Fact, ...]
    score: int
    hits: tuple[str, ...]
    judged_at_ms: int
    failed: tuple[str, ...] = ()
    listed: Listed | None = None
    held_by: HeldBy | None = None


@dataclass(frozen=True, slots=True)
class PlannedScan:
    """A scan that a member made, as it was recorded with what its plan was made on."""

    scan_id: int
    code_id: int
    member_no: int
    outcome: Outcome
    # Numbers and versions of the campaigns that were asked, and what their conditions
    # asked for besides what the scan itself tells.
    versions: tuple[tuple[int, int], ...]
    values: tuple[Fact, ...]
    context: Mapping[str, Any]
    planned_at_ms: int


async def load_planned(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> list[PlannedScan]:
    """Read what members' scans were planned on.

    Nothing was kept of a plan of one campaign's first version: the scan names it.
    """
    s = scans.c
    found = await conn.execute(
        select(
            s.scan_id, s.code_id, s.member_no, s.outcome, s.campaign_no, s.facts
        ).where(
            s.shard == SHARD,
            s.scan_id == any_(bindparam("scan_ids", type_=ARRAY(BigInteger))),
            s.member_no.is_not(None),
        ),
        {"scan_ids": list(scan_ids)},
    )
    return [read_planned(row, unpack_facts(row.facts)) for row in found]


def read_planned(row: Row[*tuple[Any, ...]], kept: KeptFacts) -> PlannedScan:
    """Read what a member's scan was planned on."""
    numbers = iter(kept.campaigns)
    versions = tuple(zip(numbers, numbers, strict=True))
    if not versions and row.campaign_no is not None:
        versions = ((row.campaign_no, FIRST_VERSION),)
    return PlannedScan(
        *(row.scan_id, row.code_id, row.member_no, Outcome(row.outcome)),
        *(versions, tuple(kept.asked), kept.context),
        time_of_id(row.scan_id) - kept.late_ms,
    )


async def load_contexts(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, Mapping[str, Any]]:
    """Read what apps said of scans, by scan_id."""
    found = await conn.execute(
        select(scans.c.scan_id, scans.c.facts).where(
            scans.c.shard == SHARD,
            scans.c.scan_id == any_(bindparam("scan_ids", type_=ARRAY(BigInteger))),
        ),
        {"scan_ids": list(scan_ids)},
    )
    return {row.scan_id: unpack_facts(row.facts).context for row in found}


async def load_judged(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> list[JudgedScan]:
    """Read what scans were judged by; those that nobody judged are left out."""
    found = await conn.execute(
        select(scans.c.scan_id, scans.c.outcome, scans.c.facts).where(
            scans.c.shard == SHARD,
            scans.c.scan_id == any_(bindparam("scan_ids", type_=ARRAY(BigInteger))),
        ),
        {"scan_ids": list(scan_ids)},
    )
    judged = []
    for row in found:
        kept = unpack_facts(row.facts)
        if kept.judged:
            version, *values = kept.judged
            assert isinstance(version, int), "pack_facts writes the version first"
            outcome = Outcome(row.outcome)
            judged.append(
                JudgedScan(
                    *(row.scan_id, outcome, version, tuple(values)),
                    *(kept.score, tuple(kept.hits)),
                    time_of_id(row.scan_id) - kept.late_ms,
                    failed=tuple(kept.failed),
                    listed=kept.listed and Listed(*kept.listed),
                    held_by=kept.held_by,
                )
            )
    return judged
