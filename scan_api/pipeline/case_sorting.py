"""Holds of rules are brought into cases, a step behind the scans that they are of.

Several processes may do so at once: each locks the oldest holds that are in no case and
that no other has locked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.cases import (
    Attack,
    HeldScan,
    Subject,
    SubjectKind,
    find_attack,
)
from anti_fraud.domain.verdict import CaseKind, HeldBy
from anti_fraud.pipeline.cases.opening import open_cases
from codegen.domain.terms import RangeTerms
from codegen.store import load_ranges_of_codes
from core.clock import Clock, utc_datetime
from core.ids import TimeIds
from rewards.domain.awards import Award, AwardState
from rewards.domain.holds import Hold
from rewards.store.awards import load_awards
from rewards.store.filed_holds import lock_without_case, note_cases
from rewards.store.members import load_member_ids
from scan_api.pipeline.case_scans import device_key, find_terms, value_of
from scan_api.pipeline.replay import Replay, replay_scans
from scan_api.store.case_scans import TracedScan, load_traced

BATCH: Final = 500
_LOOK_S: Final = 2.0

# Tells by code_id which dealer had it last.
FindDealers = Callable[[AsyncConnection, Collection[int]], Awaitable[Mapping[int, str]]]

log = structlog.get_logger(logger_name=__name__)


@dataclass(slots=True)
class CaseSorting:
    """Brings held scans into cases; several may do so at once."""

    engine: AsyncEngine
    clock: Clock
    ids: TimeIds
    timezone: ZoneInfo
    find_dealers: FindDealers

    async def run(self) -> None:
        """Sort until cancelled."""
        while True:
            try:
                while await self.sort_once() == BATCH:
                    pass
            except Exception as fault:  # noqa: BLE001 - PostgreSQL may be away; go on
                log.warning("holds_not_sorted", cause=fault)
            await asyncio.sleep(_LOOK_S)

    async def sort_once(self) -> int:
        """Bring the oldest holds into cases, in one transaction; returns how many."""
        async with self.engine.begin() as conn:
            held = await lock_without_case(conn, limit=BATCH)
            if not held:
                return 0
            now_ms = self.clock.now_ms()
            case_of = await open_cases(
                conn,
                await self._understand_each(conn, held),
                next_id=lambda: self.ids.next_id(now_ms),
                now=utc_datetime(now_ms),
            )
            await note_cases(conn, case_of)
        log.info("holds_sorted", holds=len(held), cases=len(set(case_of.values())))
        return len(held)

    async def _understand_each(
        self, conn: AsyncConnection, held: Sequence[Hold]
    ) -> list[tuple[Attack, HeldScan]]:
        """Understand all; what can't be is a case of its member, with an alarm.

        The oldest come first, so that one of them must not keep all others waiting.
        """
        try:
            return await self._understand(conn, held)
        except DBAPIError:
            # The transaction is over: the whole batch is sorted another time.
            raise
        except Exception:
            if len(held) == 1:
                [hold] = held
                log.exception("hold_not_understood", scan_id=hold.transfer_id)
                # Its worth all the same: what seems worth nothing resolves itself.
                awards = (await load_awards(conn, [hold.transfer_id])).get(
                    hold.transfer_id, ()
                )
                subjects = name_subjects(hold, None, {}, {}, None)
                return [_sort(hold, subjects, awards, None)]
        half = len(held) // 2
        first = await self._understand_each(conn, held[:half])
        return first + await self._understand_each(conn, held[half:])

    async def _understand(
        self, conn: AsyncConnection, held: Sequence[Hold]
    ) -> list[tuple[Attack, HeldScan]]:
        """Tell by which attack each scan was held, and what it would earn."""
        ids = [hold.transfer_id for hold in held]
        traced = await load_traced(conn, ids)
        codes = [hold.code_id for hold in held]
        goods = find_terms(codes, await load_ranges_of_codes(conn, codes))
        dealers = await self.find_dealers(conn, codes)
        names = await load_member_ids(conn, {hold.member_no for hold in held})
        awards = await load_awards(conn, ids)
        replays = await replay_scans(conn, ids, self.timezone)
        return [
            _sort(
                hold,
                name_subjects(
                    hold,
                    traced.get(hold.transfer_id),
                    names,
                    goods,
                    dealers.get(hold.code_id),
                ),
                awards.get(hold.transfer_id, ()),
                replays.get(hold.transfer_id),
            )
            for hold in held
        ]


def _sort(
    hold: Hold,
    subjects: Mapping[SubjectKind, Subject],
    awards: Sequence[Award],
    replay: Replay | None,
) -> tuple[Attack, HeldScan]:
    decision = replay.decision if replay else None
    hits = decision.hits if decision else ()
    rule_set = decision.rule_set if decision else None
    scan = HeldScan(
        hold.transfer_id,
        replay.recorded.score if replay else 0,
        hits,
        subjects,
        value_of(awards, {AwardState.PENDING}),
        needs_person=decision is not None and decision.held_by is not None,
    )
    if decision is not None and decision.held_by is HeldBy.EARLY_SCANS:
        batch = subjects.get(SubjectKind.BATCH)
        if batch is not None:
            return Attack(CaseKind.LEAK, SubjectKind.BATCH, batch.key), scan
    return find_attack(hits, rule_set, subjects), scan


def name_subjects(
    hold: Hold,
    scan: TracedScan | None,
    names: Mapping[int, str],
    goods: Mapping[int, RangeTerms],
    dealer: str | None,
) -> dict[SubjectKind, Subject]:
    """Name what a scan is of, each by a key and as people know it."""
    number, code = str(hold.member_no), str(hold.code_id)
    subjects = {
        SubjectKind.MEMBER: Subject(number, names.get(hold.member_no, number)),
        SubjectKind.CODE: Subject(code, code),
    }
    if hold.code_id in goods:
        batch = str(goods[hold.code_id].batch_id)
        subjects[SubjectKind.BATCH] = Subject(batch, batch)
    if dealer is not None:
        subjects[SubjectKind.DEALER] = Subject(dealer, dealer)
    if scan is not None and scan.device:
        key = device_key(scan.device)
        subjects[SubjectKind.DEVICE] = Subject(key, key)
    if scan is not None and scan.network:
        subjects[SubjectKind.NETWORK] = Subject(scan.network, scan.network)
    return subjects
