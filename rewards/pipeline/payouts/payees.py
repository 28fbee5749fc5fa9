"""Where members' red packets go; accounts are secrets, closed in the database."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.clock import to_ms
from core.ids import TimeIds
from core.secret_box import SecretBox
from rewards.domain.payouts import PayeeProvider
from rewards.store.members import ensure_members, find_member_no
from rewards.store.payouts import payees as store

_SHOWN: Final = 4


async def put_payee(
    conn: AsyncConnection,
    box: SecretBox,
    ids: TimeIds,
    member_id: str,
    *,
    provider: PayeeProvider,
    account: str,
    staff: Staff | None,
    now: datetime,
) -> None:
    """Keep where a member's red packets go from now on; what waits for it goes now.

    What was sent stays where it was sent. `staff` is whoever says so for the member.
    """
    numbers = await ensure_members(conn, {member_id: ids.next_id(to_ms(now))})
    member_no = numbers[member_id]
    closed = box.wrap(account.encode(), _owner(member_no))
    await store.put_payee(conn, member_no, provider=provider, account=closed, now=now)
    if staff is not None:
        await record_action(
            conn,
            staff,
            action="payee.put",
            subject=f"member:{member_id}",
            detail={"provider": provider.value, "account": hint_of(account)},
            now=now,
        )


async def find_payee(
    conn: AsyncConnection, box: SecretBox, member_id: str
) -> str | None:
    """Tell where a member's red packets go, by the end of the account; or None."""
    member_no = await find_member_no(conn, member_id)
    if member_no is None:
        return None
    closed = (await store.load_accounts(conn, [member_no])).get(member_no)
    return None if closed is None else hint_of(open_account(box, member_no, closed))


def hint_of(account: str) -> str:
    """Tell an account from others without telling it."""
    return f"…{account[-_SHOWN:]}" if len(account) > 2 * _SHOWN else "…"


def open_account(box: SecretBox, member_no: int, closed: bytes) -> str:
    """Open a member's account; raises MisconfiguredError for another key's."""
    return box.unwrap(closed, _owner(member_no)).decode()


def _owner(member_no: int) -> str:
    """Name whose an account is, so that no other member's row can hold it."""
    return f"payee of member {member_no}"
