"""Issuing and changing codes in the database: never twice, never half, never unseen."""

import asyncio
import json
import shutil
import stat
from collections.abc import Awaitable, Callable

import pytest

from codegen.domain.batches import Selection
from codegen.domain.ranges import SERIALS_PER_EPOCH, EpochState, RangeState
from codegen.pipeline import change_epoch, check_keys, rotate_epoch
from codegen.pipeline.issuing import MAX_GAP, MIN_GAP
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput, MisconfiguredError
from tests.fixtures.ground import CLOCK, Ground


async def test_batches_issued_at_once_never_overlap(ledger: Ground) -> None:
    """Ranges are disjoint, in order, with a random gap before each."""
    batches = await asyncio.gather(*(ledger.issue(50 + n) for n in range(12)))
    ordered = sorted(batches, key=lambda batch: batch.first_serial)
    end, gaps = 0, set()
    for batch in ordered:
        gap = batch.first_serial - end
        assert MIN_GAP <= gap < MAX_GAP
        gaps.add(gap)
        end = batch.first_serial + batch.quantity
    assert len(gaps) > 1
    assert len({batch.batch_id for batch in batches}) == 12
    assert await ledger.rows("SELECT next_serial FROM epochs") == [(end,)]
    assert await ledger.audit() == []


async def test_an_order_that_is_refused_moves_no_mark(ledger: Ground) -> None:
    """A typo must not look as if the database were older than its mark."""
    await ledger.issue(10)
    before = ledger.issuance.high_water.path.read_text()
    with pytest.raises(InvalidInput):
        await ledger.issue(10, campaign_id="no such campaign")
    assert len(await ledger.rows("SELECT * FROM batches")) == 1
    assert ledger.issuance.high_water.path.read_text() == before
    await ledger.issue(10)
    assert await ledger.audit() == []


async def test_a_restored_database_continues_behind_the_high_water_mark(
    ledger: Ground,
) -> None:
    """What the backup does not know of is skipped."""
    spent = (await ledger.issue(1_000)).first_serial + 1_000
    await ledger.rows("DELETE FROM ranges")
    await ledger.rows("ALTER TABLE range_changes DISABLE TRIGGER append_only")
    await ledger.rows("DELETE FROM range_changes")
    await ledger.rows("DELETE FROM batches")
    await ledger.rows("UPDATE epochs SET next_serial = 0")
    assert (await ledger.issue(1)).first_serial >= spent + MIN_GAP


@pytest.mark.parametrize("content", ["", "{", "[]", "7"])
async def test_a_damaged_high_water_mark_stops_issuing(
    ledger: Ground, content: str
) -> None:
    """Guessing could issue serials twice."""
    await ledger.issue(1)
    ledger.issuance.high_water.path.write_text(content)
    with pytest.raises(MisconfiguredError, match="high-water mark"):
        await ledger.issue(1)
    assert len(await ledger.rows("SELECT * FROM batches")) == 1


async def test_an_epoch_is_used_to_its_end_and_not_past_it(ledger: Ground) -> None:
    """A batch that does not fit is refused; the next epoch takes it."""
    ledger.issuance.high_water.path.parent.mkdir(exist_ok=True)
    left = MAX_GAP + 100
    mark = json.dumps({"0": SERIALS_PER_EPOCH - left})
    ledger.issuance.high_water.path.write_text(mark)
    with pytest.raises(Conflict) as spent:
        await ledger.issue(left)
    assert spent.value.code == "epoch_exhausted"
    last = await ledger.issue(50)
    assert last.first_serial + 50 <= SERIALS_PER_EPOCH
    async with ledger.engine.begin() as conn:
        now = utc_datetime(CLOCK.now_ms())
        await rotate_epoch(conn, ledger.issuance.key_file, OPERATOR, now=now)
    after = await ledger.issue(left)
    assert (after.epoch, after.first_serial < MAX_GAP) == (1, True)
    assert await ledger.audit() == []


async def test_keys_of_every_epoch_are_kept_private_and_checked(
    ledger: Ground,
) -> None:
    """One file, mode 0600, a line an epoch; a missing or wrong key is named."""
    now = utc_datetime(CLOCK.now_ms())
    key_file = ledger.issuance.key_file
    for _ in range(2):
        async with ledger.engine.begin() as conn:
            await rotate_epoch(conn, key_file, OPERATOR, now=now)
    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600
    lines = key_file.path.read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1", "2"]
    async with ledger.engine.connect() as conn:
        await check_keys(conn, key_file.load())
        shutil.copy(key_file.path, key_file.path.with_name("kept"))
        key_file.path.write_text("\n".join(lines[:2]) + "\n")
        with pytest.raises(MisconfiguredError, match="epoch 2 is missing"):
            await check_keys(conn, key_file.load())
        swapped = [lines[0], f"1 {lines[2].split()[1]}", f"2 {lines[1].split()[1]}"]
        key_file.path.write_text("\n".join(swapped) + "\n")
        with pytest.raises(MisconfiguredError, match="epoch 1 is not the one"):
            await check_keys(conn, key_file.load())


async def test_an_epoch_changes_only_forwards(ledger: Ground) -> None:
    """Frozen does not reopen, retired is the end."""
    legal = {
        ("open", "closed"),
        ("open", "frozen"),
        ("open", "retired"),
        ("closed", "frozen"),
        ("closed", "retired"),
        ("frozen", "closed"),
        ("frozen", "retired"),
    }
    now = utc_datetime(CLOCK.now_ms())
    for before in EpochState:
        for after in EpochState:
            await ledger.rows(f"UPDATE epochs SET state = '{before}'")
            try:
                async with ledger.engine.begin() as conn:
                    await change_epoch(conn, 0, after, OPERATOR, now=now)
                done = True
            except (Conflict, KeyError):
                done = False
            assert done == ((before, after) in legal), (before, after)


async def test_every_change_raises_the_version_that_scans_are_checked_by(
    ledger: Ground,
) -> None:
    """Issue, activation, void and recall: none goes unseen by a worker."""
    seen = [await ledger.version()]
    batch = await ledger.issue(4)
    seen.append(await ledger.version())
    for state in (RangeState.ACTIVATED, RangeState.VOID, RangeState.RECALLED):
        await ledger.change(batch, state, Selection(from_index=1, to_index=2))
        seen.append(await ledger.version())
    assert seen == sorted(set(seen))


async def test_a_change_waits_for_scans_and_scans_for_a_change(ledger: Ground) -> None:
    """Nothing that was decided before a void commits after its acknowledgement."""
    points = await ledger.campaign("points")
    batch = await ledger.issue(2)
    await ledger.change(batch, RangeState.ACTIVATED)
    [ann] = await ledger.members("ann")
    version = await ledger.version()
    async with ledger.conn.transaction():
        wish = ledger.wish(batch.first_code_id, ann, points)
        [done] = await ledger.commit(wish, version=version)
        void = asyncio.create_task(ledger.change(batch, RangeState.VOID))
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database"
            " WHERE datname = current_database())"
        )
        await until(lambda: ledger.rows(waiting), [(1,)])
        assert not void.done()
    assert done.outcome == "rewarded"
    assert (await void).changed == 2
    assert await ledger.audit() == []


async def until(ask: Callable[[], Awaitable[object]], wanted: object) -> None:
    """Ask until the answer is the one that is waited for."""
    async with asyncio.timeout(60):
        answer = await ask()
        while answer != wanted:
            await asyncio.sleep(0.02)
            answer = await ask()
