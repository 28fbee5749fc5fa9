"""Points that end: who is warned when, and what is told of those that went."""

from datetime import date, timedelta

from sqlalchemy import text

from crowncap.tellers import TELLERS
from rewards.domain.transfers import Transfer, TransferKind
from rewards.pipeline.points.expiring import (
    WARN_DAYS,
    expire_points,
    warn_of_expiry,
)
from rewards.store.points.happened import EXPIRED
from rewards.store.transfers import post_transfers
from tests.fixtures.ground import CLOCK, Ground

END = date(2028, 2, 29)
FIRST_WARNING = END - timedelta(days=WARN_DAYS)
TOLD = "SELECT jsonb_array_elements(events) FROM outbox WHERE kind = 'told'"


async def grant(ledger: Ground, *ends: date | None) -> list[int]:
    """Give a new member five points for each end."""
    campaign = await ledger.campaign("ending")
    members = await ledger.members(*(f"m{n}" for n in range(len(ends))))
    given = []
    for member, end in zip(members, ends, strict=True):
        number = ledger.ids.next_id(CLOCK.now_ms())
        given.append(
            Transfer(
                *(number, number, TransferKind.GRANT, campaign.campaign_no, member),
                *(0, 5, end),
            )
        )
    async with ledger.engine.begin() as conn:
        await post_transfers(conn, given)
    return members


async def warn(ledger: Ground, day: date) -> list[tuple[str, int, str]]:
    """Warn of what ends, two members at once; gives who was warned since before."""
    async with ledger.engine.begin() as conn:
        await conn.execute(text("DELETE FROM outbox"))
    more = True
    while more:
        async with ledger.engine.begin() as conn:
            more = await warn_of_expiry(conn, day=day, at_once=2)
    told = [each for (each,) in await ledger.rows(TOLD)]
    assert {kind for kind, _ in told} <= {"points.expiring"}
    return [(e["member_id"], e["amount"], e["expires_on"]) for _, e in told]


async def test_each_member_is_warned_once_of_each_end(ledger: Ground) -> None:
    """Some days before, or later if no job ran; not of what never ends."""
    await grant(ledger, END, END, END, None, date(2030, 1, 31))
    assert await warn(ledger, FIRST_WARNING - timedelta(days=1)) == []
    all_three = [(f"m{n}", 5, END.isoformat()) for n in range(3)]
    assert await warn(ledger, FIRST_WARNING + timedelta(days=3)) == all_three
    assert await warn(ledger, FIRST_WARNING + timedelta(days=4)) == []
    assert await warn(ledger, END + timedelta(days=1)) == []


async def test_points_are_good_through_their_last_day(ledger: Ground) -> None:
    """A leap day; then they go, once, and others are told of each."""
    members = await grant(ledger, END, END, None)

    async def expire(day: date) -> int:
        async with ledger.engine.begin() as conn:
            return await expire_points(
                conn, day=day, next_id=lambda: ledger.ids.next_id(CLOCK.now_ms())
            )

    assert await expire(END) == 0
    assert await expire(END + timedelta(days=9)) == 2
    assert await expire(END + timedelta(days=9)) == 0
    left = await ledger.rows("SELECT member_no, available FROM balances")
    assert left == [(members[2], 5)]
    [(numbers,)] = await ledger.rows(f"SELECT ids FROM outbox WHERE kind = '{EXPIRED}'")
    async with ledger.engine.connect() as conn:
        told = await TELLERS[EXPIRED](conn, numbers)
    assert sorted(each.data["member_id"] for each in told.values()) == ["m0", "m1"]
    assert {(e.data["amount"], e.data["expires_on"]) for e in told.values()} == {
        (5, "2028-02-29")
    }
    assert await ledger.audit() == []
