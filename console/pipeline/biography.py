"""The life of one cap, from every feature that met it, in the order of time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batch import Batch
from codegen.domain.ranges import Standing
from codegen.store import find_standing
from core.clock import utc_datetime
from core.ids import time_of_id
from printer_export.pipeline.stories import PackagedIn, Story, tell_story
from scan_api.store import Claim, count_sightings, load_claim


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a cap; `kind` says what, `facts` what more."""

    at: datetime
    kind: str
    person: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Biography:
    """A cap's life; scans that claimed nothing are counted, not dated."""

    batch: Batch
    index: int
    standing: Standing
    claim: Claim | None
    sightings: int
    events: tuple[Event, ...]


async def write_biography(conn: AsyncConnection, batch: Batch, index: int) -> Biography:
    """Put a cap's life together; raises NotFound for an index out of the batch."""
    story = await tell_story(conn, batch, index)
    code_id = batch.first_code_id + index
    standing = await find_standing(conn, code_id)
    claim = await load_claim(conn, code_id)
    events = [
        Event(batch.issued_at, "issued", batch.issued_by),
        *(event for package in story.packages for event in _of_package(package)),
        *_of_reports(story),
        *_of_cartons(story),
        *_of_standing(standing),
        *_of_claim(claim),
    ]
    return Biography(
        batch,
        index,
        standing,
        claim,
        await count_sightings(conn, code_id),
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


def _of_reports(story: Story) -> Iterator[Event]:
    for said in story.reports:
        facts = {name: said[name] for name in ("report_id", "reason", "grade")}
        yield Event(said["at"], said["status"], said["person"], facts)


def _of_cartons(story: Story) -> Iterator[Event]:
    for carton in story.cartons:
        for each in carton.events:
            facts = {"sscc": carton.sscc, "where": each.moment.biz_location}
            moment = each.moment
            yield Event(moment.happened_at, each.kind.value, moment.person, facts)


def _of_standing(standing: Standing) -> Iterator[Event]:
    if standing.kind != "issue":
        facts = {"reason": standing.reason, "effective_at": standing.effective_at}
        yield Event(standing.at, standing.kind, standing.person, facts)


def _of_claim(claim: Claim | None) -> Iterator[Event]:
    if claim is None:
        return
    at = utc_datetime(time_of_id(claim.scan_id))
    facts = {"member_id": claim.member_id, "points": claim.points}
    yield Event(at, claim.outcome, None, facts)
    if claim.resolved_at is not None:
        kind = f"hold_{claim.resolution}"
        yield Event(claim.resolved_at, kind, None, {"points": claim.points})
