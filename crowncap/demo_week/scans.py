"""The scans of the demo's week, through the pipeline that every scan takes.

A scan's id is made of its planned time, so that whoever begins again after a crash
finds by the ids what is there already, and adds the rest.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain.batches import Batch
from codegen.domain.keys import EpochKeys
from codegen.domain.sealing import filter_hash, seal
from codegen.keyring import MasterKeyFile
from core.clock import business_day, to_ms
from core.ids import TimeIds
from core.redis import RedisClient
from core.settings import Settings
from crowncap.demo_week.calendar import Week
from crowncap.demo_week.shoppers import PlannedScan, plan_scans
from crowncap.recovery.claims import ClaimJournal
from scan_api.domain.scans import Scan
from scan_api.pipeline.requests import Position, locate, position_cell
from scan_api.pipeline.scans import ScanPipeline
from scan_api.pipeline.signals import SignalStore
from scan_api.pipeline.worker_state import WorkerStateKeeper
from scan_api.store.commit_pool import CommitPool
from scan_api.store.partitions import ensure_current_partitions, keep_code_partitions
from scan_api.store.scans import find_kept

# The last number that workers come to: none of them had it that week.
_WORKER_NO: Final = 1_023


@dataclass(frozen=True, slots=True)
class Shops:
    """What scanning needs: the servers, the keys, and who keeps claims beside them."""

    engine: AsyncEngine
    redis: RedisClient
    database_url: str
    key_file: MasterKeyFile
    settings: Settings

    async def scan(self, week: Week, batches: Sequence[Batch]) -> None:
        """Scan what was planned and is not there yet, in the order of time."""
        scans = read_plan(plan_scans(week), batches, self.key_file.load())
        async with self.engine.connect() as conn:
            kept = await find_kept(conn, [scan.scan_id for scan in scans])
        # The last is committed last.
        if scans[-1].scan_id in kept:
            return
        await keep_code_partitions(self.engine)
        for day in range(len(week.days)):
            await ensure_current_partitions(self.engine, week.at(day, 12))
        await self._submit(week, [each for each in scans if each.scan_id not in kept])

    async def _submit(self, week: Week, scans: Sequence[Scan]) -> None:
        keeper = WorkerStateKeeper(self.engine, self.key_file)
        await keeper.start()
        await keeper.refresh()
        pool = CommitPool(self.database_url)
        signals = SignalStore(self.redis)
        claims = ClaimJournal(self.settings.data_dir / "claims")
        pipeline = ScanPipeline(
            pool,
            signals,
            keeper,
            week.timezone,
            TimeIds(_WORKER_NO),
            _no_coupons,
            claims.note,
        )
        try:
            for batch in cut_batches(scans, week):
                await asyncio.gather(*map(pipeline.submit, batch))
            await signals.flush()
        finally:
            await claims.flush()
            await pool.close()


def read_plan(
    planned: Sequence[PlannedScan], batches: Sequence[Batch], keys: EpochKeys
) -> list[Scan]:
    """Make scans of what was planned, as a phone's request is made one."""
    serials = [batches[each.batch].first_serial + each.index for each in planned]
    sealed = seal(keys, batches[0].epoch, np.array(serials, np.uint64))
    ids = TimeIds(_WORKER_NO)
    return [
        _read(each, batches[each.batch], row.tobytes().decode(), ids)
        for each, row in zip(planned, sealed, strict=True)
    ]


def _read(planned: PlannedScan, batch: Batch, code_text: str, ids: TimeIds) -> Scan:
    by, at_ms = planned.by, to_ms(planned.at)
    origin = locate(address=by.address, device_id=by.device_id, member_id=by.member_id)
    return Scan(
        scan_id=ids.next_id(at_ms),
        at_ms=at_ms,
        code_id=batch.first_code_id + planned.index,
        code_hash=filter_hash(code_text),
        gtin=None,
        member_id=by.member_id,
        device_id=by.device_id,
        address=origin.address,
        cell=position_cell(Position(by.latitude, by.longitude)),
        language="zh",
        tags=origin.tags,
    )


def cut_batches(scans: Sequence[Scan], week: Week) -> Iterator[list[Scan]]:
    """Cut scans into batches of one day that name each member and each code once.

    What was scanned before is then decided before, as it was.
    """
    batch: list[Scan] = []
    seen: set[object] = set()
    for scan in scans:
        day = business_day(scan.at_ms, week.timezone)
        names = {scan.code_id, scan.device_id}
        if batch and (names & seen or day not in seen):
            yield batch
            batch, seen = [], set()
        batch.append(scan)
        seen |= names | {day}
    if batch:
        yield batch


async def _no_coupons(count: int) -> list[int]:
    """Give no numbers: the week's campaign pays points alone."""
    assert count == 0, "a demo's campaign has no coupons"
    return []
