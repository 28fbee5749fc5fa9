"""What cases are handed: how holds are settled, and what is known of scans.

A decision and what it posts or voids are one transaction, in which each feature writes
its own tables; the shell hands in who does.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.case_actions import ActionKind, Foretold, NewAction
from anti_fraud.domain.case_scans import Evidence
from anti_fraud.domain.cases import Value, Verb
from anti_fraud.domain.lists import CodeSpan
from core.auth.principal import Staff


@dataclass(frozen=True, slots=True)
class Settled:
    """Scans that were settled, and those of them whose codes others may claim now."""

    scans: Collection[int]
    released: Collection[int] = ()


class SettleHolds(Protocol):
    """Posts or voids all that held scans earned, in the caller's transaction."""

    async def __call__(
        self,
        conn: AsyncConnection,
        decisions: Mapping[int, Verb],
        *,
        releases: Collection[int],
        next_id: Callable[[], int],
        now: datetime,
    ) -> Settled:
        """Settle by scan_id; tells which had not ended otherwise before.

        Of `releases`, which are voided, the claims end too.
        """
        ...


@dataclass(frozen=True, slots=True)
class Undoing:
    """Scans whose holds ended together, and when: they wait again, or none of them."""

    scan_ids: tuple[int, ...]
    ended_at: datetime


# The code of a problem: what was released is another's by now.
CLAIMED_SINCE: Final = "claimed_since"


@dataclass(frozen=True, slots=True)
class Gone:
    """Why holds cannot wait again: a problem's code, with the figures."""

    code: str
    points: int = 0
    others: int = 0
    most: int = 0


class ReopenHolds(Protocol):
    """Lets what was posted or voided wait again, in the caller's transaction."""

    async def __call__(
        self,
        conn: AsyncConnection,
        wishes: Mapping[int, Undoing],
        *,
        next_id: Callable[[], int],
    ) -> Mapping[int, Gone | Collection[int]]:
        """Reopen by key; tells why not, or which scans wait again.

        Those that had ended otherwise stay ended. Claims that ended with their scans
        are there again, unless somebody else has claimed a code of the wish since.
        """
        ...


class FindEnded(Protocol):
    """Tells which of some scans hold nothing any more, whoever ended that."""

    async def __call__(
        self, conn: AsyncConnection, scan_ids: Sequence[int]
    ) -> Collection[int]:
        """Find those whose holds were posted or voided."""
        ...


class FindNetworkKinds(Protocol):
    """Tells from which sort of network scans came, by what was kept of them."""

    async def __call__(
        self, conn: AsyncConnection, scan_ids: Sequence[int]
    ) -> Mapping[int, str]:
        """Tell by scan_id, of those of which that is known."""
        ...


class ShowSpent(Protocol):
    """Tells what is gone of what was posted of scans."""

    async def __call__(self, conn: AsyncConnection, scan_ids: Sequence[int]) -> Value:
        """Tell how many points, and how many other rewards, are not there any more."""
        ...


class ShowScans(Protocol):
    """Tells what is known of scans, and of others of their codes and members."""

    async def __call__(
        self, conn: AsyncConnection, scan_ids: Sequence[int]
    ) -> Evidence:
        """Show scans in the order asked for."""
        ...


class FindSpan(Protocol):
    """Finds codes of a batch, from one index to another, or all; None for none."""

    async def __call__(
        self, conn: AsyncConnection, batch_id: int, indexes: tuple[int, int] | None
    ) -> CodeSpan | None:
        """Find them."""
        ...


class ForetellAction(Protocol):
    """Tells what an action on codes or campaigns would do; raises what it would."""

    async def __call__(
        self, conn: AsyncConnection, wish: NewAction, staff: Staff, *, scans: int
    ) -> Foretold:
        """Foretell an action of a case of so many scans."""
        ...


class TakeAction(Protocol):
    """Does something to codes or campaigns, in the caller's transaction."""

    async def __call__(
        self, conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
    ) -> str:
        """Do it, or undo it; gives the number or name of what was made or moved."""
        ...


@dataclass(frozen=True, slots=True)
class ActionPorts:
    """Who does what a case's action asks of codes and campaigns, by what is asked."""

    find_span: FindSpan
    foretell: ForetellAction
    take: Mapping[ActionKind, TakeAction]
    undo: Mapping[ActionKind, TakeAction]


@dataclass(frozen=True, slots=True)
class CasePorts:
    """All that cases are handed."""

    settle: SettleHolds
    reopen: ReopenHolds
    show: ShowScans
    show_spent: ShowSpent
    actions: ActionPorts
