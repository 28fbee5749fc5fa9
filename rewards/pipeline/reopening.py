"""Holds that have ended wait again: what was posted is taken back, what was void waits.

As long as nothing of it was spent, used or sent, and its limits have room; all of a
wish or nothing. A hold waits again once: how it ends then stays. Nothing of the ledger
is rewritten: `unpost` and `unvoid` are transfers of their own.
"""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.outbox import write_happened
from rewards.domain.plans import RewardKind
from rewards.domain.reopening import (
    EndedHold,
    EndedReward,
    Refusal,
    ReopenWish,
    Spent,
    find_spent,
    take_room,
)
from rewards.domain.reversals import Use
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store import reopening as store
from rewards.store.cards import reopen_sets
from rewards.store.hold_events import REOPENED
from rewards.store.transfers import post_transfers


async def reopen_holds(
    conn: AsyncConnection,
    wishes: Sequence[ReopenWish],
    *,
    next_id: Callable[[], int],
) -> dict[int, Refusal | list[int]]:
    """Let holds wait again that ended as wishes say; the caller shares the fence.

    Tells by key why not, or which scans wait again: what ended at another time, as by a
    reversal, stays so. `next_id` gives numbers for transfers.
    """
    ids = {scan_id for wish in wishes for scan_id in wish.scan_ids}
    ended, room = await store.lock_ended(conn, ids)
    by_scan = {each.scan_id: each for each in ended}
    told: dict[int, Refusal | list[int]] = {}
    again: list[EndedHold] = []
    used = dict(room.used)
    for wish in wishes:
        found = [by_scan[i] for i in wish.scan_ids if i in by_scan]
        some = [each for each in found if each.ended_at == wish.ended_at]
        refusal = take_room(some, room)
        told[wish.key] = refusal or [each.scan_id for each in some]
        again += [] if refusal else some
    if again:
        needs = {use: n - used[use] for use, n in room.used.items() if n > used[use]}
        await _carry_out(conn, again, needs, next_id)
    return told


async def show_spent(conn: AsyncConnection, scan_ids: Sequence[int]) -> Spent:
    """Tell what is gone of all that was posted of scans that were held."""
    if not scan_ids:
        return Spent(0, 0)
    return find_spent(*await store.load_posted(conn, scan_ids))


async def _carry_out(
    conn: AsyncConnection,
    again: Sequence[EndedHold],
    needs: dict[Use, int],
    next_id: Callable[[], int],
) -> None:
    """Write down what was decided; every row is locked."""
    rewards = [each for hold in again for each in hold.rewards]
    await store.take_again(conn, needs)
    await post_transfers(conn, [_undo(each, next_id()) for each in rewards])
    await store.reopen(conn, again)
    for member_no, units in _cards(again).items():
        await reopen_sets(conn, member_no, units)
    await write_happened(conn, REOPENED, [hold.scan_id for hold in again])


_UNDOES: Final = {
    TransferKind.POST: TransferKind.UNPOST,
    TransferKind.VOID: TransferKind.UNVOID,
}


def _undo(reward: EndedReward, transfer_id: int) -> Transfer:
    paid = reward.paid
    return Transfer(
        *(paid.origin_id, transfer_id, _UNDOES[reward.end], paid.debit, paid.credit),
        *(paid.unit, paid.amount, paid.expires_on),
    )


def _cards(holds: Sequence[EndedHold]) -> dict[int, set[int]]:
    """Name the cards that members lose, by member."""
    lost: dict[int, set[int]] = {}
    for hold in holds:
        for each in hold.rewards:
            if each.kind is RewardKind.CARD and each.end is TransferKind.POST:
                lost.setdefault(hold.member_no, set()).add(each.paid.unit)
    return lost
