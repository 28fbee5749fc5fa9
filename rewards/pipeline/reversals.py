"""What a scan earned is taken back, at most once, by support and by a policy.

Each kind of reward has its own way back (decision 27); what cannot be taken back any
more is kept, and told why. What still waits for a review is voided as a whole. Limits
are given back what is gone, in the periods that it was taken from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import business_day, to_ms
from core.errors import Conflict, NotFound
from core.fence import share_fence
from core.ids import time_of_id
from core.outbox import write_happened
from rewards.domain.awards import Award, AwardState
from rewards.domain.coupons import CouponState
from rewards.domain.gifts import GIFT_STEPS, GiftStep
from rewards.domain.holds import Hold, HoldReason, Resolution
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.limits import EVERYBODY, number_region
from rewards.domain.lots import Holding
from rewards.domain.messages import message
from rewards.domain.payouts import REVERSED as BY_REVERSAL
from rewards.domain.payouts import PayoutState
from rewards.domain.plans import RewardKind
from rewards.domain.points.spending import take_back
from rewards.domain.programme import Clawback
from rewards.domain.reversals import (
    AwardBack,
    Fate,
    Note,
    Reversal,
    TakenBack,
    Use,
    kept,
    part,
    plan_room,
    whole,
)
from rewards.domain.transfers import Transfer, TransferKind
from rewards.pipeline.gifts.claims import take_gift_back
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.programme import refuse_brand
from rewards.pipeline.rebuilding import FindRegions
from rewards.store import reversals as store
from rewards.store.awards import load_awards
from rewards.store.cards import reopen_sets
from rewards.store.coupons import issuing
from rewards.store.draws.tickets import void_tickets
from rewards.store.holds import resolve_holds
from rewards.store.lots import lock_lots
from rewards.store.payouts import sending as payouts
from rewards.store.payouts.sending import end_payouts
from rewards.store.transfers import load_transfers, post_transfers


@dataclass(slots=True)
class Reversing:
    """A scan whose rewards are taken back, and what has become of them so far.

    `paid` are the transfers that paid them, by number; each is the reward's own.
    """

    conn: AsyncConnection
    scan_id: int
    policy: Clawback
    ends: PayoutEnds
    # Whose rows of limits of regions it took from (number_region).
    region: int
    now: datetime
    awards: Sequence[Award]
    paid: dict[int, Transfer]
    backs: dict[int, AwardBack] = field(default_factory=dict)

    @property
    def day(self) -> date:
        """The business day of the scan."""
        return business_day(time_of_id(self.scan_id), self.ends.timezone)

    @property
    def member_no(self) -> int:
        """Whose rewards they are: one scan is one member's."""
        return self.paid[self.awards[0].transfer_id].credit

    def next_id(self) -> int:
        """Give a number for a transfer."""
        return self.ends.ids.next_id(self.ends.clock.now_ms())

    def of(self, kind: RewardKind) -> list[Award]:
        """Give the posted rewards of a kind, in the order of their numbers."""
        found = [
            each
            for each in self.awards
            if each.kind is kind and each.state is AwardState.POSTED
        ]
        return sorted(found, key=lambda each: each.transfer_id)

    def note(self, back: AwardBack) -> None:
        """Note what became of a reward."""
        self.backs[back.award.transfer_id] = back

    def reversal_of(self, award: Award) -> Transfer:
        """Give the transfer that takes all of a reward back."""
        paid = self.paid[award.transfer_id]
        return Transfer(
            *(self.scan_id, self.next_id(), TransferKind.REVERSAL),
            *(paid.credit, paid.debit, paid.unit, paid.amount),
            expires_on=paid.expires_on,
        )


