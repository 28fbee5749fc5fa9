"""The SQL of the breaker: how many scans rules refused in the last hour."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.store.case_settings import load_settings

# Minutes are PostgreSQL's, whatever the clocks of workers say.
_ADD: Final = text(
    """
    INSERT INTO refusal_minutes AS r (minute, refused)
    VALUES (date_trunc('minute', now()), :refused)
    ON CONFLICT (minute) DO UPDATE SET refused = r.refused + excluded.refused
    """
)
_COUNT: Final = text(
    "SELECT coalesce(sum(refused), 0) FROM refusal_minutes"
    " WHERE minute > now() - interval '1 hour' AND minute <= now()"
)

_FORGET: Final = text(
    "DELETE FROM refusal_minutes WHERE minute < now() - interval '1 day'"
)


async def add_refusals(conn: AsyncConnection, refused: int) -> None:
    """Count scans that rules refused."""
    await conn.execute(_ADD, {"refused": refused})


async def count_refusals(conn: AsyncConnection) -> int:
    """Tell how many scans rules refused in the last hour, on all workers."""
    return int((await conn.execute(_COUNT)).scalar_one())


async def forget_refusals(conn: AsyncConnection) -> None:
    """Forget what nobody counts any more."""
    await conn.execute(_FORGET)


async def load_breaker(conn: AsyncConnection) -> bool:
    """Tell whether rules have refused so much that they are to hold from now on."""
    most = (await load_settings(conn)).refusals_an_hour
    return most > 0 and await count_refusals(conn) >= most
