"""Points are spent and returned, many at once, each once by its number.

Whoever calls this holds no lots yet: they are locked here, by unit, end and member, as
scans lock them. A return puts the same lots back; one that has ended meanwhile ends
again with the next expiry.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.lots import Holding
from rewards.domain.points.spending import (
    Return,
    ReturnOutcome,
    Spend,
    SpendOutcome,
    give_back,
    plan_spends,
)
from rewards.domain.transfers import TransferKind
from rewards.store.lots import lock_lots
from rewards.store.points import spending as store
from rewards.store.transfers import load_transfers, post_transfers


async def spend(
    conn: AsyncConnection, spends: Sequence[Spend], *, today: date
) -> list[SpendOutcome]:
    """Spend in order what members have on a business day; an outcome each.

    Who has too little spends nothing. A number that was spent before, here or in an
    earlier transaction, spends nothing more. Raises IntegrityError where another member
    spends under the same number at this moment.
    """
    if not spends:
        return []
    # 1. Lock what all of them have.
    holdings: dict[tuple[int, int], Holding] = {}
    for unit in sorted({each.unit for each in spends}):
        members = {each.member_no for each in spends if each.unit == unit}
        locked = await lock_lots(conn, members, unit=unit)
        holdings |= {(unit, member): each for member, each in locked.items()}
    # 2. Who spent under these numbers has committed, or waits for the same lots.
    known = await store.load_spends(conn, [each.spend_id for each in spends])
    # 3. Decide, and write down what was decided.
    outcomes, transfers = plan_spends(spends, known, holdings, today)
    new = [
        each
        for each, outcome in zip(spends, outcomes, strict=True)
        if outcome is SpendOutcome.SPENT
    ]
    if new:
        await store.insert_spends(conn, new)
        await post_transfers(conn, transfers)
    return outcomes


async def return_spends(
    conn: AsyncConnection, returns: Sequence[Return]
) -> list[ReturnOutcome]:
    """Return spends whole to the lots that they took, each at most once."""
    if not returns:
        return []
    first = {each.spend_id: each for each in reversed(returns)}
    known = await store.load_spends(conn, list(first))
    wished = [each for each in first.values() if each.spend_id in known]
    taken = await store.take_reversals(conn, wished, known)
    if taken:
        came = await load_transfers(conn, sorted(taken))
        back = [
            each
            for origin_id, transfers in came.items()
            for each in give_back(
                first[origin_id].reversal_id,
                [each for each in transfers if each.kind is TransferKind.SPEND],
            )
        ]
        await post_transfers(conn, back)
    return [_tell(each, first, known, taken) for each in returns]


def _tell(
    asked: Return,
    first: dict[int, Return],
    known: dict[int, Spend],
    taken: frozenset[int],
) -> ReturnOutcome:
    if asked.spend_id not in known:
        return ReturnOutcome.UNKNOWN
    if asked.spend_id in taken and first[asked.spend_id] is asked:
        return ReturnOutcome.RETURNED
    return ReturnOutcome.RETURNED_BEFORE
