"""What transfers add up to, against lots and budgets.

A sum a member of everything it ever earned is too much to carry from slice to slice.
So members are dealt into 256 groups, and a group carries one number: the sum of its
amounts, each times a factor of its member, unit and lot, modulo a prime. Balances are
added up alike. Groups that agree are sound (a wrong one agrees once in 2^61); those
that don't are added up member by member, in the same snapshot, and only what is found
there is told.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from crowncap.audit.checks import Check
from crowncap.audit.payouts import GIVEN_BACK
from crowncap.audit.reversals import ROOM

_PRIME = (1 << 61) - 1
_GROUP = "(hashint8extended({0}, 1) & 255)"
_LOT = "CASE WHEN isfinite({0}expires_on) THEN {0}expires_on - date 'epoch' ELSE 0 END"
_FACTOR = "hashint8extended({0}member_no, 2 + unit + 65536::bigint * ({1}))::numeric"
_SIDES = ("available", "pending", "debt")


def _weigh(owner: str) -> str:
    """Write the three sums of a group; `owner` has members and lots, as `f.`."""
    factor = _FACTOR.format(owner, _LOT.format(owner))
    return ", ".join(
        f"(sum({factor} * {owner}{side}) % {_PRIME})::bigint AS {side}"
        for side in _SIDES
    )


# What transfers do to lots, by the one definition of it.
_EFFECTS = """transfers AS t CROSS JOIN LATERAL effects_of(
    t.kind, t.debit_account, t.credit_account, t.expires_on, t.amount) AS f"""


class Totals(msgspec.Struct):
    """Sums of transfers: by group of members, and what each offer spent and awarded."""

    available: dict[int, int] = {}
    pending: dict[int, int] = {}
    spent: dict[int, int] = {}
    awarded: dict[int, int] = {}
    debt: dict[int, int] = {}

    def add(self, other: "Totals") -> "Totals":
        """Add two; groups modulo the prime."""
        return Totals(
            _add(self.available, other.available, _PRIME),
            _add(self.pending, other.pending, _PRIME),
            _add(self.spent, other.spent, None),
            _add(self.awarded, other.awarded, None),
            _add(self.debt, other.debt, _PRIME),
        )


def _add(
    one: dict[int, int], other: dict[int, int], modulus: int | None
) -> dict[int, int]:
    sums = {key: one.get(key, 0) + other.get(key, 0) for key in one | other}
    return {k: n if modulus is None else n % modulus for k, n in sums.items()}


# Transfers that come to an origin long after it did, as three indexes have them.
LATE_KINDS = (
    "('spend', 'expiry', 'adjustment', 'reversal', 'debt', 'return', 'merge')",
    "('post', 'void', 'grant', 'spend_return', 'purchase')",
    "('unpost', 'unvoid', 'repost', 'revoid')",
)
# All others come with their origin, which was numbered a moment before: five minutes.
_WITH_THEIR_ORIGIN = (
    f"{' AND '.join(f'kind NOT IN {kinds}' for kinds in LATE_KINDS)}"
    f" AND origin_id >= :{{0}} - {300_000 << 22}"
)


def _came_after(moment: str) -> tuple[str, ...]:
    """Write which transfers came after a moment, of origins from before it.

    One after the other, so that each is read from its own index.
    """
    old = f"origin_id < :{moment} AND transfer_id >= :{moment}"
    return (
        *(f"{old} AND kind IN {kinds}" for kinds in LATE_KINDS),
        f"{old} AND {_WITH_THEIR_ORIGIN.format(moment)}",
    )


# Which transfers: slices up to `until`, and beside them what a slice does not have.
SLICE = "origin_id BETWEEN :first AND :last AND transfer_id < :until"
CAME_SINCE = tuple(f"{each} AND transfer_id < :until" for each in _came_after("since"))
_SINCE_UNTIL = ("origin_id >= :until", *_came_after("until"))
_SPENT = (
    "CASE WHEN kind IN ('posted', 'pending', 'unvoid') THEN amount"
    " WHEN kind IN ('void', 'revoid') THEN -amount ELSE 0 END"
)


_AWARDED = (
    "CASE WHEN kind IN ('posted', 'pending', 'unvoid') THEN 1"
    " WHEN kind IN ('void', 'revoid') THEN -1 ELSE 0 END"
)
# Transfers that balances count; what else can be had has rows of its own.
_COUNTED = "unit IN (SELECT unit FROM units WHERE has_balance)"


async def add_up(conn: AsyncConnection, *which: str, **bounds: int) -> Totals:
    """Add up some transfers, of one snapshot or of settled rows."""
    sums = Totals()
    for condition in which:
        sums = sums.add(await _add_up(conn, condition, bounds))
    return sums


async def _add_up(
    conn: AsyncConnection, which: str, bounds: Mapping[str, int]
) -> Totals:
    groups = await conn.execute(
        text(
            f"SELECT {_GROUP.format('f.member_no')} AS key, {_weigh('f.')}"  # noqa: S608 - constants
            f" FROM {_EFFECTS} WHERE t.shard = 0 AND {which} AND {_COUNTED} GROUP BY 1"
        ),
        bounds,
    )
    rows = groups.all()
    found = await conn.execute(
        text(
            f"SELECT debit_account, sum({_SPENT}), sum({_AWARDED})"  # noqa: S608 - constants
            f" FROM transfers WHERE shard = 0 AND {which} GROUP BY 1"
        ),
        bounds,
    )
    offers = found.all()
    return Totals(
        {row.key: row.available for row in rows},
        {row.key: row.pending for row in rows},
        {key: int(spent) for key, spent, _ in offers},
        {key: int(awarded) for key, _, awarded in offers},
        {row.key: row.debt for row in rows},
    )


# What was taken of each limit for all time that everybody shares, and the accounts that
# took it: all of a campaign that pay what it counts, or the one offer's that it is of.
_BUDGETS = """SELECT l.limit_no, l.counts, l.most, coalesce(u.used, 0) AS used, ARRAY(
        SELECT o.offer_no FROM offers AS o WHERE o.campaign_no = l.campaign_no
            AND l.offer_no IN (0, o.offer_no)
            AND (l.counts = 'points' AND o.kind = 'points'
                OR l.counts = 'minor' AND o.kind = 'red_packet'
                OR l.counts = 'awards')) AS offers
    FROM limits AS l LEFT JOIN limit_uses AS u ON u.shard = 0
        AND u.limit_no = l.limit_no AND u.holder = 0 AND u.period = date 'epoch'
    WHERE l.per = 'total' AND l.campaign_no IS NOT NULL AND l.in_force"""

BALANCES_AGREE = Check(
    4,
    "each balance equals what its transfers add up to",
    f"""SELECT DISTINCT coalesce(b.member_no, t.member_no) FROM (
            SELECT * FROM balances
            WHERE shard = 0 AND {_GROUP.format("member_no")} = ANY(:keys)) AS b
        FULL JOIN (
            SELECT f.member_no, t.unit, f.expires_on, sum(f.available) AS available,
                sum(f.pending) AS pending, sum(f.debt) AS debt
            FROM {_EFFECTS}
            WHERE t.shard = 0 AND {_GROUP.format("f.member_no")} = ANY(:keys)
                AND {_COUNTED}
            GROUP BY 1, 2, 3) AS t USING (member_no, unit, expires_on)
        WHERE coalesce(b.available, 0) <> coalesce(t.available, 0)
            OR coalesce(b.pending, 0) <> coalesce(t.pending, 0)
            OR coalesce(b.debt, 0) <> coalesce(t.debt, 0)""",  # noqa: S608 - constants
)
BUDGETS_AGREE = Check(
    7,
    "what was taken of a budget or stock equals its transfers and fits",
    f"""SELECT b.limit_no FROM ({_BUDGETS}) AS b
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE b.counts WHEN 'awards' THEN {_AWARDED}
                ELSE {_SPENT} END), 0) AS taken
            FROM transfers WHERE shard = 0 AND debit_account = ANY(b.offers)) AS t
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(CASE b.counts WHEN 'awards' THEN g.payouts
                ELSE g.minor END), 0) AS back
            FROM ({GIVEN_BACK}) AS g WHERE g.offer_no = ANY(b.offers)) AS g
        LEFT JOIN ({ROOM}) AS r ON r.limit_no = b.limit_no AND r.holder = 0
        WHERE b.limit_no = ANY(:keys) AND (b.used > b.most
            OR b.used <> t.taken - g.back - coalesce(r.room, 0))""",  # noqa: S608 - constants
)
CHECKS = (BALANCES_AGREE, BUDGETS_AGREE)


async def suspects(
    conn: AsyncConnection, totals: Totals, until: int
) -> dict[Check, list[int]]:
    """Name groups and limits that differ from `totals` and what came since.

    `conn` must be in REPEATABLE READ: totals are of settled rows, all else is of now.
    """
    now = totals.add(await add_up(conn, *_SINCE_UNTIL, until=until))
    rows = await conn.execute(
        text(
            f"SELECT {_GROUP.format('member_no')} AS key, {_weigh('')}"  # noqa: S608 - constants
            " FROM balances WHERE shard = 0 GROUP BY 1"
        )
    )
    found = rows.all()
    groups: set[int] = set()
    for side in _SIDES:
        kept = {row.key: getattr(row, side) % _PRIME for row in found}
        groups |= _differing(getattr(now, side), kept)
    back = {row.offer_no: row for row in await conn.execute(text(GIVEN_BACK))}
    rooms = await conn.execute(text(ROOM))
    room = {row.limit_no: row.room for row in rooms if row.holder == 0}
    wrong = []
    for row in await conn.execute(text(_BUDGETS)):
        by_awards = row.counts == "awards"
        by_offer = now.awarded if by_awards else now.spent
        taken = sum(by_offer.get(offer_no, 0) for offer_no in row.offers)
        given_back = [back[each] for each in row.offers if each in back]
        taken -= sum(b.payouts if by_awards else b.minor for b in given_back)
        taken -= room.get(row.limit_no, 0)
        if row.used != taken or row.used > row.most:
            wrong.append(row.limit_no)
    return {BALANCES_AGREE: sorted(groups), BUDGETS_AGREE: sorted(wrong)}


def _differing(one: dict[int, int], other: dict[int, int]) -> set[int]:
    keys: Iterable[Any] = one | other
    return {key for key in keys if one.get(key, 0) != other.get(key, 0)}
