"""The scan as a textbook has it: the baseline that batching is measured against.

One SQLAlchemy session and one transaction a request, one Redis call a check, random
UUID keys, two ledger entries a reward, facts as jsonb. It decides the same things as
the real scan (signature, member, state of the code, void, velocity rules, one claim a
code, daily cap, budget) and is as durable; it has no idempotency keys and no holds.
Environment: BENCH_DATABASE_URL, BENCH_REDIS_URL, BENCH_MASTER_KEYS, BENCH_JWKS.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import redis.asyncio as aioredis
import sqlalchemy as sa
from litestar import Litestar, Request, post
from litestar.datastructures import State
from msgspec import Struct
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from codegen.domain import EpochKeys, open_code, parse_scanned
from codegen.keyring import MasterKeyFile
from core.auth.members import MemberVerifier
from core.clock import SystemClock, utc_datetime
from core.db import sqlalchemy_url
from core.ids import random_bytes
from core.log import RequestIds
from scan_api.pipeline.requests import ScanBody

POOL: Final = 20
POINTS: Final = 5
DAILY_CAP: Final = 1_000_000
VOID_SET: Final = "textbook:void"
REFUSE_FROM: Final = 85
HOUSE: Final = UUID(int=0)
# Entity, window in seconds, limit, score: the rules of anti_fraud/rules.json.
CHECKS: Final = (
    ("member", 600, 20, 40),
    ("member", 86_400, 50, 60),
    ("device", 600, 30, 20),
    ("device", 86_400, 100, 20),
    ("network", 600, 300, 15),
)


def new_id() -> UUID:
    """Make a random UUID, version 4."""
    return UUID(bytes=random_bytes(16), version=4)


class Base(DeclarativeBase):
    """The textbook's own tables, in a database of their own."""


class Range(Base):
    """Codes in one state."""

    __tablename__ = "ranges"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    first_code_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    last_code_id: Mapped[int] = mapped_column(sa.BigInteger)
    state: Mapped[str]
    campaign_id: Mapped[UUID] = mapped_column(sa.ForeignKey("campaigns.id"))


class Campaign(Base):
    """What a code pays."""

    __tablename__ = "campaigns"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    points: Mapped[int]
    daily_cap: Mapped[int] = mapped_column(sa.BigInteger)
    budget: Mapped[int | None] = mapped_column(sa.BigInteger)
    spent: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Member(Base):
    """Who collects points, and the balance."""

    __tablename__ = "members"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    external_id: Mapped[str] = mapped_column(unique=True)
    balance: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    day: Mapped[date | None]
    earned_today: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Claim(Base):
    """One claim a code."""

    __tablename__ = "claims"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code_id: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("members.id"), index=True)
    scan_id: Mapped[UUID]
    claimed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Entry(Base):
    """Half of a transfer."""

    __tablename__ = "entries"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    scan_id: Mapped[UUID] = mapped_column(index=True)
    account_id: Mapped[UUID] = mapped_column(index=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Scan(Base):
    """Every scan with its reasons."""

    __tablename__ = "scans"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code_id: Mapped[int] = mapped_column(sa.BigInteger, index=True)
    member_id: Mapped[UUID] = mapped_column(index=True)
    outcome: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    address: Mapped[str | None]
    device: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), index=True)


class Answer(Struct, frozen=True):
    """The answer to a scan."""

    scan_id: str
    outcome: str
    first_claimed_at: datetime | None = None
    by_you: bool | None = None
    points: int = 0
    points_available: int | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What a request works with."""

    sessions: async_sessionmaker[AsyncSession]
    redis: aioredis.Redis
    keys: EpochKeys
    verifier: MemberVerifier
    clock: SystemClock


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a scan before the database is asked."""

    code_id: int
    member: str
    device: str | None
    address: str | None
    counts: dict[str, int]
    score: int


@post("/scans", status_code=200)
async def scan(request: Request[Any, Any, State], data: ScanBody) -> Answer:
    """Answer one scan."""
    tools: Tools = request.app.state.tools
    text = parse_scanned(data.code).code_text
    code_id = open_code(tools.keys, text) if text is not None else None
    if code_id is None:
        return Answer(str(new_id()), "invalid")
    token = request.headers["authorization"].removeprefix("Bearer ")
    member = tools.verifier.verify(token, now_ms=tools.clock.now_ms()).member_id
    address = request.headers.get("x-forwarded-for")
    entities = {"member": member, "device": data.device_id, "network": address}
    counts: dict[str, int] = {}
    score = 0
    for entity, window_s, limit, points in CHECKS:
        if entities[entity] is not None:
            key = f"textbook:{entity}:{entities[entity]}:{window_s}"
            count = await count_in(tools.redis, key, window_s)
            counts[f"{entity}_{window_s}"] = count
            score += points if count > limit else 0
    if await tools.redis.sismember(VOID_SET, str(code_id)):
        return Answer(str(new_id()), "not_active")
    facts = Facts(code_id, member, data.device_id, address, counts, score)
    async with tools.sessions.begin() as session:
        return await settle(session, facts, utc_datetime(tools.clock.now_ms()))


async def count_in(client: aioredis.Redis, key: str, window_s: int) -> int:
    """Count one more in a window."""
    count = int(await client.incr(key))
    if count == 1:
        await client.expire(key, window_s)
    return count


