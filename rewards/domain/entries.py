"""What a campaign's offers gave to whom, and what came of it: entries of accounts."""

from dataclasses import dataclass
from enum import StrEnum

from core.bounds import read_id
from core.errors import InvalidInput
from rewards.domain.messages import message
from rewards.domain.transfers import TransferKind


class PaidKind(StrEnum):
    """What an entry of an offer's account tells."""

    AWARD = "award"
    HOLD = "hold"
    HOLD_POSTED = "hold_posted"
    HOLD_VOIDED = "hold_voided"
    HOLD_REOPENED = "hold_reopened"
    REVERSAL = "reversal"
    DEBT = "debt"
    GRANT = "grant"


PAID_KINDS = {
    TransferKind.POSTED: PaidKind.AWARD,
    TransferKind.PENDING: PaidKind.HOLD,
    TransferKind.POST: PaidKind.HOLD_POSTED,
    TransferKind.VOID: PaidKind.HOLD_VOIDED,
    TransferKind.UNPOST: PaidKind.HOLD_REOPENED,
    TransferKind.UNVOID: PaidKind.HOLD_REOPENED,
    TransferKind.REPOST: PaidKind.HOLD_POSTED,
    TransferKind.REVOID: PaidKind.HOLD_VOIDED,
    TransferKind.REVERSAL: PaidKind.REVERSAL,
    TransferKind.DEBT: PaidKind.DEBT,
    TransferKind.GRANT: PaidKind.GRANT,
}
# What began with a scan happened then; a coupon's number does not tell when.
_OF_SCANS = frozenset({PaidKind.AWARD, PaidKind.HOLD})


@dataclass(frozen=True, slots=True)
class PaidEntry:
    """A transfer between an offer and a member; `scan_id` is what it came from."""

    scan_id: int
    entry_id: int
    kind: PaidKind
    member_id: str
    offer_id: str
    tier_id: str
    reward: str
    amount: int

    @property
    def happened_id(self) -> int:
        """The number that tells when it happened."""
        return self.scan_id if self.kind in _OF_SCANS else self.entry_id


@dataclass(frozen=True, slots=True)
class EntryKey:
    """Which entry it is, in the order of scans, and of entries of one scan."""

    scan_id: int
    entry_id: int

    @classmethod
    def read(cls, text: str) -> "EntryKey":
        """Read what `write` wrote; raises InvalidInput."""
        first, _, second = text.partition(".")
        scan_id, entry_id = read_id(first), read_id(second)
        if scan_id is None or entry_id is None:
            raise InvalidInput.field("/cursor", "invalid", message("no_cursor"))
        return cls(scan_id, entry_id)

    def write(self) -> str:
        """Write it as a page's reader sends it back."""
        return f"{self.scan_id}.{self.entry_id}"


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Some entries, newest scans first, and below which to go on; None at the end."""

    entries: tuple[PaidEntry, ...]
    following: EntryKey | None
