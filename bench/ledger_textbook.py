"""Points as a textbook has them: a session and a transaction each, through the ORM.

Lots are rows with what was granted and what remains; a spend locks the member's row and
its lots, takes from the earliest, and writes a row for each; a return puts them back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Final, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.textbook import new_id
from core.db import sqlalchemy_url

POOL: Final = 20
LOTS: Final = 3
GRANTED: Final = 10**9
FIRST_DAY: Final = date(2099, 1, 31)


class Base(DeclarativeBase):
    """The textbook's own tables."""


class Account(Base):
    """A member's points in sum."""

    __tablename__ = "textbook_accounts"
    member: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    balance: Mapped[int] = mapped_column(sa.BigInteger)


class Lot(Base):
    """Points that end on a day."""

    __tablename__ = "textbook_lots"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    member: Mapped[int] = mapped_column(sa.ForeignKey(Account.member), index=True)
    expires_on: Mapped[date]
    granted: Mapped[int] = mapped_column(sa.BigInteger)
    remaining: Mapped[int] = mapped_column(sa.BigInteger)


class Spend(Base):
    """An order that was paid in points."""

    __tablename__ = "textbook_spends"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    member: Mapped[int] = mapped_column(sa.ForeignKey(Account.member), index=True)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    because: Mapped[str]
    returned: Mapped[bool] = mapped_column(default=False)


class SpentLot(Base):
    """What a spend took of a lot."""

    __tablename__ = "textbook_spent_lots"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    spend_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Spend.id), index=True)
    lot_id: Mapped[UUID] = mapped_column(sa.ForeignKey(Lot.id))
    amount: Mapped[int] = mapped_column(sa.BigInteger)


class PointsTextbook:
    """Spends and returns, one transaction each."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._sessions = sessions
        self.spent: list[UUID] = []

    @classmethod
    @asynccontextmanager
    async def on(cls, database_url: str, members: int) -> AsyncIterator[Self]:
        """Make the tables beside the real ones, and members with lots."""
        engine = create_async_engine(
            sqlalchemy_url(database_url), pool_size=POOL, max_overflow=0
        )
        numbers = range(1, members + 1)
        async with engine.begin() as conn:
            await conn.run_sync(Base.metadata.create_all)
            accounts = [{"member": n, "balance": LOTS * GRANTED} for n in numbers]
            await conn.execute(sa.insert(Account), accounts)
            lots = [
                {
                    "id": new_id(),
                    "member": n,
                    "expires_on": FIRST_DAY + timedelta(days=each),
                    "granted": GRANTED,
                    "remaining": GRANTED,
                }
                for n in numbers
                for each in range(LOTS)
            ]
            await conn.execute(sa.insert(Lot), lots)
        try:
            yield cls(async_sessionmaker(engine, expire_on_commit=False))
        finally:
            await engine.dispose()

    async def spend(self, member: int, amount: int) -> None:
        """Take from the earliest lots of a member who has enough."""
        async with self._sessions.begin() as session:
            account = await session.get_one(Account, member, with_for_update=True)
            assert account.balance >= amount
            account.balance -= amount
            spend = Spend(member=member, amount=amount, because="order")
            session.add(spend)
            await session.flush()
            lots = sa.select(Lot).where(Lot.member == member, Lot.remaining > 0)
            for lot in await session.scalars(
                lots.order_by(Lot.expires_on).with_for_update()
            ):
                part = min(amount, lot.remaining)
                if part:
                    lot.remaining -= part
                    amount -= part
                    taken = SpentLot(spend_id=spend.id, lot_id=lot.id, amount=part)
                    session.add(taken)
        self.spent.append(spend.id)

    async def give_back(self) -> None:
        """Return a spend to its lots."""
        number = self.spent.pop()
        async with self._sessions.begin() as session:
            spend = await session.get_one(Spend, number, with_for_update=True)
            assert not spend.returned
            spend.returned = True
            account = await session.get_one(Account, spend.member, with_for_update=True)
            account.balance += spend.amount
            taken = sa.select(SpentLot).where(SpentLot.spend_id == number)
            for part in await session.scalars(taken):
                lot = await session.get_one(Lot, part.lot_id, with_for_update=True)
                lot.remaining += part.amount
