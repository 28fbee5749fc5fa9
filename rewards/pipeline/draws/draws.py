"""A draw is made once, with a commitment to its seed, and looked at; never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import refuse
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from rewards.domain.draws.terms import MAX_PRIZES, Draw, NewDraw, Won, find_faults
from rewards.domain.messages import message
from rewards.domain.offers import find_missing_given
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.store.draws import draws as store
from rewards.store.draws import prizes
from rewards.store.offers import load_given


async def add_draw(
    conn: AsyncConnection,
    new: NewDraw,
    staff: Staff,
    secrets: DrawSecrets,
    *,
    now: datetime,
) -> Draw:
    """Make a draw, of the brand of who makes it, whose seed nobody knows.

    Raises InvalidInput for one that makes no sense or has closed already, Conflict for
    an id that there is.
    """
    refuse(find_faults(new))
    refuse(await _find_missing(conn, new, staff))
    if new.closes_at <= now:
        raise InvalidInput.field(
            "/closes_at", "out_of_range", message("draw_closed_already")
        )
    made = secrets.make(new.draw_id)
    try:
        await store.insert_draw(conn, new, made, brand=staff.brand, now=now)
    except IntegrityError:
        raise Conflict(
            message("draw_exists", draw_id=new.draw_id), code="already_exists"
        ) from None
    await record_action(
        conn,
        staff,
        action="draw.add",
        subject=f"draw:{new.draw_id}",
        detail={
            "name": new.name,
            "opens_at": new.opens_at.isoformat(),
            "closes_at": new.closes_at.isoformat(),
            "draws_at": new.draws_at.isoformat(),
            "prizes": {each.prize_id: each.quantity for each in new.prizes},
            "entry": new.entry.value,
            "most_tickets": new.most_tickets,
            "claim_days": new.claim_days,
            "commitment": made.commitment.hex(),
        },
        now=now,
    )
    return (await store.load_draws(conn, [new.draw_id]))[new.draw_id]


async def _find_missing(
    conn: AsyncConnection, new: NewDraw, staff: Staff
) -> list[FieldError]:
    """Say which prizes give what is not there."""
    gives = [each.gives for each in new.prizes]
    things = await load_given(conn, [each for each in gives if each is not None])
    faults: list[FieldError] = []
    for place, given in enumerate(gives):
        if given is None:
            continue
        at = f"/prizes/{place}/gives"
        missing = list(find_missing_given(at, given, things, staff.brand))
        faults += missing
        draw = things.draws.get(given.draw_id or "")
        if draw is not None and not missing and draw.closes_at <= new.draws_at:
            told = message("prize_of_closed_draw", draw_id=draw.draw_id)
            faults.append(FieldError(f"{at}/draw_id", "out_of_range", told))
    return faults


@dataclass(frozen=True, slots=True)
class DrawnDraw:
    """A draw with what was won in it, in the order of its prizes."""

    draw: Draw
    won: Sequence[Won]


async def show_draw(
    conn: AsyncConnection, draw_id: str, *, most: int = MAX_PRIZES
) -> DrawnDraw:
    """Find a draw, which anybody may see, with the first winners; raises NotFound."""
    draw = (await store.load_draws(conn, [draw_id])).get(draw_id)
    if draw is None:
        raise NotFound(message("no_draw", draw_id=draw_id))
    if draw.result is None:
        return DrawnDraw(draw, ())
    return DrawnDraw(draw, await prizes.load_winners(conn, draw.draw_no, most=most))


async def list_draws(
    conn: AsyncConnection, staff: Staff, *, before: int | None = None, limit: int
) -> list[Draw]:
    """List the draws that somebody may look after, newest first."""
    return await store.list_draws(conn, brand=staff.brand, before=before, limit=limit)


async def list_winners(
    conn: AsyncConnection, draw_id: str, staff: Staff, *, after: int, limit: int
) -> tuple[Draw, Sequence[prizes.Winner]]:
    """List who won in a draw that somebody may look after; raises NotFound."""
    draw = (await store.load_draws(conn, [draw_id])).get(draw_id)
    if draw is None or not draw.is_of(staff.brand):
        raise NotFound(message("no_draw", draw_id=draw_id))
    found = await prizes.list_winners(conn, draw.draw_no, after=after, limit=limit)
    return draw, found
