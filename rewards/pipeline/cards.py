"""Card sets are added, looked at and collected; one that is complete is paid once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import refuse
from core.errors import Conflict, NotFound
from rewards.domain.cards import (
    CardSet,
    NewCardSet,
    OwnSet,
    SetFigures,
    find_faults_of_set,
)
from rewards.domain.messages import message
from rewards.domain.offers import find_missing_given
from rewards.store import cards as store
from rewards.store.members import find_member_no
from rewards.store.offers import load_given

# Who collects a set is counted up to so many members.
MOST_COUNTED: Final = 10_000


async def add_set(
    conn: AsyncConnection, new: NewCardSet, staff: Staff, *, now: datetime
) -> NewCardSet:
    """Add a set, of the brand of who adds it; raises InvalidInput and Conflict."""
    refuse(find_faults_of_set(new))
    things = await load_given(conn, [new.completes])
    refuse(find_missing_given("/completes", new.completes, things, staff.brand))
    new = replace(new, brand=staff.brand)
    try:
        await store.insert_set(conn, new, now=now)
    except IntegrityError:
        raise Conflict(
            message("set_exists", set_id=new.set_id), code="already_exists"
        ) from None
    await record_action(
        conn,
        staff,
        action="card_set.add",
        subject=f"card_set:{new.set_id}",
        detail={
            "name": new.name,
            "cards": {card.card_id: card.per_million for card in new.cards},
            "completes": msgspec.to_builtins(new.completes),
        },
        now=now,
    )
    return new


async def list_sets(
    conn: AsyncConnection, staff: Staff, *, before: int | None, limit: int
) -> Sequence[CardSet]:
    """List the sets that somebody may see, newest first."""
    return await store.list_sets(conn, brand=staff.brand, before=before, limit=limit)


async def show_set(conn: AsyncConnection, set_id: str, staff: Staff) -> CardSet:
    """Find a set that somebody may see; raises NotFound."""
    found = (await store.load_sets(conn, [set_id])).get(set_id)
    if found is None or not found.is_seen_by(staff.brand):
        raise NotFound(message("no_set", set_id=set_id))
    return found


async def look_at_set(
    conn: AsyncConnection, set_id: str, staff: Staff
) -> tuple[CardSet, SetFigures]:
    """Find a set that somebody may see, and who collects it; raises NotFound."""
    found = await show_set(conn, set_id, staff)
    return found, await store.count_collected(conn, found, most=MOST_COUNTED)


async def list_own_sets(conn: AsyncConnection, member_id: str) -> Sequence[OwnSet]:
    """List the sets that a member has a card of, newest first."""
    member_no = await find_member_no(conn, member_id)
    return [] if member_no is None else await store.list_own(conn, member_no)
