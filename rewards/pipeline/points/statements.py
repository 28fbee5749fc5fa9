"""A member's statement, a page at a time, without reading what is older.

The balance runs down from that of now; a cursor says where a page ended and with which
balance the next one goes on.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from core.bounds import MAX_INTEGER, read_id
from core.errors import InvalidInput, NotFound
from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.messages import message
from rewards.domain.points.statements import Entry, EntryKind, tell_entries
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.members import find_member_no
from rewards.store.points import statements as store
from rewards.store.transfers import load_transfers

# Who knows scans lists the numbers of a member's that earned something, newest first:
# (conn, member_no, before, limit).
FindScans = Callable[[AsyncConnection, int, int, int], Awaitable[Sequence[int]]]
# One movement may be of as many lots, months of ten years.
_MOST_LOTS = 128


@dataclass(frozen=True, slots=True)
class Cursor:
    """Below which entry a page begins, and with which balance after its first one."""

    before: int
    balance: int

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read what `write` wrote; raises InvalidInput."""
        before, _, balance = text.partition(".")
        number = read_id(before)
        worth = read_id(balance.removeprefix("-"))
        if number is None or worth is None:
            raise InvalidInput.field("/cursor", "invalid", message("no_cursor"))
        return cls(number, -worth if balance.startswith("-") else worth)

    def write(self) -> str:
        """Write it as a page's reader sends it back."""
        return f"{self.before}.{self.balance}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of entries, why each was made, and where the next page begins."""

    entries: list[Entry]
    because: list[str]
    next_cursor: Cursor | None


async def load_statement(
    conn: AsyncConnection,
    member_id: str,
    *,
    find_scans: FindScans,
    cursor: Cursor | None,
    limit: int,
) -> Statement:
    """Load a page of what moved a member's points; raises NotFound for nobody.

    `conn` sees one moment (REPEATABLE READ), so that entries and balance agree.
    """
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        raise NotFound(message("no_member", member_id=member_id))
    if cursor is None:
        worth = await store.load_worth(conn, member_no, unit=POINTS_UNIT)
        cursor = Cursor(MAX_INTEGER, worth)
    moved = await store.load_moved(
        conn,
        member_no,
        unit=POINTS_UNIT,
        before=cursor.before,
        limit=limit + _MOST_LOTS,
    )
    scans = await find_scans(conn, member_no, cursor.before, limit + 1)
    earned = await _load_earned(conn, scans)
    # Below the last scan that was read others lie; what moved reaches further.
    end = scans[-1] if len(scans) > limit else 0
    told = tell_entries(moved + earned, member_no, cursor.balance)
    entries = [each for each in told if each.entry_id >= end]
    shown = entries[:limit]
    following = None
    if len(entries) > limit:
        following = Cursor(shown[-1].entry_id, entries[limit].balance)
    elif end:
        balance = shown[-1].balance_before if shown else cursor.balance
        following = Cursor(end, balance)
    return Statement(shown, await _because(conn, shown), following)


async def _load_earned(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> list[Transfer]:
    came = await load_transfers(conn, scan_ids)
    return [
        each
        for transfers in came.values()
        for each in transfers
        if each.kind in {TransferKind.POSTED, TransferKind.PENDING}
        and each.unit == POINTS_UNIT
    ]


async def _because(conn: AsyncConnection, entries: Sequence[Entry]) -> list[str]:
    """Tell why each entry was made: a campaign, what was bought, a person's reason."""
    reasons = await store.load_reasons(conn, {each.origin_id for each in entries})
    accounts = {payer for each in entries for payer in each.payers}
    payers = await store.load_payers(conn, sorted(accounts))
    return [_tell(each, reasons, payers) for each in entries]


_EARNED = frozenset(
    {
        *(EntryKind.AWARD, EntryKind.HOLD_POSTED),
        *(EntryKind.HOLD_VOIDED, EntryKind.HOLD_REOPENED),
    }
)


def _tell(entry: Entry, reasons: dict[int, str], payers: dict[int, str]) -> str:
    if entry.kind in _EARNED:
        known = dict.fromkeys(payers[p] for p in entry.payers if p in payers)
        return ", ".join(known)
    return reasons.get(entry.origin_id, "")
