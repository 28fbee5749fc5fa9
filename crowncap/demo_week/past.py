"""PostgreSQL's clock, set back for one transaction.

Changes of codes are dated by PostgreSQL and by nobody who asks for them, so that no
door of the product lets anybody date one back. The demo, which tells a past, hides
PostgreSQL's function behind one of the same name, in a schema that nobody else ever
sees: it is made and dropped in the one transaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_SET_BACK: Final = (
    "CREATE SCHEMA demo_past",
    """
    CREATE FUNCTION demo_past.clock_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    RETURN CAST(current_setting('demo_past.now') AS timestamptz)
    """,
    "SET LOCAL search_path = demo_past, pg_catalog, public",
)
_SET_RIGHT: Final = (
    "SET LOCAL search_path = public",
    "DROP SCHEMA demo_past CASCADE",
)


@dataclass(frozen=True, slots=True)
class Past:
    """A transaction in which it is as late as was said last."""

    conn: AsyncConnection

    async def go_to(self, moment: datetime) -> datetime:
        """Let it be a moment from now on, and give it back."""
        await self.conn.execute(
            text("SELECT set_config('demo_past.now', :now, true)"),
            {"now": moment.isoformat()},
        )
        return moment


@asynccontextmanager
async def in_the_past(engine: AsyncEngine) -> AsyncIterator[Past]:
    """Open a transaction whose clock can be set; commits at the end."""
    async with engine.begin() as conn:
        for statement in _SET_BACK:
            await conn.execute(text(statement))
        yield Past(conn)
        for statement in _SET_RIGHT:
            await conn.execute(text(statement))
