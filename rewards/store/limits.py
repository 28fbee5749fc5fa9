"""The SQL of limits, and of what was taken of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import (
    ARRAY,
    Integer,
    and_,
    any_,
    cast,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.limits import ALWAYS, EVERYBODY, Counts, Limit, Per
from rewards.domain.terms import LimitTerms

# A limit that is a campaign's budget of points.
IS_BUDGET: Final = and_(
    t.limits.c.per == Per.TOTAL.value,
    t.limits.c.counts == Counts.POINTS.value,
    t.limits.c.offer_no == 0,
    t.limits.c.in_force,
)
# The row of what everybody took of a limit for all time.
USED_BY_ALL: Final = and_(
    t.limit_uses.c.shard == SHARD,
    t.limit_uses.c.limit_no == t.limits.c.limit_no,
    t.limit_uses.c.holder == EVERYBODY,
    t.limit_uses.c.period == ALWAYS,
)


# Of limits that are full the last is told of: what ends with a day after what does not
# end, and what a member may have in all after that, since no day helps.
_IN_ORDER: Final = (
    t.limits.c.per != Per.TOTAL.value,
    t.limits.c.per == Per.MEMBER.value,
)


async def load_limits(
    conn: AsyncConnection, campaigns: Sequence[int]
) -> dict[int, list[tuple[int, Limit]]]:
    """Load the limits that campaigns have, each with its offer; 0 is all of them.

    Those of all that is paid come first.
    """
    if not campaigns:
        return {}
    n = t.limits.c
    rows = await conn.execute(
        select(n.campaign_no, n.offer_no, n.limit_no, n.per, n.most, n.counts)
        .where(n.campaign_no.in_(campaigns), n.in_force)
        .order_by(*_IN_ORDER, n.limit_no)
    )
    found: dict[int, list[tuple[int, Limit]]] = {}
    for row in rows:
        limit = Limit(row.limit_no, Per(row.per), row.most, Counts(row.counts))
        found.setdefault(row.campaign_no, []).append((row.offer_no, limit))
    return found


@dataclass(frozen=True, slots=True)
class OwnedLimit:
    """A limit, and of what it is: of a draw, of one offer, or of a whole campaign."""

    limit: Limit
    campaign_no: int | None
    offer_no: int
    draw_no: int | None

    def counts(self, *, campaign_no: int, offer_no: int, draw_no: int | None) -> bool:
        """Tell whether a reward of a scan that took from it may have done so.

        Amounts, and what pools have, are not told apart.
        """
        if self.draw_no is not None:
            return draw_no == self.draw_no
        if self.offer_no:
            return offer_no == self.offer_no
        return self.limit.counts is not Counts.CLAIMS or campaign_no == self.campaign_no


async def load_owned_limits(
    conn: AsyncConnection, limit_nos: Iterable[int]
) -> dict[int, OwnedLimit]:
    """Load limits by their numbers, those that nobody has any more too."""
    n = t.limits.c
    rows = await conn.execute(
        select(
            *(n.limit_no, n.per, n.most, n.counts),
            *(n.campaign_no, n.offer_no, n.draw_no),
        ).where(n.limit_no == any_(cast(list(limit_nos), ARRAY(Integer))))
    )
    return {
        row.limit_no: OwnedLimit(
            Limit(row.limit_no, Per(row.per), row.most, Counts(row.counts)),
            row.campaign_no,
            row.offer_no or 0,
            row.draw_no,
        )
        for row in rows
    }


async def set_limits(
    conn: AsyncConnection,
    campaign_no: int,
    wanted: Iterable[tuple[int, LimitTerms]],
    *,
    since: date,
) -> None:
    """Let a campaign have these limits, each of an offer or 0, and no others.

    Behind the fence. What changes is counted exactly from the day after `since` on.
    Those that it had stay, for holds that took from them.
    """
    n = t.limits.c
    rows = await conn.execute(
        select(n.limit_no, n.offer_no, n.per, n.counts, n.most, n.in_force).where(
            n.campaign_no == campaign_no
        )
    )
    known = {(row.offer_no, row.per, row.counts): row for row in rows}
    for offer_no, terms in wanted:
        key = offer_no, terms.per.value, terms.counts.value
        values = {"most": terms.most, "since": since, "in_force": True}
        row = known.pop(key, None)
        if row is None:
            names = ("offer_no", "per", "counts")
            new = values | dict(zip(names, key, strict=True))
            await conn.execute(insert(t.limits).values(campaign_no=campaign_no, **new))
        elif (row.most, row.in_force) != (terms.most, True):
            await conn.execute(
                update(t.limits).where(n.limit_no == row.limit_no).values(values)
            )
    gone = [row.limit_no for row in known.values()]
    await conn.execute(
        update(t.limits).where(n.limit_no.in_(gone)).values(in_force=False)
    )


async def load_uses(
    conn: AsyncConnection, rows: Collection[tuple[int, int, date]]
) -> dict[tuple[int, int, date], int]:
    """Read what was taken of rows (limit_no, holder, period) that are there."""
    if not rows:
        return {}
    u = t.limit_uses.c
    found = await conn.execute(
        select(u.limit_no, u.holder, u.period, u.used).where(
            u.shard == SHARD, tuple_(u.limit_no, u.holder, u.period).in_(rows)
        )
    )
    return {(r.limit_no, r.holder, r.period): r.used for r in found}


BLOCKS_AT_ONCE = 2_000

_FORGET_USES = text(
    """
    WITH gone AS (DELETE FROM limit_uses WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM limit_uses
        WHERE ctid >= CAST(format('(%s,0)', CAST(:first AS bigint)) AS tid)
            AND ctid < CAST(format('(%s,0)', CAST(:end AS bigint)) AS tid)
            AND shard = 0 AND period > date 'epoch' AND period < :before
        FOR UPDATE SKIP LOCKED)))
    SELECT pg_relation_size('limit_uses') / current_setting('block_size')::integer
    """
)


async def forget_uses(
    conn: AsyncConnection, *, before: date, first_block: int
) -> int | None:
    """Remove old days from a stretch of the table; tells at which block to go on.

    None at its end. An index by day would cost each scan more than reading costs a day.
    """
    end = first_block + BLOCKS_AT_ONCE
    values = {"first": first_block, "end": end, "before": before}
    blocks = (await conn.execute(_FORGET_USES, values)).scalar_one()
    return end if end < blocks else None
