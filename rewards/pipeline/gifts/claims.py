"""Members claim gifts, and staff send them or hand them over: an event a step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import read_id
from core.clock import to_ms
from core.errors import Conflict, NotFound
from core.event_types import EventType, Happening
from core.ids import TimeIds
from core.messages import Message
from core.outbox import write_events
from rewards.domain.gifts import (
    GIFT_STEPS,
    Gift,
    GiftOutcome,
    GiftState,
    GiftStep,
    MemberGift,
    Parcel,
)
from rewards.domain.messages import message
from rewards.pipeline.addresses import Addresses
from rewards.pipeline.gifts.catalogue import evidence_of
from rewards.store.gifts import catalogue
from rewards.store.gifts import claims as store
from rewards.store.gifts.claims import GiftClaim
from rewards.store.members import ensure_members

# Gifts that wait are counted up to so many.
MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class GiftClaiming:
    """Lets members claim gifts: what a scan won, and what is there for all of them."""

    ids: TimeIds
    addresses: Addresses
    timezone: ZoneInfo

    async def claim(
        self,
        conn: AsyncConnection,
        gift_id: str,
        member_id: str,
        *,
        address: str | None,
        now: datetime,
    ) -> MemberGift:
        """Claim a gift by its id, or one that was won by its number.

        It is sent where there is an address, else collected. Raises NotFound and
        Conflict.
        """
        gift = await catalogue.find_gift(conn, gift_id)
        if gift is None:
            claimed = await self._claim_won(
                conn, gift_id, member_id, address=address, now=now
            )
        else:
            claimed = await self._claim_directly(
                conn, gift, member_id, address=address, now=now
            )
        await _tell(conn, claimed, claimed.state)
        return claimed

    async def _claim_directly(
        self,
        conn: AsyncConnection,
        gift: Gift,
        member_id: str,
        *,
        address: str | None,
        now: datetime,
    ) -> MemberGift:
        transfer_id = self.ids.next_id(to_ms(now))
        new_no = self.ids.next_id(to_ms(now))
        members = await ensure_members(conn, {member_id: new_no})
        member_no = members[member_id]
        if not gift.is_for(evidence_of(member_no, now.astimezone(self.timezone))):
            outcome = GiftOutcome.NOT_ENTITLED
            raise Conflict(_REFUSALS[outcome], code=outcome.value)
        closed = self.addresses.close(address, transfer_id)
        asked = GiftClaim(transfer_id, member_no, gift, closed)
        [full] = await store.claim_gifts(conn, [asked], now=now)
        outcome = gift.outcome(full)
        if outcome is not GiftOutcome.CLAIMED:
            raise Conflict(_REFUSALS[outcome], code=outcome.value)
        claimed = await store.lock_gift(conn, transfer_id)
        assert claimed is not None, "it was given just now"
        return claimed

    async def _claim_won(
        self,
        conn: AsyncConnection,
        gift_id: str,
        member_id: str,
        *,
        address: str | None,
        now: datetime,
    ) -> MemberGift:
        number = read_id(gift_id)
        won = None if number is None else await store.lock_gift(conn, number)
        if won is None or won.member_id != member_id or won.gift_id is not None:
            raise NotFound(message("no_gift", gift_id=gift_id))
        if won.state is GiftState.HELD:
            raise Conflict(message("gift_is_held"), code="illegal_state")
        step = GiftStep.CLAIM_TO_COLLECT if address is None else GiftStep.CLAIM_TO_SEND
        if won.state not in GIFT_STEPS[step][0]:
            outcome = GiftOutcome.ALREADY_CLAIMED
            raise Conflict(_REFUSALS[outcome], code=outcome.value)
        closed = self.addresses.close(address, won.transfer_id)
        return await _take(conn, won, step, address=closed, now=now)


async def list_own_gifts(
    conn: AsyncConnection, member_id: str, *, before: int | None, limit: int
) -> Sequence[MemberGift]:
    """List a member's gifts, newest first."""
    return await store.list_of_member(conn, member_id, before=before, limit=limit)


async def find_own_gifts(
    conn: AsyncConnection, member_id: str, transfer_ids: Sequence[int]
) -> dict[int, MemberGift]:
    """Find gifts by their numbers; what is not this member's is left out."""
    found = await store.load_gifts(conn, member_id, transfer_ids)
    return {each.transfer_id: each for each in found}


async def list_gifts_in(
    conn: AsyncConnection,
    state: GiftState,
    staff: Staff,
    *,
    before: int | None,
    limit: int,
) -> Sequence[MemberGift]:
    """List the gifts in a state that somebody may see, newest first."""
    return await store.list_in_state(
        conn, state, brand=staff.brand, before=before, limit=limit
    )


