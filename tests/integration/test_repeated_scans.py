"""One code scanned again and again by one caller is one scan for some minutes."""

import asyncio
from typing import Any

import msgspec
import psycopg
import pytest

from core.ids import first_id_at, time_of_id
from scan_api.domain.scans import Outcome
from scan_api.store.scans import Decided, load_committed
from tests.fixtures.ground import Ground, outcomes

KEPT = "SELECT count(*) FROM scans"
TRACES = "SELECT count(*) FROM scan_traces"
TEN_MINUTES_MS = 600_000


def look(ledger: Ground, code: int, member: int = 0, **scan: Any) -> Decided:
    """Plan a scan that claims nothing, by somebody."""
    wish = ledger.wish(code, member, outcome=scan.pop("outcome", Outcome.VERIFIED))
    return msgspec.structs.replace(
        wish, scan=msgspec.structs.replace(wish.scan, **scan)
    )


async def test_the_same_device_or_network_is_counted_and_kept_once(
    ledger: Ground,
) -> None:
    """Either of the two makes it equal; the answer names the scan that is kept."""
    [code] = await ledger.live(1)
    phone: dict[str, Any] = {"address": "198.51.100.7", "device_id": "phone"}
    first = look(ledger, code, **phone)
    [done] = await ledger.commit(first)
    assert (done.scan_count, done.repeats) == (1, None)
    for again in (
        phone,
        phone | {"device_id": "another each time"},
        phone | {"address": "203.0.113.9"},
        {"address": None, "device_id": "phone"},
    ):
        [done] = await ledger.commit(look(ledger, code, **again))
        assert (done.outcome, done.scan_count) == ("verified", 1)
        assert done.repeats == first.scan.scan_id
    for count, other in enumerate(("2001:db8:1::1", "2001:db8:2::1"), start=2):
        [done] = await ledger.commit(look(ledger, code, address=other))
        assert (done.scan_count, done.repeats) == (count, None)
    [done] = await ledger.commit(look(ledger, code, address="2001:db8:1::ffff"))
    assert done.repeats is not None
    assert await ledger.rows(KEPT) == await ledger.rows(TRACES) == [(3,)]


async def test_a_member_is_one_wherever_from(ledger: Ground) -> None:
    """Who claimed a code reads the same for ever; the first repeat counts."""
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    ann, bob = await ledger.members("ann", "bob")
    [won] = await ledger.commit(ledger.wish(code, ann, points))
    assert (won.outcome, won.scan_count) == ("rewarded", 1)
    for number in range(20):
        wish = ledger.wish(code, ann, points)
        scan = msgspec.structs.replace(wish.scan, address=f"198.51.100.{number}")
        [done] = await ledger.commit(msgspec.structs.replace(wish, scan=scan))
        assert (done.outcome, done.scan_count) == ("already_claimed", 2)
        assert (done.claim_member_no, done.original_points) == (ann, 5)
    [other] = await ledger.commit(ledger.wish(code, bob, points))
    assert (other.outcome, other.scan_count, other.repeats) == (
        *("already_claimed", 3, None),
    )
    assert await ledger.rows(KEPT) == [(3,)]
    assert await ledger.audit() == []


async def test_another_outcome_and_another_time_count_anew(ledger: Ground) -> None:
    """What came of it is part of a scan; ten minutes later it is a new one."""
    points = await ledger.campaign("points")
    [code] = await ledger.live(1)
    [ann] = await ledger.members("ann")
    first = look(ledger, code)
    await ledger.commit(first)
    await ledger.commit(ledger.wish(code, ann, points))
    [done] = await ledger.commit(look(ledger, code))
    assert (done.outcome, done.scan_count, done.repeats) == (
        *("already_claimed", 3, None),
    )
    last = look(ledger, code)
    at_ms = time_of_id(last.scan.scan_id)
    for late_ms, repeats in ((TEN_MINUTES_MS - 60_000, True), (TEN_MINUTES_MS, False)):
        late = look(ledger, code, scan_id=first_id_at(at_ms + late_ms))
        [done] = await ledger.commit(late)
        assert (done.repeats is not None) is repeats


