"""One person asks to give or take points, another one posts it; written down each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput, NotFound
from core.fence import share_fence
from core.ids import time_of_id
from core.names import are_one
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.lots import Holding
from rewards.domain.messages import message
from rewards.domain.points.adjusting import Adjustment, AdjustmentState
from rewards.domain.transfers import HOUSE, Transfer, TransferKind
from rewards.pipeline.programme import refuse_brand
from rewards.store.lots import lock_lots
from rewards.store.members import find_member_no, load_member_ids
from rewards.store.points import adjusting as store
from rewards.store.programme import load_programme
from rewards.store.transfers import post_transfers


async def ask_adjustment(
    conn: AsyncConnection,
    member_id: str,
    *,
    adjustment_id: int,
    points: int,
    reason: str,
    staff: Staff,
    now: datetime,
) -> Adjustment:
    """Ask for points to be given, or taken below zero; raises a Fault."""
    refuse_brand(staff)
    if points == 0:
        raise InvalidInput.field("/points", "invalid", message("nothing_to_adjust"))
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        raise InvalidInput.field(
            "/member_id", "unknown_member", message("no_member", member_id=member_id)
        )
    new = Adjustment(
        *(adjustment_id, member_no, points, reason),
        *(AdjustmentState.WAITING, staff.person),
    )
    await store.insert_adjustment(conn, new)
    await _note(conn, "adjustment.ask", new, staff, now=now)
    return new


async def approve_adjustment(
    conn: AsyncConnection,
    adjustment_id: int,
    *,
    staff: Staff,
    today: date,
    now: datetime,
) -> Adjustment:
    """Post an adjustment as a second person; raises NotFound and Conflict.

    What is given is good as long as what is earned today; what is taken must be there.
    """
    refuse_brand(staff)
    await share_fence(conn)
    asked = await _lock_waiting(conn, adjustment_id, staff)
    if asked.points > 0:
        end = (await load_programme(conn)).expires_on(today)
        parts = [(end, asked.points)]
    else:
        parts = await _take(conn, asked, today)
    await post_transfers(
        conn, [_transfer(asked, place, *part) for place, part in enumerate(parts)]
    )
    await store.post_adjustment(conn, adjustment_id, person=staff.person, now=now)
    posted = replace(
        asked,
        state=AdjustmentState.POSTED,
        approved_by=staff.person,
        approved_at=now,
    )
    await _note(conn, "adjustment.approve", posted, staff, now=now)
    return posted


async def reject_adjustment(
    conn: AsyncConnection,
    adjustment_id: int,
    *,
    reason: str,
    staff: Staff,
    now: datetime,
) -> Adjustment:
    """Refuse an adjustment for good, as a second person; raises NotFound and Conflict.

    No points move.
    """
    refuse_brand(staff)
    asked = await _lock_waiting(conn, adjustment_id, staff)
    await store.reject_adjustment(
        conn, adjustment_id, person=staff.person, reason=reason, now=now
    )
    rejected = replace(
        asked,
        state=AdjustmentState.REJECTED,
        rejected_by=staff.person,
        rejected_at=now,
        rejection=reason,
    )
    await _note(conn, "adjustment.reject", rejected, staff, now=now)
    return rejected


async def _lock_waiting(
    conn: AsyncConnection, adjustment_id: int, staff: Staff
) -> Adjustment:
    """Lock an adjustment that waits for a second person, who this one is."""
    asked = await store.lock_adjustment(conn, adjustment_id)
    if asked is None:
        raise NotFound(message("no_adjustment"))
    if asked.state is AdjustmentState.POSTED:
        raise Conflict(message("adjustment_posted"), code="already_approved")
    if asked.state is AdjustmentState.REJECTED:
        raise Conflict(message("adjustment_rejected"), code="illegal_state")
    if are_one(asked.created_by, staff.person):
        raise Conflict(
            message("adjustment_takes_two", person=asked.created_by),
            code="second_person_needed",
        )
    return asked


@dataclass(frozen=True, slots=True)
class AskedAdjustment:
    """An adjustment that somebody asked for, and whose points it changes."""

    adjustment: Adjustment
    member_id: str

    @property
    def asked_at(self) -> datetime:
        """When it was asked for; its number tells."""
        return utc_datetime(time_of_id(self.adjustment.adjustment_id))

    def may_be_approved_by(self, staff: Staff) -> bool:
        """Tell whether somebody is a second person to it."""
        return not are_one(self.adjustment.created_by, staff.person)


async def list_waiting(
    conn: AsyncConnection,
    staff: Staff,
    *,
    member_no: int | None = None,
    before: int | None = None,
    limit: int,
) -> list[AskedAdjustment]:
    """List what waits for a second person, newest first, of one member or of all."""
    refuse_brand(staff)
    found = await store.load_waiting(
        conn, member_no=member_no, before=before, limit=limit
    )
    return await _name(conn, found)


async def list_rejected(
    conn: AsyncConnection, staff: Staff, *, limit: int
) -> list[AskedAdjustment]:
    """List what a second person refused, newest first."""
    refuse_brand(staff)
    return await _name(conn, await store.load_rejected(conn, limit=limit))


async def _name(
    conn: AsyncConnection, found: Sequence[Adjustment]
) -> list[AskedAdjustment]:
    names = await load_member_ids(conn, {each.member_no for each in found})
    return [AskedAdjustment(each, names[each.member_no]) for each in found]


async def _take(
    conn: AsyncConnection, asked: Adjustment, today: date
) -> list[tuple[date | None, int]]:
    locked = await lock_lots(conn, [asked.member_no], unit=POINTS_UNIT)
    holding = locked.get(asked.member_no, Holding())
    worth, amount = holding.worth(today), -asked.points
    if worth < amount:
        raise Conflict(
            message("not_enough_points", worth=worth, amount=amount),
            code="not_enough_points",
        )
    return holding.take(amount, today)


def _transfer(
    asked: Adjustment, place: int, expires_on: date | None, amount: int
) -> Transfer:
    gives = asked.points > 0
    return Transfer(
        asked.adjustment_id,
        asked.adjustment_id + place,
        TransferKind.ADJUSTMENT,
        HOUSE if gives else asked.member_no,
        asked.member_no if gives else HOUSE,
        POINTS_UNIT,
        amount,
        expires_on,
    )


async def _note(
    conn: AsyncConnection,
    action: str,
    adjustment: Adjustment,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    await record_action(
        conn,
        staff,
        action=action,
        subject=f"adjustment:{adjustment.adjustment_id}",
        detail={
            "member_no": str(adjustment.member_no),
            "points": adjustment.points,
            "reason": adjustment.reason,
        }
        | ({"rejection": adjustment.rejection} if adjustment.rejection else {}),
        now=now,
    )
