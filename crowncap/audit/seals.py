"""Transfers against their seals: which was touched, removed, or put in."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.seals import FIRST_CHAIN, Seal, Sealed, unpack, verify
from rewards.store.seals import load_named, load_seals

SENTENCE: Final = "each sealed transfer is as it was sealed, and no other came in"
INVARIANT: Final = 3
AT_ONCE: Final = 20
# Ids tell milliseconds above their lowest 22 bits (core.ids).
_DAY_BITS: Final = 22
_DAY_MS: Final = 86_400_000


class Chain(msgspec.Struct):
    """How far seals were held against transfers, and how many of each day they have.

    Days are counted from 2026, in UTC, by the numbers of transfers.
    """

    seal_no: int = 0
    chain: bytes = FIRST_CHAIN
    by_day: dict[int, int] = {}

    def note(self, sealed: Sealed) -> None:
        """Count what a seal has by day."""
        days = (sealed.transfers >> _DAY_BITS) // _DAY_MS
        for day, count in zip(*np.unique(days, return_counts=True), strict=True):
            self.by_day[int(day)] = self.by_day.get(int(day), 0) + int(count)


async def go_on(conn: AsyncConnection, chain: Chain) -> list[str] | None:
    """Hold the next seals against transfers; gives what is wrong, None at the end."""
    kept = await load_seals(conn, after=chain.seal_no, limit=AT_ONCE)
    if not kept:
        return None
    wrong: list[str] = []
    for seal in kept:
        wrong += await _check(conn, seal, chain)
    return wrong


async def _check(conn: AsyncConnection, seal: Seal, chain: Chain) -> list[str]:
    wrong = [f"seal {no} is gone" for no in range(chain.seal_no + 1, seal.seal_no)]
    try:
        named = unpack(seal.entries, seal.transfers)
    except ValueError:
        found = []
    else:
        found = await load_named(conn, named.origins.tolist(), named.transfers.tolist())
    broken, sealed = verify(seal, found, chain=chain.chain)
    what = {"touched": broken.touched, "removed": broken.removed}
    wrong += [
        f"transfer {transfer_id} of {origin_id} was {how} after seal {seal.seal_no}"
        for how, transfers in what.items()
        for origin_id, transfer_id in transfers
    ]
    if broken.seal:
        wrong.append(f"seal {seal.seal_no} is not what it was")
    chain.seal_no, chain.chain = seal.seal_no, seal.chain
    if sealed is not None:
        chain.note(sealed)
        for transfer_id in [each[1] for each in broken.removed]:
            chain.by_day[(transfer_id >> _DAY_BITS) // _DAY_MS] -= 1
    return wrong


_COUNT: Final = text(
    f"""
    SELECT (t.transfer_id >> {_DAY_BITS}) / {_DAY_MS} AS day, count(*) AS transfers
    FROM transfers AS t WHERE t.shard = 0
        AND t.transfer_id >= (SELECT sealed_from FROM sealing) GROUP BY 1
    """  # noqa: S608 - made of constants
)
_WAITING: Final = text(
    f"""
    SELECT (t >> {_DAY_BITS}) / {_DAY_MS} AS day, count(*) AS transfers
    FROM unsealed AS u, unnest(u.transfers) AS t WHERE u.shard = 0 GROUP BY 1
    """  # noqa: S608 - made of constants
)
_OF_DAY: Final = text(
    f"""
    SELECT t.origin_id, t.transfer_id FROM transfers AS t WHERE t.shard = 0
        AND t.transfer_id >= (SELECT sealed_from FROM sealing)
        AND (t.transfer_id >> {_DAY_BITS}) / {_DAY_MS} = :day
    EXCEPT SELECT o, i FROM unsealed AS u, unnest(u.origins, u.transfers) AS p (o, i)
    WHERE u.shard = 0
    """  # noqa: S608 - made of constants
)


async def find_put_in(conn: AsyncConnection, chain: Chain) -> list[str]:
    """Find transfers that no seal has and that do not wait for one.

    `conn` sees one moment (REPEATABLE READ), later than all that `chain` has counted.
    Days with as many as were sealed are not read.
    """
    counted = Chain(chain.seal_no, chain.chain, dict(chain.by_day))
    while found := await load_seals(conn, after=counted.seal_no, limit=AT_ONCE):
        for seal in found:
            counted.note(unpack(seal.entries, seal.transfers))
            counted.seal_no = seal.seal_no
    expected = counted.by_day
    for row in await conn.execute(_WAITING):
        expected[row.day] = expected.get(row.day, 0) + row.transfers
    wrong: list[str] = []
    for row in (await conn.execute(_COUNT)).all():
        if row.transfers > expected.get(row.day, 0):
            wrong += [each async for each in _name(conn, row.day)]
    return wrong


async def _name(conn: AsyncConnection, day: int) -> AsyncIterator[str]:
    """Name what was put in on a day, by all seals: slow, and seldom."""
    sealed: set[tuple[int, int]] = set()
    after = 0
    while found := await load_seals(conn, after=after, limit=AT_ONCE):
        for seal in found:
            sealed.update(_of_day(seal, day))
        after = found[-1].seal_no
    for origin_id, transfer_id in await conn.execute(_OF_DAY, {"day": day}):
        if (origin_id, transfer_id) not in sealed:
            yield f"transfer {transfer_id} of {origin_id} was put in"


def _of_day(seal: Seal, day: int) -> Iterator[tuple[int, int]]:
    named = unpack(seal.entries, seal.transfers)
    here = (named.transfers >> _DAY_BITS) // _DAY_MS == day
    return zip(
        named.origins[here].tolist(), named.transfers[here].tolist(), strict=True
    )