async def test_equal_scans_of_one_batch_are_one(ledger: Ground) -> None:
    """A hundred at once from one network, among those of others."""
    codes = await ledger.live(2)
    equal = [look(ledger, codes[0], address="198.51.100.1") for _ in range(100)]
    others = [look(ledger, codes[1], address=f"198.51.100.{n}") for n in range(9)]
    done = await ledger.commit(*equal, *others)
    assert {each.scan_count for each in done[:100]} == {1}
    assert [each.repeats for each in done[:100]].count(None) == 1
    assert {each.scan_count for each in done[100:]} == {9}
    assert await ledger.rows(KEPT) == [(10,)]


async def test_a_lost_answer_is_found_again_though_part_of_it_was_not_kept(
    ledger: Ground,
) -> None:
    """What was kept is in the way of a second commit; what was not repeats again."""
    codes = await ledger.live(2)
    first = look(ledger, codes[0], address="198.51.100.1")
    await ledger.commit(first)
    repeat = look(ledger, codes[0], address="198.51.100.1")
    kept = look(ledger, codes[1], address="198.51.100.1")
    await ledger.commit(repeat, kept)
    for batch in ([repeat, kept], [kept]):
        with pytest.raises(psycopg.errors.UniqueViolation):
            await ledger.commit(*batch)
    assert list(await load_committed(ledger.conn, [repeat, kept])) == [
        kept.scan.scan_id
    ]
    [again] = await ledger.commit(repeat)
    assert again.repeats == first.scan.scan_id
    assert await ledger.rows("SELECT scans FROM sightings") == [(1,), (1,)]


async def test_a_row_remembers_few(ledger: Ground) -> None:
    """However many scan a code, its row stays small."""
    [code] = await ledger.live(1)
    for number in range(12):
        device: dict[str, Any] = {
            "address": f"198.51.100.{number}",
            "device_id": f"phone {number}",
        }
        await ledger.commit(look(ledger, code, **device))
    sizes = "SELECT cardinality(recent_tags), cardinality(recent_scans) FROM sightings"
    assert await ledger.rows(sizes) == [(8, 8)]


async def test_two_workers_agree_which_scan_is_kept(ledger: Ground) -> None:
    """Both commit the same look at once, many times; each code has one scan."""
    codes = await ledger.live(20)
    async with await psycopg.AsyncConnection.connect(
        ledger.database_url, autocommit=True
    ) as other:
        for code in codes:
            looks = [look(ledger, code, address="198.51.100.1") for _ in range(2)]
            done = await asyncio.gather(
                ledger.commit(looks[0]), ledger.commit(looks[1], conn=other)
            )
            kept = [each.repeats for [each] in done]
            assert kept.count(None) == 1
            assert {each.scan_count for [each] in done} == {1}
    assert await ledger.rows(KEPT) == [(20,)]


async def test_equal_scans_write_nothing(ledger: Ground) -> None:
    """A transaction without a number has no row to keep and no disk to wait for."""
    points = await ledger.campaign("points")
    claimed, looked_at = await ledger.live(2)
    ann, bob = await ledger.members("ann", "bob")
    await ledger.commit(ledger.wish(claimed, ann, points))

    async def repeat(**elsewhere: Any) -> tuple[bool, ...]:
        wishes = [
            *(ledger.wish(claimed, member, points) for member in (ann, bob)),
            look(ledger, looked_at, address="198.51.100.1", **elsewhere),
        ]
        async with ledger.conn.transaction():
            done = await ledger.commit(*wishes)
            asked = await ledger.conn.execute("SELECT pg_current_xact_id_if_assigned()")
            [number] = await asked.fetchone() or [None]
        assert outcomes(done)[:2] == ["already_claimed"] * 2
        return (number is not None, *(each.repeats is not None for each in done))

    assert await repeat() == (True, False, False, False)
    assert await repeat() == (False, True, True, True)
    # What is another outcome than before is written, and the others beside it are not.
    assert await repeat(outcome=Outcome.REFUSED) == (True, True, True, False)
