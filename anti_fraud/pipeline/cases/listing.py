"""Looking at cases: queues with filters and orders, one case with all that is known."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.case_scans import Evidence, ShownScan
from anti_fraud.domain.cases import Case, CaseState, Entry, Sort, Value, Verb
from anti_fraud.domain.messages import message
from anti_fraud.domain.verdict import CaseKind
from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.cases.working import refuse_brand
from anti_fraud.store.cases import listing as store
from anti_fraud.store.cases.listing import Place, Wanted
from anti_fraud.store.cases.undoing import load_newest_decisions, load_settled
from core.auth.principal import Staff
from core.bounds import read_id
from core.errors import InvalidInput, NotFound

MINE: Final = "me"
NOBODYS: Final = "none"
# Further than this nobody counts: "more than 10,000" says as much.
MOST_COUNTED: Final = 10_001
# How many scans of a case a page shows, and how many entries of its timeline.
SCANS_SHOWN: Final = 25
_ENTRIES_SHOWN: Final = 100
# How many other cases it shows, and how many of one code, member or device.
_OTHERS_SHOWN: Final = 15
_OTHERS_OF_EACH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which cases somebody asks for; without a state those that are not decided."""

    state: CaseState | None = None
    queue: str | None = None
    kind: CaseKind | None = None
    assignee: str | None = None
    is_awake: bool = False

    def wanted(self, staff: Staff, now: datetime) -> Wanted:
        """Say the same of cases: `me` is who asks, and `none` nobody."""
        named = {MINE: staff.person, NOBODYS: ""}
        assignee = self.assignee
        return Wanted(
            now=now,
            state=self.state,
            queue=self.queue,
            kind=self.kind,
            assignee=None if assignee is None else named.get(assignee, assignee),
            is_awake=self.is_awake,
        )


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with its timeline, newest first, and what is known of its scans.

    `before` leads to older scans of it, if there are any. `others` are the newest cases
    of the same codes, members and devices. `spent` is what is gone by now of what its
    newest decision posted; None where that posted nothing, or there is none.
    """

    case: Case
    entries: list[Entry]
    evidence: Evidence
    before: int | None
    others: list[Case]
    spent: Value | None = None

    @property
    def first_hit(self) -> ShownScan | None:
        """The shown scan that scored highest."""
        return max(self.evidence.scans, key=lambda scan: scan.score, default=None)


async def list_cases(
    conn: AsyncConnection,
    staff: Staff,
    filters: Filters,
    *,
    sort: Sort,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Case], str | None]:
    """List cases in an order, from a cursor on; gives the next cursor too.

    Raises InvalidInput for a cursor that is none of ours.
    """
    refuse_brand(staff)
    after = None if cursor is None else _read_place(cursor, sort)
    cases, end = await store.list_cases(
        conn, filters.wanted(staff, now), sort, after=after, limit=limit
    )
    return cases, None if end is None else _write_place(end)


async def find_cases(
    conn: AsyncConnection, staff: Staff, case_ids: Collection[int]
) -> dict[int, Case]:
    """Read cases by their numbers, as they stand; unknown ones are left out."""
    refuse_brand(staff)
    return await store.find_cases(conn, case_ids)


async def count_cases(
    conn: AsyncConnection, staff: Staff, filters: Filters, *, now: datetime
) -> int:
    """Count cases, no further than MOST_COUNTED."""
    refuse_brand(staff)
    wanted = filters.wanted(staff, now)
    return await store.count_cases(conn, wanted, most=MOST_COUNTED)


async def show_case(
    conn: AsyncConnection,
    staff: Staff,
    ports: CasePorts,
    case_id: int,
    *,
    before: int | None = None,
) -> CaseFile:
    """Show a case with all that is known; raises NotFound."""
    refuse_brand(staff)
    case = await store.find_case(conn, case_id)
    if case is None:
        raise NotFound(message("no_case"))
    scans = await store.load_scans(conn, case_id, before=before, limit=SCANS_SHOWN + 1)
    shown = [scan.scan_id for scan in scans[:SCANS_SHOWN]]
    evidence = await ports.show(conn, shown)
    subjects = {(case.subject_kind, case.subject), *evidence.subjects}
    return CaseFile(
        case,
        await store.load_entries(conn, case_id, limit=_ENTRIES_SHOWN),
        evidence,
        shown[-1] if len(scans) > SCANS_SHOWN else None,
        await store.find_of_subjects(
            conn,
            sorted(subjects),
            other_than=case_id,
            each=_OTHERS_OF_EACH,
            limit=_OTHERS_SHOWN,
        ),
        await _find_spent(conn, ports, case_id),
    )


async def _find_spent(
    conn: AsyncConnection, ports: CasePorts, case_id: int
) -> Value | None:
    decision = (await load_newest_decisions(conn, [case_id])).get(case_id)
    if decision is None or decision.detail["decision"] != Verb.APPROVE:
        return None
    settled = await load_settled(conn, [decision.entry_id])
    held = [s.scan_id for s in settled.get(decision.entry_id, ()) if s.held]
    return await ports.show_spent(conn, held) if held else None


def _write_place(place: Place) -> str:
    """Write where a page ends, as `by~case_id`; no sign means another in an address."""
    by = place.by
    if isinstance(by, datetime):
        by = by.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return f"{by}~{place.case_id}"


def _read_place(cursor: str, sort: Sort) -> Place:
    by, _, text = cursor.partition("~")
    number = read_id(text)
    place = _read_moment(by) if sort is Sort.DUE else read_id(by)
    if number is None or place is None:
        raise InvalidInput.field("/cursor", "invalid", message("no_case_there"))
    return Place(place, number)


def _read_moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