async def settle(session: AsyncSession, facts: Facts, now: datetime) -> Answer:
    """Claim the code and pay; the session's transaction is one scan."""
    covers = (Range.first_code_id <= facts.code_id) & (
        Range.last_code_id >= facts.code_id
    )
    query = sa.select(Range.state, Campaign).join(Campaign).where(covers)
    found = (await session.execute(query)).one_or_none()
    if found is None or found.state != "activated":
        return Answer(str(new_id()), "not_active")
    campaign = found.Campaign
    member = await find_member(session, facts.member)
    scan_id = new_id()
    outcome = "refused" if facts.score >= REFUSE_FROM else "rewarded"
    claim: Claim | None = None
    if outcome == "rewarded":
        made = await session.scalar(
            insert(Claim)
            .values(
                id=new_id(),
                code_id=facts.code_id,
                member_id=member.id,
                scan_id=scan_id,
                claimed_at=now,
            )
            .on_conflict_do_nothing(index_elements=[Claim.code_id])
            .returning(Claim.id)
        )
        if made is None:
            outcome = "already_claimed"
            claim = await session.scalar(
                sa.select(Claim).where(Claim.code_id == facts.code_id)
            )
    paid = 0
    if outcome == "rewarded":
        paid = pay(session, member, campaign, scan_id, now)
    session.add(
        Scan(
            id=scan_id,
            code_id=facts.code_id,
            member_id=member.id,
            outcome=outcome,
            facts={"counts": facts.counts, "score": facts.score},
            address=facts.address,
            device=facts.device,
            created_at=now,
        )
    )
    await session.flush()
    if paid:
        # The one row that every scan needs is locked last, until the commit.
        await spend(session, campaign.id, paid)
    return Answer(
        str(scan_id),
        outcome,
        claim.claimed_at if claim else None,
        claim.member_id == member.id if claim else None,
        paid,
        member.balance,
    )


async def find_member(session: AsyncSession, external_id: str) -> Member:
    """Find and lock a member, or make one at the first scan."""
    query = sa.select(Member).where(Member.external_id == external_id).with_for_update()
    member = await session.scalar(query)
    if member is None:
        await session.execute(
            insert(Member)
            .values(id=new_id(), external_id=external_id)
            .on_conflict_do_nothing(index_elements=[Member.external_id])
        )
        member = (await session.scalars(query)).one()
    return member


def pay(
    session: AsyncSession,
    member: Member,
    campaign: Campaign,
    scan_id: UUID,
    now: datetime,
) -> int:
    """Credit the member within the daily cap; returns the points."""
    today = now.date()
    earned = member.earned_today if member.day == today else 0
    if earned + campaign.points > campaign.daily_cap:
        raise RuntimeError("The textbook's members stay below their daily cap.")
    member.day = today
    member.earned_today = earned + campaign.points
    member.balance += campaign.points
    for account_id, amount in ((HOUSE, -campaign.points), (member.id, campaign.points)):
        session.add(
            Entry(scan_id=scan_id, account_id=account_id, amount=amount, created_at=now)
        )
    return campaign.points


async def spend(session: AsyncSession, campaign_id: UUID, points: int) -> None:
    """Take points from the campaign's budget."""
    fits = Campaign.budget.is_(None) | (Campaign.spent + points <= Campaign.budget)
    done = await session.execute(
        sa.update(Campaign)
        .where(Campaign.id == campaign_id, fits)
        .values(spent=Campaign.spent + points)
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    )
    done.one()


def prepare(
    admin_url: str, database: str, database_url: str, last_code_id: int
) -> None:
    """Create the textbook's database and one campaign that covers all codes."""
    with psycopg.connect(admin_url, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{database}"'.encode())
    engine = sa.create_engine(sqlalchemy_url(database_url))
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        campaign_id = new_id()
        connection.execute(
            sa.insert(Campaign).values(
                id=campaign_id, points=POINTS, daily_cap=DAILY_CAP, spent=0
            )
        )
        connection.execute(
            sa.insert(Range).values(
                id=new_id(),
                first_code_id=0,
                last_code_id=last_code_id,
                state="activated",
                campaign_id=campaign_id,
            )
        )
    engine.dispose()


def create_app() -> Litestar:
    """Build the application of a worker from the environment."""
    environ = os.environ

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        engine = create_async_engine(
            # Connections past the pool would be opened anew for each request.
            sqlalchemy_url(environ["BENCH_DATABASE_URL"]),
            pool_size=POOL,
            max_overflow=0,
        )
        client = aioredis.Redis.from_url(environ["BENCH_REDIS_URL"])
        app.state.tools = Tools(
            async_sessionmaker(engine, expire_on_commit=False),
            client,
            MasterKeyFile(Path(environ["BENCH_MASTER_KEYS"])).load(),
            MemberVerifier.from_file(Path(environ["BENCH_JWKS"])),
            SystemClock(),
        )
        yield
        await client.aclose()
        await engine.dispose()

    return Litestar(
        route_handlers=[scan],
        lifespan=[lifespan],
        middleware=[RequestIds()],
        openapi_config=None,
        debug=False,
    )
