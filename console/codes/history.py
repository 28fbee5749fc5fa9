"""The history of one cap, from every feature that met it, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from codegen.domain.ranges import CodeState, StateChange
from codegen.pipeline import load_state_history
from console.frame.messages import message
from core.clock import utc_datetime
from core.ids import time_of_id
from printer_export.domain.aggregation.units import EventKind
from printer_export.pipeline.aggregation import shipments
from printer_export.pipeline.history import (
    PackagedIn,
    ProductionHistory,
    load_production_history,
)
from printer_export.pipeline.packages import samples
from printer_export.pipeline.reports import effects
from scan_api.domain.claims import Claim
from scan_api.pipeline.claims import load_scan_history

# The way of a cap that all goes well with, by the events that take it a stage on.
_STAGES: Final = {
    "issued": {"issued"},
    "packaged": {"packaged"},
    "printed": {"printed"},
    "packed": {"packing", "palletising"},
    "shipped": {"shipping"},
    "activated": {"activate"},
    "scanned": {"rewarded", "held", "no_reward"},
    "paid": {"rewarded", "hold_posted"},
}
_ENDS: Final = {"void", "recall"}
# What is kept as a reason where nobody was asked for one.
_REASONS: Final = {
    effects.REASON: message("by_line_report"),
    shipments.REASON: message("by_shipment"),
    samples.REASON: message("as_samples"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a cap; `kind` says what, `facts` what more."""

    at: datetime
    kind: str
    person: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CodeHistory:
    """A cap's history; scans that claimed nothing are counted, not dated."""

    batch: Batch
    index: int
    code_state: CodeState
    claim: Claim | None
    sightings: int
    events: tuple[Event, ...]

    @property
    def ended(self) -> Event | None:
        """Give what ended the cap, if anything did."""
        ends = [e for e in self.events if e.kind in _ENDS]
        return ends[-1] if ends else None

    @property
    def stages(self) -> list[tuple[str, datetime | None]]:
        """Name the stages of a cap's way, each with when it first got there."""
        return [
            (name, next((e.at for e in self.events if e.kind in kinds), None))
            for name, kinds in _STAGES.items()
        ]


async def load_code_history(
    conn: AsyncConnection, batch: Batch, index: int
) -> CodeHistory:
    """Put a cap's history together; raises NotFound for an index out of the batch."""
    history = await load_production_history(conn, batch, index)
    code_id = batch.first_code_id + index
    states = await load_state_history(conn, batch, code_id)
    scans = await load_scan_history(conn, code_id)
    events = [
        Event(batch.issued_at, "issued", batch.issued_by),
        *(event for package in history.packages for event in _of_package(package)),
        *_of_reports(history),
        *_of_cartons(history),
        *map(_of_change, states.changes),
        *(event for claim in scans.released for event in _of_released(claim)),
        *_of_claim(scans.claim),
    ]
    return CodeHistory(
        batch,
        index,
        states.code_state,
        scans.claim,
        scans.sightings,
        tuple(sorted(events, key=lambda event: event.at)),
    )


def _of_package(package: PackagedIn) -> Iterator[Event]:
    where = {"package_id": package.package_id}
    for_whom = where | {"printhouse": package.printhouse}
    yield Event(package.ordered_at, "packaged", package.ordered_by, for_whom)
    if package.approved_at is not None:
        yield Event(package.approved_at, "approved", package.approved_by, where)
    for download in package.downloads:
        facts = where | {"address": download.address}
        yield Event(download.at, "downloaded", download.person, facts)
    if package.cancelled_at is not None:
        yield Event(package.cancelled_at, "cancelled", package.cancelled_by, where)


def _of_reports(history: ProductionHistory) -> Iterator[Event]:
    for said in history.reports:
        facts = {name: getattr(said, name) for name in ("report_id", "reason", "grade")}
        yield Event(said.at, said.status, said.person, facts)


def _of_cartons(history: ProductionHistory) -> Iterator[Event]:
    for carton in history.cartons:
        for each in carton.events:
            moment, (unit,) = each.moment, each.units
            kind = each.kind.value
            if each.kind is EventKind.PACKING and unit.pallet_sscc is not None:
                kind = "palletising"
            facts = {
                "carton": unit.sscc,
                "pallet": unit.pallet_sscc,
                "place": moment.biz_location,
            }
            yield Event(moment.happened_at, kind, moment.person, facts)


def _of_change(change: StateChange) -> Event:
    reason = _REASONS.get(change.reason, change.reason)
    return Event(change.at, change.kind, change.person, {"reason": reason})


def _of_released(claim: Claim) -> Iterator[Event]:
    yield from _of_claim(claim)
    if claim.resolved_at is not None:
        yield Event(claim.resolved_at, "claim_released")


def _of_claim(claim: Claim | None) -> Iterator[Event]:
    if claim is None:
        return
    at = utc_datetime(time_of_id(claim.scan_id))
    facts = {"member_id": claim.member_id, "points": claim.points}
    yield Event(at, claim.outcome, None, facts)
    if claim.resolved_at is not None:
        kind = f"hold_{claim.resolution}"
        yield Event(claim.resolved_at, kind, None, {"points": claim.points})