async def reverse_scan(
    conn: AsyncConnection,
    scan_id: int,
    *,
    policy: Clawback,
    reason: str,
    staff: Staff,
    ends: PayoutEnds,
    find_regions: FindRegions,
    now: datetime,
) -> tuple[int, TakenBack]:
    """Take back what a scan earned; gives the reversal's number too.

    Raises NotFound for one that earned nothing, and Conflict for a second time.
    """
    refuse_brand(staff)
    await share_fence(conn)
    if await store.is_reversed(conn, scan_id):
        raise _reversed()
    # Whoever resolves its hold meanwhile comes before or after all of this.
    await store.lock_hold(conn, scan_id)
    awards = (await load_awards(conn, [scan_id])).get(scan_id, ())
    if all(each.state is AwardState.VOIDED for each in awards):
        raise NotFound(message("nothing_earned"))
    came = (await load_transfers(conn, [scan_id]))[scan_id]
    paid = {each.transfer_id: each for each in came}
    region = number_region((await find_regions(conn, [scan_id])).get(scan_id))
    work = Reversing(conn, scan_id, policy, ends, region, now, awards, paid)
    room: dict[Use, int] = {}
    if any(each.state is AwardState.PENDING for each in awards):
        await _void_all(work)
    elif policy is Clawback.PENDING_ONLY:
        raise Conflict(message("nothing_waits"), code="illegal_state")
    else:
        room = await _take_back(work)
    done = TakenBack([work.backs[each.transfer_id] for each in awards])
    reversal_id = work.next_id()
    await _write_down(work, done, reversal_id, room, reason=reason, staff=staff)
    return reversal_id, done


async def _void_all(work: Reversing) -> None:
    """Void what waits: all of a scan waits together, and its hold is locked."""
    hold = Hold(work.scan_id, 0, work.member_no, 0, HoldReason.RULES)
    await resolve_holds(
        work.conn,
        [hold],
        next_id=work.next_id,
        resolution=Resolution.VOIDED,
        now=work.now,
    )
    for award in work.awards:
        work.note(AwardBack(award, Fate.VOIDED))


async def _take_back(work: Reversing) -> dict[Use, int]:
    """Take back what was posted; gives the room that limits get back.

    Locks what it needs in the order in which scans do, each step all of a kind.
    """
    # A hold may have been posted without the tickets that came too late.
    for award in work.awards:
        if award.state is AwardState.VOIDED:
            work.note(AwardBack(award, Fate.VOIDED))
    # 1. Red packets, as who ends one locks it first.
    packets = [each.transfer_id for each in work.of(RewardKind.RED_PACKET)]
    states = await payouts.lock_payouts(work.conn, packets)
    # 2. What members took of limits.
    takes = await store.load_takes(
        work.conn,
        work.scan_id,
        member_no=work.member_no,
        coupons=[each.transfer_id for each in work.of(RewardKind.COUPON)],
        region=work.region,
        day=work.day,
    )
    uses = {each.use for each in takes}
    uses |= await store.load_payout_uses(work.conn, packets, day=work.day)
    of_member = {each for each in uses if each.holder > EVERYBODY}
    used = await store.lock_uses(work.conn, of_member)
    # 3. Balances, one unit after the other.
    await _take_points(work)
    await _take_cards(work)
    # 4. What is one by one.
    await _void_coupons(work)
    await _void_gifts(work)
    # 5. What everybody took of limits.
    used |= await store.lock_uses(work.conn, uses - of_member)
    # 6. Sets of cards, and at last the counters of draws.
    await _reopen_sets(work)
    await _void_tickets(work)
    # 7. Every row is locked by now; write down what was decided.
    await _end_packets(work, {number: due.state for number, due in states.items()})
    backs = [work.backs[each.transfer_id] for each in work.awards]
    one_by_one = [
        work.reversal_of(back.award)
        for back in backs
        if back.award.kind in _ONE_BY_ONE and back.fate is Fate.TAKEN_BACK
    ]
    await post_transfers(work.conn, one_by_one)
    room = plan_room(backs, takes, used)
    await store.give_room(work.conn, room)
    return room


# What has no balance, and whose transfer back is written here.
_ONE_BY_ONE: Final = frozenset({RewardKind.COUPON, RewardKind.GIFT, RewardKind.TICKET})


async def _take_points(work: Reversing) -> None:
    awards = work.of(RewardKind.POINTS)
    if not awards:
        return
    locked = await lock_lots(work.conn, [work.member_no], unit=POINTS_UNIT)
    holding = locked.get(work.member_no, Holding())
    today = business_day(to_ms(work.now), work.ends.timezone)
    back: list[Transfer] = []
    for award in awards:
        # What one takes of several lots has ids in a row.
        first = max(work.next_id(), *(each.transfer_id + 1 for each in back), 0)
        paid = work.paid[award.transfer_id]
        parts = take_back(paid, holding, work.policy, today, first)
        back += parts
        of = {TransferKind.REVERSAL: 0, TransferKind.DEBT: 0}
        for each in parts:
            of[each.kind] += each.amount
        work.note(part(award, of[TransferKind.REVERSAL], of[TransferKind.DEBT]))
    await post_transfers(work.conn, back)