async def count_waiting_gifts(
    conn: AsyncConnection, staff: Staff
) -> Mapping[GiftState, int]:
    """Count what staff has still to do something about, up to MOST_COUNTED of each."""
    return await store.count_waiting(conn, brand=staff.brand, most=MOST_COUNTED)


async def ship_gift(
    conn: AsyncConnection,
    transfer_id: int,
    parcel: Parcel,
    staff: Staff,
    *,
    now: datetime,
) -> MemberGift:
    """Note that a gift was sent; raises NotFound and Conflict."""
    gift = await _lock(conn, transfer_id, GiftStep.SHIP, staff)
    shipped = await _take(conn, gift, GiftStep.SHIP, parcel=parcel, now=now)
    detail = {"carrier": parcel.carrier, "tracking_no": parcel.tracking_no}
    await _note(conn, shipped, staff, detail, now=now)
    return shipped


async def hand_gift_over(
    conn: AsyncConnection, transfer_id: int, staff: Staff, *, now: datetime
) -> MemberGift:
    """Note that a member was given a gift; raises NotFound and Conflict."""
    gift = await _lock(conn, transfer_id, GiftStep.HAND_OVER, staff)
    handed = await _take(conn, gift, GiftStep.HAND_OVER, now=now)
    await _note(conn, handed, staff, {"store": staff.store}, now=now)
    return handed


async def take_gift_back(
    conn: AsyncConnection, transfer_id: int, *, now: datetime
) -> GiftState:
    """Make a gift void that nobody has in hand yet; tells how it stood before."""
    gift = await store.lock_gift(conn, transfer_id)
    assert gift is not None, "a scan won it"
    if gift.state in GIFT_STEPS[GiftStep.TAKE_BACK][0]:
        taken = await _take(conn, gift, GiftStep.TAKE_BACK, now=now)
        await _tell(conn, taken, taken.state)
    return gift.state


async def _lock(
    conn: AsyncConnection, transfer_id: int, step: GiftStep, staff: Staff
) -> MemberGift:
    gift = await store.lock_gift(conn, transfer_id)
    if gift is None or not gift.is_seen_by(staff.brand):
        raise NotFound(message("no_gift", gift_id=str(transfer_id)))
    if gift.state not in GIFT_STEPS[step][0]:
        told = message("gift_is", state=tell_gift_state(gift.state))
        raise Conflict(told, code="illegal_state")
    return gift


async def _take(
    conn: AsyncConnection,
    gift: MemberGift,
    step: GiftStep,
    *,
    address: bytes | None = None,
    parcel: Parcel | None = None,
    now: datetime,
) -> MemberGift:
    await store.take_step(conn, gift, step, address=address, parcel=parcel, now=now)
    taken = await store.lock_gift(conn, gift.transfer_id)
    assert taken is not None, "it is locked"
    return taken


async def _note(
    conn: AsyncConnection,
    gift: MemberGift,
    staff: Staff,
    detail: Mapping[str, str | None],
    *,
    now: datetime,
) -> None:
    """Write down who did it, and let others know."""
    await record_action(
        conn,
        staff,
        action=f"gift.{gift.state.value}",
        subject=f"member_gift:{gift.transfer_id}",
        detail={name: told for name, told in detail.items() if told is not None},
        now=now,
    )
    await _tell(conn, gift, gift.state)


async def _tell(conn: AsyncConnection, gift: MemberGift, state: GiftState) -> None:
    """Tell what became of a gift, and never where it is sent."""
    data = {
        "award_id": str(gift.transfer_id),
        "member_id": gift.member_id,
        "gift_id": gift.gift_id or str(gift.transfer_id),
        "name": gift.name,
        "state": state.value,
    }
    await write_events(conn, [Happening(EventType.GIFT_CHANGED, data)])


def tell_gift_state(state: GiftState) -> Message:
    """Say how far a gift has come, to its member as to staff."""
    return _STATES[state]


_STATES: Final = {
    GiftState.HELD: message("gift_held"),
    GiftState.WON: message("gift_won"),
    GiftState.TO_COLLECT: message("gift_to_collect"),
    GiftState.TO_SEND: message("gift_to_send"),
    GiftState.SHIPPED: message("gift_shipped"),
    GiftState.HANDED_OVER: message("gift_handed_over"),
    GiftState.VOID: message("gift_void"),
}
_REFUSALS: Final = {
    GiftOutcome.OUT_OF_STOCK: message("gifts_gone"),
    GiftOutcome.ALREADY_CLAIMED: message("gift_already_claimed"),
    GiftOutcome.NOT_ENTITLED: message("not_entitled"),
}
