"""What a worker knows of ranges, campaigns, keys and rules, and how it stays fresh.

A worker serves before it has loaded the ranges, and while it loads what changed: what
it does not know, it asks PostgreSQL for, code by code.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.clusters import JOB as CLUSTERS_JOB
from anti_fraud.domain.dealers import JOB as DEALERS_JOB
from anti_fraud.domain.early_scans import EarlyWatch
from anti_fraud.domain.lists import Lists
from anti_fraud.store.background_marks import load_version
from anti_fraud.store.breaker import load_breaker
from anti_fraud.store.clusters import load_clusters
from anti_fraud.store.dealers import load_dealer_watch
from anti_fraud.store.early_scans import load_watch
from anti_fraud.store.lists import lists_version, load_changed_entries
from anti_fraud.store.rule_sets import load_rules, rules_version
from anti_fraud.store.shadows import load_shadow
from codegen.domain.brand_kits import BrandKit, Brands
from codegen.domain.keys import EpochKeys, Secret
from codegen.domain.products import Product
from codegen.domain.range_table import RangeTable, TableRow, segments_of
from codegen.domain.ranges import SEGMENT_BITS
from codegen.keyring import MasterKeyFile
from codegen.pipeline import check_keys
from codegen.store import (
    count_changed_ranges,
    load_changed_kits,
    load_changed_products,
    load_changed_ranges,
    load_range_table,
    load_ranges_of_codes,
    load_serving_epochs,
    void_segments_since,
)
from core.errors import MisconfiguredError
from core.fence import current_version
from rewards.domain.active_campaigns import Campaigns
from rewards.domain.remaining import Rooms, find_spent
from rewards.store.active_campaigns import load_campaigns, load_rooms
from rewards.store.claim_facts import load_claim_counter
from rewards.store.programme import load_programme
from scan_api.domain.worker_state import WorkerState
from scan_api.pipeline.metrics import INCIDENTS, POSTGRES_UP
from scan_api.store.partitions import CHUNK_BITS, keep_code_partitions

_MAX_NOTED = 1_000
# So many changed ranges are taken over in one turn of the event loop.
_ROWS_A_TURN = 512
# When so many changed at once, loading all is cheaper than taking them over.
_MANY_ROWS = 20_000

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class WorkerStateKeeper:
    """Holds the newest state; `refresh` brings it up to date with what changed."""

    engine: AsyncEngine
    key_file: MasterKeyFile
    keys: EpochKeys = field(init=False)
    # What decides chances, by epoch.
    chance_keys: Mapping[int, bytes] = field(init=False, repr=False)
    # What decides which card a code gives, by epoch.
    card_keys: Mapping[int, bytes] = field(init=False, repr=False)
    current: WorkerState = field(init=False)
    _knows_ranges: bool = False
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _chunks: set[int] = field(default_factory=set)
    _never_issued: list[int] = field(default_factory=list)
    _seen_void_change: int = 0
    _stale_segments: set[int] = field(default_factory=set)
    _wrong_segments: set[int] = field(default_factory=set)

    async def start(self) -> None:
        """Load what scans need at once; ranges come later, by `refresh`.

        Raises MisconfiguredError when a key is missing or wrong.
        """
        self._take_keys(self.key_file.load())
        async with self.engine.connect() as conn:
            await _repeatable(conn)
            await check_keys(conn, self.keys)
            self.current = await load_worker_state(conn, RangeTable.empty())

    async def refresh(self) -> None:
        """Bring the state up to date; what did not change is not loaded again."""
        async with self._lock, self.engine.connect() as conn:
            await _repeatable(conn)
            await self._learn_clusters(conn)
            await self._learn_dealers(conn)
            if await self._is_current(conn):
                await self._learn_unversioned(conn)
                return
            changed = await count_changed_ranges(
                conn, self.current.version, at_most=_MANY_ROWS
            )
            if self._knows_ranges and changed < _MANY_ROWS:
                table = await self._load_changed(conn)
            else:
                table = await load_range_table(conn)
            fresh = await self._newer(conn, table)
            segments, newest = await void_segments_since(conn, self._seen_void_change)
        await self._check_keys(fresh)
        fresh = replace(
            fresh, clusters=self.current.clusters, dealers=self.current.dealers
        )
        self.current = _keep_newer_rules(fresh, self.current)
        self._knows_ranges = True
        self._stale_segments.update(segments)
        self._seen_void_change = newest

    async def of_codes(self, code_ids: Sequence[int]) -> WorkerState:
        """Ask PostgreSQL for these codes, and for what is new besides ranges.

        For codes that are unknown here, issued a moment ago perhaps, and for batches
        that were decided on old ranges; neither waits until all changes are loaded.
        """
        async with self.engine.connect() as conn:
            await _repeatable(conn)
            rows = await load_ranges_of_codes(conn, code_ids)
            fresh = await self._newer(conn, RangeTable.of(rows))
        await self._check_keys(fresh)
        await self._make_partitions(rows)
        # Who guesses asks PostgreSQL for nothing, and must hear of new throttles too.
        self.current = _keep_newer_rules(self.current, fresh)
        return fresh

    async def _is_current(self, conn: AsyncConnection) -> bool:
        return (
            self._knows_ranges and await current_version(conn) == self.current.version
        )

    async def _learn_unversioned(self, conn: AsyncConnection) -> None:
        """Hear of what no version tells: each claim, look or refusal changes it."""
        spent, rooms = await _load_left(conn, self.current.campaigns)
        early = await load_watch(conn, self.current.early)
        is_open = await load_breaker(conn)
        self.current = replace(
            self.current,
            spent=spent,
            rooms=rooms,
            early=early,
            breaker_is_open=is_open,
        )

    async def _learn_clusters(self, conn: AsyncConnection) -> None:
        """Hear of what a job found, which has a version of its own."""
        version, counted_at = await load_version(conn, CLUSTERS_JOB)
        known = self.current.clusters
        if version != known.version:
            # Loaded first: what is known may have newer rules by then.
            clusters = await load_clusters(conn)
            self.current = replace(self.current, clusters=clusters)
        elif counted_at != known.counted_at:
            known = replace(known, counted_at=counted_at)
            self.current = replace(self.current, clusters=known)

    async def _learn_dealers(self, conn: AsyncConnection) -> None:
        """Hear of what another found."""
        version, _ = await load_version(conn, DEALERS_JOB)
        if version != self.current.dealers.version:
            dealers = await load_dealer_watch(conn)
            self.current = replace(self.current, dealers=dealers)

    async def _newer(self, conn: AsyncConnection, table: RangeTable) -> WorkerState:
        """Put a table and what changed besides it together, as `conn` sees it."""
        known, since = self.current, self.current.version
        rule_set, lists, shadow = known.rule_set, known.lists, known.shadow
        changed_at = await _rules_version(conn)
        if changed_at != known.rules_version:
            rule_set = await load_rules(conn)
            shadow = await load_shadow(conn, rule_set)
            changed = await load_changed_entries(conn, since=known.rules_version)
            # A third of a second for 100,000 entries; the loop goes on meanwhile.
            lists = await asyncio.to_thread(lists.with_changed, *changed)
        products = known.products | await load_changed_products(conn, since)
        kits = {**known.brands.kits, **await load_changed_kits(conn, since)}
        campaigns = known.campaigns.with_changed(
            await load_campaigns(conn, since=since)
        )
        spent, rooms = await _load_left(conn, campaigns)
        return replace(
            known,
            version=await current_version(conn),
            table=table,
            products=products,
            epochs=await load_serving_epochs(conn),
            campaigns=campaigns,
            rule_set=rule_set,
            lists=lists,
            shadow=shadow,
            rules_version=changed_at,
            spent=spent,
            rooms=rooms,
            programme=await load_programme(conn),
            brands=_brands(products, kits),
            claim_counter=await load_claim_counter(conn),
            early=await load_watch(conn, known.early),
            breaker_is_open=await load_breaker(conn),
        )

    async def _load_changed(self, conn: AsyncConnection) -> RangeTable:
        """Take the changed ranges over, a few in each turn of the event loop."""
        table = self.current.table
        rows = await load_changed_ranges(
            conn, self.current.version, seed=table.columns.seed
        )
        await self._make_partitions(rows)
        for at in range(0, len(rows), _ROWS_A_TURN):
            part = rows[at : at + _ROWS_A_TURN]
            table = table.with_rows(part)
            if table.needs_merging():
                table = await asyncio.to_thread(table.merged)
            self._stale_segments.update(segments_of(part))
            await asyncio.sleep(0)
        return table

    async def _check_keys(self, fresh: WorkerState) -> None:
        """Read the key file again when an epoch is new; raises MisconfiguredError."""
        if set(fresh.epochs) - set(self.keys.epochs):
            keys = self.key_file.load()
            async with self.engine.connect() as conn:
                await check_keys(conn, keys)
            self._take_keys(keys)

    def _take_keys(self, keys: EpochKeys) -> None:
        self.keys = keys
        self.chance_keys = self.key_file.load_secrets(Secret.CHANCES)
        self.card_keys = self.key_file.load_secrets(Secret.CARDS)

    async def _make_partitions(self, rows: Iterable[TableRow]) -> None:
        """Try, for a moment, to have partitions for claims of these ranges.

        What cannot be made now, upkeep makes: no reason to decide on old ranges.
        """
        chunks = {row.first_code_id >> CHUNK_BITS for row in rows}
        if not chunks <= self._chunks:
            await keep_code_partitions(self.engine, pauses_s=())
            self._chunks |= chunks

    def take_stale_segments(self) -> set[int]:
        """Hand over the segments whose codes changed."""
        taken, self._stale_segments = self._stale_segments, set()
        return taken

    def take_wrong_segments(self) -> set[int]:
        """Hand over the segments whose `claimed` bits were found wrong."""
        taken, self._wrong_segments = self._wrong_segments, set()
        return taken

    def note_wrong_bits(self, code_ids: Iterable[int]) -> None:
        """Remember segments whose `claimed` bits are not what PostgreSQL says."""
        self._wrong_segments.update(c >> SEGMENT_BITS for c in code_ids)

    def note_never_issued(self, code_id: int) -> None:
        """Remember a code that opened though nobody issued it; a key may be out."""
        INCIDENTS.inc()
        if len(self._never_issued) < _MAX_NOTED:
            self._never_issued.append(code_id)

    def take_never_issued(self) -> list[int]:
        """Hand over what was noted."""
        taken, self._never_issued = self._never_issued, []
        return taken

    def keep_never_issued(self, code_ids: Sequence[int]) -> None:
        """Remember again what was handed over and could not be told."""
        self._never_issued = [*code_ids, *self._never_issued][:_MAX_NOTED]

    async def follow(self, interval_s: float = 1.0) -> None:
        """Stay fresh until cancelled."""
        while True:
            try:
                await self.refresh()
                POSTGRES_UP.set(1)
            except MisconfiguredError as fault:
                log.error("worker_state_not_loaded", cause=str(fault))
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                POSTGRES_UP.set(0)
                log.warning("refresh_failed", cause=fault)
            await asyncio.sleep(interval_s)


async def load_worker_state(conn: AsyncConnection, table: RangeTable) -> WorkerState:
    """Put a table and all that is known besides it together."""
    products = await load_changed_products(conn, -1)
    entries = await load_changed_entries(conn, since=-1)
    rule_set = await load_rules(conn)
    campaigns = Campaigns.of(await load_campaigns(conn))
    spent, rooms = await _load_left(conn, campaigns)
    return WorkerState(
        await current_version(conn),
        table,
        products,
        await load_serving_epochs(conn),
        campaigns,
        rule_set,
        await _rules_version(conn),
        spent,
        _brands(products, await load_changed_kits(conn, -1)),
        await load_programme(conn),
        await load_claim_counter(conn),
        lists=Lists().with_changed(entries.entries, ()),
        clusters=await load_clusters(conn),
        dealers=await load_dealer_watch(conn),
        shadow=await load_shadow(conn, rule_set),
        early=await load_watch(conn, EarlyWatch()),
        breaker_is_open=await load_breaker(conn),
        rooms=rooms,
    )


async def _load_left(
    conn: AsyncConnection, campaigns: Campaigns
) -> tuple[frozenset[int], Rooms]:
    """Tell of which campaigns nothing is left, and what is left of their limits."""
    rooms, now = await load_rooms(conn)
    return find_spent(campaigns.by_id.values(), rooms, now), rooms


def _keep_newer_rules(taken: WorkerState, other: WorkerState) -> WorkerState:
    """Give `taken` with the newer rules of both: one may have overtaken the other."""
    if other.rules_version <= taken.rules_version:
        return taken
    return replace(
        taken,
        rule_set=other.rule_set,
        lists=other.lists,
        shadow=other.shadow,
        rules_version=other.rules_version,
    )


async def _rules_version(conn: AsyncConnection) -> int:
    """Tell the range version at which rules or lists were last changed."""
    return max(await rules_version(conn), await lists_version(conn))


def _brands(products: dict[str, Product], kits: dict[str, BrandKit]) -> Brands:
    return Brands.of((product.brand for product in products.values()), kits)


async def _repeatable(conn: AsyncConnection) -> None:
    """Let all that is read here be of one moment."""
    await conn.execution_options(isolation_level="REPEATABLE READ")
