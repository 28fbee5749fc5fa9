"""Payouts as support sees them, and as their owners do."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.principal import Staff
from core.errors import NotFound
from rewards.domain.messages import message
from rewards.domain.payouts import OwnPayout, Payout, PayoutState
from rewards.store.payouts import listing as store


async def list_payouts(
    conn: AsyncConnection,
    staff: Staff,
    *,
    state: PayoutState | None,
    before: int | None,
    limit: int,
) -> Sequence[Payout]:
    """List payouts, newest first, of all or of one state as it is told outside."""
    return await store.list_payouts(
        conn, brand=staff.brand, state=state, before=before, limit=limit
    )


async def list_for_person(
    conn: AsyncConnection, staff: Staff, *, limit: int
) -> Sequence[Payout]:
    """List payouts that do not come to an end by themselves, the oldest first."""
    return await store.list_for_person(conn, brand=staff.brand, limit=limit)


async def find_payouts(
    conn: AsyncConnection, staff: Staff, payout_id: int
) -> Sequence[Payout]:
    """Look a payout up by its number; there is one, or none."""
    found = await store.find_payout(conn, payout_id, brand=staff.brand)
    return () if found is None else (found,)


async def show_payout(conn: AsyncConnection, payout_id: int, staff: Staff) -> Payout:
    """Find a payout; raises NotFound."""
    found = await store.find_payout(conn, payout_id, brand=staff.brand)
    if found is None:
        raise NotFound(message("no_payout", payout_id=str(payout_id)))
    return found


async def list_own(
    conn: AsyncConnection, member_no: int, *, before: int | None = None, limit: int = 20
) -> Sequence[OwnPayout]:
    """List a member's red packets, newest first."""
    return await store.list_own(conn, member_no, before=before, limit=limit)


async def list_own_by_id(
    conn: AsyncConnection, member_id: str, *, before: int | None, limit: int
) -> Sequence[OwnPayout]:
    """List a member's red packets by the name of the member; nobody has none."""
    member_no = await store.find_member_no(conn, member_id)
    if member_no is None:
        return ()
    return await list_own(conn, member_no, before=before, limit=limit)
