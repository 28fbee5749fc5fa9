"""A member's statement: entries newest first, each with the balance after it; pure."""

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

import msgspec

from rewards.domain.transfers import Transfer, TransferKind


class EntryKind(StrEnum):
    """What an entry is of, in the world's words."""

    AWARD = "award"
    HOLD_POSTED = "hold_posted"
    HOLD_VOIDED = "hold_voided"
    HOLD_REOPENED = "hold_reopened"
    SPEND = "spend"
    SPEND_RETURNED = "spend_returned"
    EXPIRY = "expiry"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    DEBT = "debt"
    PURCHASE = "purchase"
    RETURN = "return"
    MERGE = "merge"


_KINDS: Final = {
    TransferKind.POSTED: EntryKind.AWARD,
    TransferKind.PENDING: EntryKind.AWARD,
    TransferKind.GRANT: EntryKind.AWARD,
    TransferKind.POST: EntryKind.HOLD_POSTED,
    TransferKind.VOID: EntryKind.HOLD_VOIDED,
    TransferKind.UNPOST: EntryKind.HOLD_REOPENED,
    TransferKind.UNVOID: EntryKind.HOLD_REOPENED,
    TransferKind.REPOST: EntryKind.HOLD_POSTED,
    TransferKind.REVOID: EntryKind.HOLD_VOIDED,
    TransferKind.SPEND: EntryKind.SPEND,
    TransferKind.SPEND_RETURN: EntryKind.SPEND_RETURNED,
    TransferKind.EXPIRY: EntryKind.EXPIRY,
    TransferKind.ADJUSTMENT: EntryKind.ADJUSTMENT,
    TransferKind.REVERSAL: EntryKind.REVERSAL,
    TransferKind.DEBT: EntryKind.DEBT,
    TransferKind.PURCHASE: EntryKind.PURCHASE,
    TransferKind.RETURN: EntryKind.RETURN,
    TransferKind.MERGE: EntryKind.MERGE,
}
# These tell of points that wait, which the balance does not count.
_OF_SCANS: Final = frozenset({TransferKind.POSTED, TransferKind.PENDING})
_WAIT: Final = frozenset(
    {
        *(TransferKind.PENDING, TransferKind.VOID),
        *(TransferKind.UNVOID, TransferKind.REVOID),
    }
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a member's balance at once, and the balance after it.

    `pending` says that the amount waits, or has waited in vain, and changed nothing.
    """

    entry_id: int
    origin_id: int
    kind: EntryKind
    amount: int
    balance: int
    pending: bool
    expires_on: date | None
    # The accounts that paid it, of which campaigns have some.
    payers: tuple[int, ...]

    @property
    def balance_before(self) -> int:
        """The balance after the entry before."""
        return self.balance if self.pending else self.balance - self.amount


def tell_entries(
    transfers: Sequence[Transfer], member_no: int, balance: int
) -> Iterator[Entry]:
    """Tell entries, newest first, down from the balance after the newest.

    What came of one origin at once is one entry, of several lots or campaigns perhaps.
    A debt that is repaid changes no balance and is no entry.
    """
    told = sorted((e for e in transfers if e.kind in _KINDS), key=_together)
    found = [list(group) for _, group in groupby(told, key=_together)]
    found.sort(key=_entry_id, reverse=True)
    for group in found:
        first = group[0]
        amount = sum(_gain(each, member_no) for each in group)
        ends = {each.expires_on for each in group}
        entry = Entry(
            entry_id=_entry_id(group),
            origin_id=first.origin_id,
            kind=_KINDS[first.kind],
            amount=amount,
            balance=balance,
            pending=first.kind in _WAIT,
            expires_on=ends.pop() if len(ends) == 1 else None,
            payers=tuple(sorted({each.debit for each in group})),
        )
        yield entry
        balance = entry.balance_before


def _together(transfer: Transfer) -> tuple[int, str]:
    return transfer.origin_id, transfer.kind


def _entry_id(group: Sequence[Transfer]) -> int:
    """Tell the number of an entry: a scan's own, or the first of its transfers'."""
    if group[0].kind in _OF_SCANS:
        return group[0].origin_id
    return min(each.transfer_id for each in group)


def _gain(transfer: Transfer, member_no: int) -> int:
    is_gain = transfer.credit == member_no and transfer.kind is not TransferKind.UNPOST
    return transfer.amount if is_gain else -transfer.amount
