"""Who a member is, for who helps them; that somebody looked is written down."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.errors import NotFound
from rewards.domain.messages import message
from rewards.pipeline.programme import refuse_brand
from rewards.store import members as store


@dataclass(frozen=True, slots=True)
class KnownMember:
    """A member by the name that the world knows, and since when."""

    member_no: int
    member_id: str
    since: datetime


async def find_member(
    conn: AsyncConnection, member_id: str, staff: Staff
) -> KnownMember | None:
    """Find a member; None for who never scanned. Raises Forbidden for a brand's."""
    refuse_brand(staff)
    found = await store.find_member(conn, member_id)
    return None if found is None else KnownMember(found[0], member_id, found[1])


async def look_at_member(
    conn: AsyncConnection, member_id: str, staff: Staff, *, now: datetime
) -> KnownMember:
    """Find a member, and write down who looked; raises NotFound and Forbidden.

    The audit log names members by number, which outlives whoever is forgotten.
    """
    found = await find_member(conn, member_id, staff)
    if found is None:
        raise NotFound(message("no_member", member_id=member_id))
    await record_action(
        conn,
        staff,
        action="member.look",
        subject=f"member:{found.member_no}",
        detail={},
        now=now,
    )
    return found