async def _take_cards(work: Reversing) -> None:
    """Take cards that are there; each card is a unit with a balance."""
    cards = [(work.paid[each.transfer_id], each) for each in work.of(RewardKind.CARD)]
    for paid, award in sorted(cards, key=lambda each: each[0].unit):
        locked = await lock_lots(work.conn, [work.member_no], unit=paid.unit)
        there = sum(lot.available for lot in locked.get(paid.credit, Holding()).lots)
        if there < award.amount:
            work.note(kept(award, Note.SPENT))
            continue
        await post_transfers(work.conn, [work.reversal_of(award)])
        work.note(whole(award))


async def _reopen_sets(work: Reversing) -> None:
    """Tell of cards what losing them did to a set that was complete."""
    awards = [a for a in work.of(RewardKind.CARD) if work.backs[a.transfer_id].is_gone]
    units = {each.transfer_id: work.paid[each.transfer_id].unit for each in awards}
    again, paid = await reopen_sets(work.conn, work.member_no, set(units.values()))
    for award in awards:
        unit = units[award.transfer_id]
        if unit in again:
            work.note(whole(award, Note.SET_REOPENED))
        elif unit in paid:
            work.note(whole(award, Note.SET_PAID))


async def _void_coupons(work: Reversing) -> None:
    """Void the coupons that are not used; a coupon's transfer has its number."""
    for award in work.of(RewardKind.COUPON):
        coupon = await issuing.lock_coupon(work.conn, award.transfer_id)
        assert coupon is not None, "a scan gave it"
        if coupon.state is CouponState.ISSUED:
            await issuing.void_coupon(work.conn, award.transfer_id)
            work.note(whole(award))
        else:
            work.note(kept(award, Note(coupon.state.value)))


async def _void_gifts(work: Reversing) -> None:
    """Void the gifts that nobody has in hand and that are not on their way."""
    for award in work.of(RewardKind.GIFT):
        was = await take_gift_back(work.conn, award.transfer_id, now=work.now)
        is_there = was in GIFT_STEPS[GiftStep.TAKE_BACK][0]
        work.note(whole(award) if is_there else kept(award, Note(was.value)))


async def _void_tickets(work: Reversing) -> None:
    """Let tickets take no part, unless their draw has begun."""
    awards = work.of(RewardKind.TICKET)
    if not awards:
        return
    void = await void_tickets(work.conn, work.member_no, origin_id=work.scan_id)
    for award in awards:
        gone = award.transfer_id in void
        work.note(whole(award) if gone else kept(award, Note.DRAWN))


async def _end_packets(work: Reversing, states: Mapping[int, PayoutState]) -> None:
    """Cancel the red packets that nobody has sent; a provider ends what it has."""
    cancelled = PayoutState.CANCELLED
    endings = []
    for award in work.of(RewardKind.RED_PACKET):
        number, state = award.transfer_id, states[award.transfer_id]
        if state is PayoutState.WAITING:
            end = work.ends.ending(number, work.scan_id, cancelled, BY_REVERSAL)
            endings.append(end)
            work.note(whole(award))
        else:
            work.note(kept(award, Note(state.value)))
    await end_payouts(work.conn, endings)


async def _write_down(
    work: Reversing,
    done: TakenBack,
    reversal_id: int,
    room: Mapping[Use, int],
    *,
    reason: str,
    staff: Staff,
) -> None:
    """Write down what was taken back, once: a second time does nothing at all."""
    told = done.tell()
    first = await store.insert_reversal(
        work.conn,
        work.scan_id,
        reversal_id=reversal_id,
        points=done.points,
        debt=done.debt,
        policy=work.policy.value,
        person=staff.person,
        reason=reason,
        room=room,
        told=told,
    )
    if not first:
        raise _reversed()
    await record_action(
        work.conn,
        staff,
        action="scan.reverse",
        subject=f"scan:{work.scan_id}",
        detail=told | {"policy": work.policy.value, "reason": reason},
        now=work.now,
    )
    await write_happened(work.conn, store.REVERSED, [work.scan_id])


def _reversed() -> Conflict:
    return Conflict(message("scan_reversed"), code="already_reversed")


async def find_reversal(
    conn: AsyncConnection, scan_id: int, staff: Staff
) -> Reversal | None:
    """Tell how what a scan earned was taken back, to who may take it back."""
    refuse_brand(staff)
    return await store.find_reversal(conn, scan_id)
