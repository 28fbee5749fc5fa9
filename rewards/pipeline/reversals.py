"""What a scan earned is taken back, at most once, by support and by a policy.

Each kind of reward has its own way back, in TAKE_BACK; what has none, or is used
already, is kept and named. What still waits for a review is voided as a whole. No room
is given back to limits for what was posted: it was paid.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.errors import Conflict, NotFound
from core.event_types import EventType, Happening
from core.fence import share_fence
from core.outbox import write_events
from rewards.domain.awards import Award, AwardState
from rewards.domain.coupons import CouponState
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.lots import Holding
from rewards.domain.messages import message
from rewards.domain.plans import RewardKind
from rewards.domain.points.spending import take_back
from rewards.domain.programme import Clawback
from rewards.domain.reversals import TakenBack
from rewards.domain.transfers import Transfer, TransferKind
from rewards.pipeline.programme import refuse_brand
from rewards.store.awards import load_awards
from rewards.store.coupons import issuing
from rewards.store.holds import resolve_holds
from rewards.store.lots import lock_lots
from rewards.store.points.spending import insert_reversal
from rewards.store.transfers import load_transfers, post_transfers


@dataclass(frozen=True, slots=True)
class Reversing:
    """A scan whose rewards are taken back: by which policy, on which business day."""

    scan_id: int
    policy: Clawback
    today: date
    next_id: Callable[[], int]
    transfers: Sequence[Transfer]
    done: TakenBack = field(default_factory=TakenBack)


async def reverse_scan(
    conn: AsyncConnection,
    scan_id: int,
    *,
    policy: Clawback,
    reason: str,
    staff: Staff,
    next_id: Callable[[], int],
    today: date,
    now: datetime,
) -> tuple[int, TakenBack]:
    """Take back what a scan earned; gives the reversal's number too.

    Raises NotFound for one that earned nothing, and Conflict for a second time.
    """
    refuse_brand(staff)
    await share_fence(conn)
    came = (await load_transfers(conn, [scan_id])).get(scan_id, [])
    awards = (await load_awards(conn, [scan_id])).get(scan_id, ())
    if not awards:
        raise NotFound(message("nothing_earned"))
    work = Reversing(scan_id, policy, today, next_id, came)
    waits = [each for each in awards if each.state is AwardState.PENDING]
    if waits:
        await _void_all(conn, work, waits, now=now)
    elif policy is Clawback.PENDING_ONLY:
        raise Conflict(message("nothing_waits"), code="illegal_state")
    for kind in RewardKind:
        posted = [
            each
            for each in awards
            if each.kind is kind and each.state is AwardState.POSTED
        ]
        if posted:
            await TAKE_BACK.get(kind, _keep)(conn, work, posted)
    reversal_id = next_id()
    await _note(conn, work, reversal_id, reason, staff, now=now)
    return reversal_id, work.done


async def _void_all(
    conn: AsyncConnection, work: Reversing, waits: Sequence[Award], *, now: datetime
) -> None:
    """Void what waits: all of a scan waits together."""
    member_no = next(e.credit for e in work.transfers if e.kind is TransferKind.PENDING)
    hold = Hold(work.scan_id, 0, member_no, 0, HoldReason.RULES)
    await resolve_holds(
        conn, [hold], next_id=work.next_id, resolution=Resolution.VOIDED, now=now
    )
    work.done.voided = len(waits)


async def _take_points(
    conn: AsyncConnection, work: Reversing, _posted: Sequence[Award]
) -> None:
    given = [
        each
        for each in work.transfers
        if each.unit == POINTS_UNIT
        and each.kind in {TransferKind.POSTED, TransferKind.POST}
    ]
    member_no = given[0].credit
    locked = await lock_lots(conn, [member_no], unit=POINTS_UNIT)
    holding = locked.get(member_no, Holding())
    back: list[Transfer] = []
    for award in given:
        first = max(work.next_id(), *(each.transfer_id + 1 for each in back), 0)
        back += take_back(award, holding, work.policy, work.today, first)
    await post_transfers(conn, back)
    work.done.points = sum(e.amount for e in back if e.kind is TransferKind.REVERSAL)
    work.done.debt = sum(e.amount for e in back if e.kind is TransferKind.DEBT)


async def _void_coupons(
    conn: AsyncConnection, work: Reversing, posted: Sequence[Award]
) -> None:
    """Void the coupons that are not used; a coupon's transfer has its number."""
    for award in sorted(posted, key=lambda each: each.transfer_id):
        coupon = await issuing.lock_coupon(conn, award.transfer_id)
        if coupon is not None and coupon.state is CouponState.ISSUED:
            await issuing.void_coupon(conn, award.transfer_id)
            work.done.coupons += 1
        else:
            work.done.kept.append(RewardKind.COUPON)


async def _keep(
    conn: AsyncConnection, work: Reversing, posted: Sequence[Award]
) -> None:
    del conn
    work.done.kept += [award.kind for award in posted]


TakeBack = Callable[[AsyncConnection, Reversing, Sequence[Award]], Awaitable[None]]
# How each kind of posted reward is taken back; what is not here is kept. Balances are
# locked first, then coupons.
TAKE_BACK: Final[Mapping[RewardKind, TakeBack]] = {
    RewardKind.POINTS: _take_points,
    RewardKind.COUPON: _void_coupons,
}


async def _note(
    conn: AsyncConnection,
    work: Reversing,
    reversal_id: int,
    reason: str,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    """Write down what was taken back, once: a second time does nothing at all."""
    done = work.done
    first = await insert_reversal(
        conn,
        work.scan_id,
        reversal_id=reversal_id,
        points=done.points,
        debt=done.debt,
        policy=work.policy.value,
        person=staff.person,
        reason=reason,
    )
    if not first:
        raise Conflict(message("scan_reversed"), code="already_reversed")
    figures = {
        "points": done.points,
        "debt": done.debt,
        "coupons_voided": done.coupons,
        "voided": done.voided,
    }
    await record_action(
        conn,
        staff,
        action="scan.reverse",
        subject=f"scan:{work.scan_id}",
        detail=figures | {"policy": work.policy.value, "reason": reason},
        now=now,
    )
    told = {"scan_id": str(work.scan_id)} | figures
    await write_events(conn, [Happening(EventType.SCAN_REVERSED, told)])
