"""Who got what of a campaign, when and from which offer, in pages."""

import pytest

from core.auth.principal import Role, Staff
from core.clock import utc_datetime
from core.errors import InvalidInput, NotFound
from rewards.domain.entries import EntryKey, PaidEntry
from rewards.domain.holds import Resolution
from rewards.pipeline.entries import LOOK, load_entries
from scan_api.domain.scans import Outcome
from tests.fixtures.claims import Claims, chance, gift, points
from tests.fixtures.coupons import SUPPORT
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.integration.test_figures import count

DAY_MS = 86_400_000


@pytest.fixture
def claims(ledger: Ground) -> Claims:
    """Give a fresh database with marketers."""
    return Claims(ledger)


async def read(
    claims: Claims,
    campaign_id: str = "all",
    *,
    limit: int = 50,
    look: int = LOOK,
    days_on: int = 0,
    staff: Staff = SUPPORT,
) -> tuple[list[PaidEntry], int]:
    """Read all entries page by page; tells how many pages too."""
    found: list[PaidEntry] = []
    cursor, pages = None, 0
    while pages == 0 or cursor is not None:
        async with claims.ground.engine.connect() as conn:
            page = await load_entries(
                conn,
                campaign_id,
                staff,
                cursor=cursor,
                limit=limit,
                timezone=TIMEZONE,
                now=utc_datetime(CLOCK.now_ms() + days_on * DAY_MS),
                look=look,
            )
        assert len(page.entries) <= limit
        found += page.entries
        cursor, pages = page.following, pages + 1
    return found, pages


async def lived_in(claims: Claims) -> list[int]:
    """Let a campaign pay, hold, void and take back beside another; gives scans."""
    ground = claims.ground
    await claims.campaign("all", points(5), chance(("gold", 1_000_000, gift())))
    await claims.campaign("other", points(7), applies_to="bound")
    mine, other = await claims.load("all"), await claims.load("other")
    ann, bob = await ground.members("ann", "bob")
    wishes = [
        ground.wish(code, member, campaign, outcome=outcome)
        for code, member, campaign, outcome in zip(
            await ground.live(5),
            (ann, bob, ann, bob, ann),
            (mine, other, mine, other, mine),
            (*(Outcome.REWARDED,) * 4, Outcome.HELD),
            strict=True,
        )
    ]
    for each in wishes:
        await ground.commit(each)
    first, _, _, _, held = scans = [each.scan.scan_id for each in wishes]
    await claims.resolve(held, by=Resolution.VOIDED)
    await claims.reverse(first)
    return scans


async def test_what_was_paid_and_what_came_of_it_is_told_by_scan(
    claims: Claims,
) -> None:
    first, _, third, _, held = await lived_in(claims)
    found, pages = await read(claims)
    assert pages == 1
    told = [(e.scan_id, e.kind.value, e.member_id, e.amount) for e in found]
    assert told == [
        (held, "hold_voided", "ann", 5),
        (held, "hold", "ann", 5),
        (third, "award", "ann", 5),
        (first, "reversal", "ann", 5),
        (first, "award", "ann", 5),
    ]
    assert {(each.offer_id, each.reward) for each in found} == {("points", "points")}


@pytest.mark.parametrize("look", [1, 2, 3, LOOK])
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_of_any_size_tell_each_entry_once(
    claims: Claims, limit: int, look: int
) -> None:
    """However few transfers of all campaigns a page looks at."""
    await lived_in(claims)
    whole, _ = await read(claims)
    found, pages = await read(claims, limit=limit, look=look)
    assert found == whole
    assert pages >= len(whole) / limit


async def test_days_on_which_it_paid_nothing_are_passed_over(claims: Claims) -> None:
    """A year later the first page begins where the campaign ended."""
    await lived_in(claims)
    await count(claims.ground)
    whole, _ = await read(claims)
    assert await read(claims, days_on=365) == (whole, 1)


async def test_who_may_not_see_a_campaign_sees_no_entries(claims: Claims) -> None:
    await lived_in(claims)
    await claims.ground.rows("UPDATE campaigns SET brand = 'Dairy'")
    rival = Staff("r", "rita", Role.MARKETER, brand="Rival")
    with pytest.raises(NotFound):
        await read(claims, staff=rival)
    with pytest.raises(NotFound):
        await read(claims, "none")
    with pytest.raises(InvalidInput):
        EntryKey.read("7")
