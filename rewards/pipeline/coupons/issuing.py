"""Coupons issued by hand and by apps: concurrent requests become one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth import idempotency
from core.auth.audit import Action, record_actions
from core.auth.idempotency import Replay, SentKey
from core.auth.principal import Staff
from core.batch_commits import commit_batch
from core.batching import Batcher
from core.clock import Clock, business_day, utc_datetime
from core.errors import Fault, InvalidInput
from core.fence import share_fence
from core.ids import TimeIds
from rewards.domain.coupons import CouponState, IssueOutcome, Pool
from rewards.domain.limits import ALWAYS, Per
from rewards.domain.messages import message
from rewards.pipeline.coupons.numbers import CouponNumbers
from rewards.pipeline.coupons.views import IssuedCoupon
from rewards.store.coupons.issuing import PlannedCoupon, issue_coupons
from rewards.store.coupons.pools import load_pools
from rewards.store.members import ensure_members

BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class IssueRequest:
    """A coupon that a member is to have; who asks for it, why, and under which key."""

    pool_id: str
    member_id: str
    staff: Staff
    reason: str | None = None
    key: SentKey | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of a request; `body` is the answer, as JSON, of one that succeeded.

    `limit` is the one that had no room.
    """

    outcome: IssueOutcome
    body: bytes = b""
    replayed: bool = False
    limit: Per | None = None


@dataclass(slots=True)
class CouponIssuing:
    """Issues coupons in batches; an outcome for each request."""

    engine: AsyncEngine
    clock: Clock
    ids: TimeIds
    timezone: ZoneInfo
    numbers: CouponNumbers
    batcher: Batcher[IssueRequest, Issued] = field(init=False)
    _pools: dict[str, Pool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.batcher = Batcher(self.issue, lone_keys=_lone_keys, batch_size=BATCH)

    async def issue(
        self, requests: Sequence[IssueRequest]
    ) -> Sequence[Issued | Exception]:
        """Issue as many coupons as the pools' limits let, in the order of requests."""
        numbers = await self.numbers.take(len(requests))
        now_ms = self.clock.now_ms()
        return await commit_batch(
            self.engine,
            list(zip(requests, numbers, strict=True)),
            lambda conn, asked: self._issue(conn, asked, now_ms),
        )

    async def _issue(
        self,
        conn: AsyncConnection,
        asked: Sequence[tuple[IssueRequest, int]],
        now_ms: int,
    ) -> Sequence[Issued | Exception]:
        """Issue coupons with numbers that nobody else has, in one transaction."""
        requests = [request for request, _ in asked]
        numbers = [number for _, number in asked]
        ended: list[Issued | Exception | None] = [None] * len(requests)
        await self._meet_pools(conn, requests)
        await share_fence(conn)
        keys = [each.key for each in requests]
        taken = await idempotency.begin_many(conn, keys, numbers)
        planned: list[tuple[int, IssueRequest, Pool]] = []
        for place, (request, before) in enumerate(zip(requests, taken, strict=True)):
            ended[place] = self._ended(request, before, now_ms)
            if ended[place] is None:
                planned.append((place, request, self._pools[request.pool_id]))
        await self._issue_planned(conn, planned, numbers, ended, now_ms)
        # What was recorded before stays as it was recorded.
        await idempotency.finish_many(
            conn,
            [
                (request.key, getattr(issued, "body", b"") or None)
                for request, before, issued in zip(requests, taken, ended, strict=True)
                if before is None
            ],
        )
        return [_there(each) for each in ended]

    def _ended(
        self, request: IssueRequest, before: Replay | Fault | None, now_ms: int
    ) -> Issued | Exception | None:
        """Tell what needs no coupon: what was answered before, and what has no pool."""
        if isinstance(before, Replay):
            return Issued(IssueOutcome.ISSUED, before.response, replayed=True)
        if before is not None:
            return before
        pool = self._pools.get(request.pool_id)
        if pool is None or not pool.is_of(request.staff.brand):
            return InvalidInput.field(
                "/pool_id", "unknown_pool", message("no_pool", pool_id=request.pool_id)
            )
        if pool.is_over(utc_datetime(now_ms)):
            return Issued(IssueOutcome.EXPIRED)
        return None

    async def _issue_planned(
        self,
        conn: AsyncConnection,
        planned: Sequence[tuple[int, IssueRequest, Pool]],
        numbers: Sequence[int],
        ended: list[Issued | Exception | None],
        now_ms: int,
    ) -> None:
        """Issue what can be; fills in how each request ended."""
        if not planned:
            return
        now = utc_datetime(now_ms)
        members = await ensure_members(
            conn, {r.member_id: self.ids.next_id(now_ms) for _, r, _ in planned}
        )
        coupons = [
            PlannedCoupon(
                numbers[place],
                members[request.member_id],
                pool.pool_no,
                *pool.validity(now, self.timezone),
                pool.limits,
            )
            for place, request, pool in planned
        ]
        day = (business_day(now_ms, self.timezone) - ALWAYS).days
        refused = await issue_coupons(conn, coupons, now=now, day=day)
        codes = self.numbers.codes.seal([each.coupon_no for each in coupons])
        done: list[Action] = []
        for (place, request, pool), coupon, code, full in zip(
            planned, coupons, codes, refused, strict=True
        ):
            ended[place] = _outcome(pool, coupon, code, full)
            if not full:
                done.append(_written_down(request, coupon))
        await record_actions(conn, done, now=now)

    async def _meet_pools(
        self, conn: AsyncConnection, requests: Sequence[IssueRequest]
    ) -> None:
        """Load pools that are not known here; nothing that is kept of them changes."""
        unknown = {each.pool_id for each in requests} - self._pools.keys()
        if unknown:
            self._pools |= await load_pools(conn, unknown)


def _lone_keys(request: IssueRequest) -> Sequence[bytes]:
    return () if request.key is None else (request.key.key_hash,)


def _there(ended: Issued | Exception | None) -> Issued | Exception:
    assert ended is not None, "each request ends somehow"
    return ended


def _outcome(pool: Pool, coupon: PlannedCoupon, code: str, full: int) -> Issued:
    if full:
        limit = next(each for each in pool.limits if each.limit_no == full)
        outcome = (
            IssueOutcome.LIMIT_REACHED if limit.of_member else IssueOutcome.OUT_OF_STOCK
        )
        return Issued(outcome, limit=limit.per)
    view = IssuedCoupon(
        coupon_id=str(coupon.coupon_no),
        coupon_code=code,
        state=CouponState.ISSUED,
        valid_from=coupon.valid_from,
        valid_until=coupon.valid_until,
    )
    return Issued(IssueOutcome.ISSUED, msgspec.json.encode(view))


def _written_down(request: IssueRequest, coupon: PlannedCoupon) -> Action:
    return Action(
        request.staff,
        "coupon.issue",
        f"coupon:{coupon.coupon_no}",
        {
            "pool_id": request.pool_id,
            "member_id": request.member_id,
            "reason": request.reason,
        },
        request.request_id,
    )
