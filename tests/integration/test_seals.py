"""Transfers are sealed once they are committed, and an audit names what was changed."""

import asyncio

import pytest

from core.clock import utc_datetime
from rewards.domain.transfers import Transfer, TransferKind
from rewards.pipeline.seals import seal_some
from rewards.store.transfers import post_transfers
from tests.fixtures.ground import CLOCK, Ground

SEALED = "each sealed transfer is as it was sealed, and no other came in"


async def seal_all(ledger: Ground, at_once: int = 2) -> int:
    """Seal what is committed, a few postings a segment; tells how many segments."""
    segments = 0
    while True:
        async with ledger.engine.begin() as conn:
            now = utc_datetime(CLOCK.now_ms())
            if not await seal_some(conn, now=now, at_once=at_once):
                return segments
        segments += 1


async def post(ledger: Ground, count: int = 5) -> list[int]:
    """Grant some points, each in a transaction; gives their numbers."""
    campaign = await ledger.campaign("sealed")
    [member] = await ledger.members("ann")
    numbers = []
    for _ in range(count):
        number = ledger.ids.next_id(CLOCK.now_ms())
        grant = Transfer(
            *(number, number, TransferKind.GRANT, campaign.campaign_no, member, 0, 5)
        )
        async with ledger.engine.begin() as conn:
            await post_transfers(conn, [grant])
        numbers.append(number)
    return numbers


async def found(ledger: Ground) -> list[str]:
    """Give what an audit says of seals, but for what it says of balances."""
    findings = await ledger.audit()
    return [each for f in findings if f.sentence == SEALED for each in f.examples]


async def test_what_is_posted_is_sealed_once_and_whole(ledger: Ground) -> None:
    """By scans too; and what waits for a seal is no finding."""
    campaign = await ledger.campaign("sealed")
    codes, [ann, ben] = await ledger.live(4), await ledger.members("ann", "ben")
    await ledger.commit(
        ledger.wish(codes[0], ann, campaign), ledger.wish(codes[1], ben, campaign)
    )
    assert await ledger.audit() == []
    assert await seal_all(ledger) == 1
    await ledger.commit(ledger.wish(codes[2], ann, campaign))
    assert await seal_all(ledger) == 1
    assert await seal_all(ledger) == 0
    assert await ledger.rows("SELECT transfers FROM seals ORDER BY 1") == [(1,), (2,)]
    assert await ledger.rows("SELECT * FROM unsealed") == []
    assert await ledger.audit() == []


async def test_who_commits_late_is_sealed_later(ledger: Ground) -> None:
    """Nothing is passed over, however old its number is."""
    campaign = await ledger.campaign("sealed")
    [member] = await ledger.members("ann")
    old = ledger.ids.next_id(CLOCK.now_ms() - 86_400_000)
    late = Transfer(*(old, old, TransferKind.GRANT, campaign.campaign_no, member, 0, 5))
    async with ledger.engine.begin() as conn:
        await post_transfers(conn, [late])
        [ben] = await ledger.members("ben")
        number = ledger.ids.next_id(CLOCK.now_ms())
        grant = Transfer(
            *(number, number, TransferKind.GRANT, campaign.campaign_no, ben, 0, 5)
        )
        async with ledger.engine.begin() as other:
            await post_transfers(other, [grant])
        assert await seal_all(ledger) == 1
    assert await seal_all(ledger) == 1
    assert await ledger.audit() == []


async def test_two_sealers_seal_nothing_twice(ledger: Ground) -> None:
    """One of them gives up, and what it took is there for the next."""
    await post(ledger, 6)

    async def try_to_seal() -> None:
        async with ledger.engine.begin() as conn:
            await seal_some(conn, now=utc_datetime(CLOCK.now_ms()), at_once=2)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(try_to_seal() for _ in "abc"), return_exceptions=True)
    await seal_all(ledger)
    assert await ledger.rows("SELECT sum(transfers) FROM seals") == [(6,)]
    assert await ledger.audit() == []


PUT_IN = (
    "INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,"
    " credit_account, amount) SELECT 0, {0} + 1, {0} + 1, kind, debit_account,"
    " credit_account, amount FROM transfers WHERE transfer_id = {0}"
)
CHANGE = "UPDATE transfers SET {1} WHERE transfer_id = {0}"


@pytest.mark.parametrize(
    ("how", "change"),
    [
        ("touched", CHANGE.format("{0}", "amount = 50")),
        ("touched", CHANGE.format("{0}", "expires_on = '2030-01-01'")),
        ("removed", "DELETE FROM transfers WHERE transfer_id = {0}"),
        ("put in", PUT_IN),
    ],
)
async def test_an_audit_names_what_was_changed(
    ledger: Ground, how: str, change: str
) -> None:
    """Behind everybody's back, with a balance that was changed along."""
    numbers = await post(ledger)
    await seal_all(ledger)
    assert await ledger.audit() == []
    await ledger.rows(change.format(numbers[2]))
    [told] = await found(ledger)
    number = numbers[2] + 1 if how == "put in" else numbers[2]
    assert f"transfer {number} of {number} was {how}" in told


async def test_a_seal_that_was_made_anew_does_not_fit_the_next(ledger: Ground) -> None:
    """Nor does one that is gone."""
    await post(ledger)
    await seal_all(ledger)
    await ledger.rows("DELETE FROM seals WHERE seal_no = 2")
    told = await found(ledger)
    assert "seal 2 is gone" in told
    assert "seal 3 is not what it was" in told
