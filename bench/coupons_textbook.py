"""Coupons as a textbook has them: a session and a transaction each, through the ORM.

The pool's row is locked and counted up, a coupon is a row with a random code and a
random UUID; a redemption locks the coupon by its code, changes it and adds a row.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.textbook import new_id
from core.clock import SystemClock, utc_datetime
from core.db import sqlalchemy_url
from core.ids import random_token

POOL: Final = 20
STOCK: Final = 10**9
CLOCK: Final = SystemClock()


class Base(DeclarativeBase):
    """The textbook's own tables."""


class Pool(Base):
    """Coupons of one kind, and how many there are."""

    __tablename__ = "textbook_pools"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    stock: Mapped[int] = mapped_column(sa.BigInteger)
    issued: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    minor: Mapped[int] = mapped_column(sa.BigInteger)


class Coupon(Base):
    """A coupon with a code of its own."""

    __tablename__ = "textbook_coupons"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    pool_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Pool.id))
    member: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    issued_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    valid_until: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class Redemption(Base):
    """A coupon that was used."""

    __tablename__ = "textbook_redemptions"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    coupon_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Coupon.id), unique=True)
    store: Mapped[str]
    discount: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class CouponTextbook:
    """Issues and redeems, one transaction each."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], pool_id: UUID
    ) -> None:
        self._sessions, self._pool_id = sessions, pool_id
        self.unused: list[str] = []

    @classmethod
    @asynccontextmanager
    async def on(cls, database_url: str) -> AsyncIterator[Self]:
        """Make the tables beside the real ones, and one pool."""
        engine = create_async_engine(
            sqlalchemy_url(database_url), pool_size=POOL, max_overflow=0
        )
        async with engine.begin() as conn:
            await conn.run_sync(Base.metadata.create_all)
        sessions = async_sessionmaker(engine, expire_on_commit=False)
        pool = Pool(stock=STOCK, issued=0, minor=500)
        async with sessions.begin() as session:
            session.add(pool)
        try:
            yield cls(sessions, pool.id)
        finally:
            await engine.dispose()

    async def issue(self, member: str) -> None:
        """Issue a coupon, if the pool has one left."""
        now = utc_datetime(CLOCK.now_ms())
        async with self._sessions.begin() as session:
            pool = await session.get_one(Pool, self._pool_id, with_for_update=True)
            assert pool.issued < pool.stock
            pool.issued += 1
            coupon = Coupon(
                code=random_token(12),
                pool_id=pool.id,
                member=member,
                state="issued",
                issued_at=now,
                valid_until=now + timedelta(days=30),
            )
            session.add(coupon)
        self.unused.append(coupon.code)

    async def redeem(self) -> None:
        """Use a coupon that was issued before."""
        code = self.unused.pop()
        now = utc_datetime(CLOCK.now_ms())
        async with self._sessions.begin() as session:
            wanted = sa.select(Coupon).where(Coupon.code == code).with_for_update()
            coupon = (await session.scalars(wanted)).one()
            pool = await session.get_one(Pool, coupon.pool_id)
            assert coupon.state == "issued"
            assert now < coupon.valid_until
            coupon.state = "redeemed"
            session.add(
                Redemption(
                    coupon_id=coupon.id,
                    store="s-1",
                    discount=min(pool.minor, 10_000),
                    at=now,
                )
            )
