"""Wrong codes by staff token: so many a day, whatever route they come by.

Who may name codes may also try them. What a route says of a code is worth nothing to
a forger who gets two thousand tries a day out of 2^40.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.auth.principal import Staff
from core.errors import Fault, Throttled
from core.sentences import message

log = structlog.get_logger(logger_name=__name__)

WRONG_CODES_A_DAY: Final = 2_000
INCIDENT: Final = "code_guessing"
# Raises an incident about a token.
TellIncident = Callable[[AsyncConnection, str], Awaitable[None]]

# The day is that of UTC, by PostgreSQL's clock, for all workers alike.
_ADD: Final = text(
    """
    INSERT INTO wrong_codes AS w (token_id, day, wrong)
    VALUES (:token_id, (now() AT TIME ZONE 'UTC')::date, :wrong)
    ON CONFLICT (token_id) DO UPDATE SET day = excluded.day, wrong = excluded.wrong
        + CASE WHEN w.day = excluded.day THEN w.wrong ELSE 0 END
    RETURNING wrong
    """
)
_SPENT: Final = text(
    "SELECT wrong FROM wrong_codes WHERE token_id = :token_id"
    " AND day = (now() AT TIME ZONE 'UTC')::date"
)
_SPENT_BY: Final = text(
    "SELECT token_id FROM wrong_codes WHERE token_id = ANY(CAST(:token_ids AS text[]))"
    " AND day = (now() AT TIME ZONE 'UTC')::date AND wrong >= :most"
)
_REST_OF_DAY: Final = text(
    "SELECT ceil(extract(epoch FROM date_trunc('day', now(), 'UTC')"
    " + interval '1 day' - now()))::int"
)


class TooManyWrongCodes(Throttled):
    """A token has named all the wrong codes of its day."""

    code = "too_many_wrong_codes"


@dataclass(slots=True)
class _Tally:
    """The wrong codes of one request so far."""

    wrong: int = 0


_TALLY: ContextVar[_Tally | None] = ContextVar("wrong_codes", default=None)


def note_wrong_codes(wrong: int) -> None:
    """Count codes of this request that are not what its caller may name.

    Only what looks like a code is a try: a smudge that a camera read is none. Raises
    TooManyWrongCodes as soon as one request is past a day's tries.
    """
    tally = _TALLY.get()
    if tally is None:
        return
    tally.wrong += wrong
    if tally.wrong > WRONG_CODES_A_DAY:
        raise _too_many(None)


async def refuse_guesser(conn: AsyncConnection, staff: Staff) -> None:
    """Open no more codes for a token whose day is spent; raises TooManyWrongCodes."""
    spent = (await conn.execute(_SPENT, {"token_id": staff.token_id})).scalar()
    if spent is not None and spent >= WRONG_CODES_A_DAY:
        raise _too_many((await conn.execute(_REST_OF_DAY)).scalar_one())


async def find_guessers(
    conn: AsyncConnection, token_ids: Iterable[str]
) -> dict[str, TooManyWrongCodes]:
    """Tell which tokens have spent their day, and what to tell each of them."""
    asked = {"token_ids": sorted(set(token_ids)), "most": WRONG_CODES_A_DAY}
    spent = (await conn.scalars(_SPENT_BY, asked)).all()
    if not spent:
        return {}
    left_s = (await conn.execute(_REST_OF_DAY)).scalar_one()
    return {token_id: _too_many(left_s) for token_id in spent}


def _too_many(retry_after_s: int | None) -> TooManyWrongCodes:
    return TooManyWrongCodes(
        message("too_many_wrong_codes", most=WRONG_CODES_A_DAY),
        retry_after_s=retry_after_s,
    )


@dataclass(frozen=True, slots=True)
class GuessLimit:
    """Counts the wrong codes of requests, in transactions of its own."""

    engine: AsyncEngine
    tell_incident: TellIncident

    @asynccontextmanager
    async def counting(self, staff: Staff) -> AsyncIterator[None]:
        """Count what some work finds wrong, before its answer is told.

        Raises TooManyWrongCodes instead of whatever the work answers or raises, so
        that nobody learns of a code past the limit, however many ask at once.
        """
        tally = _Tally()
        token = _TALLY.set(tally)
        try:
            yield
        except Fault:
            await self._settle(staff, tally)
            raise
        else:
            await self._settle(staff, tally)
        finally:
            _TALLY.reset(token)

    async def charge(self, conn: AsyncConnection, staff: Staff) -> None:
        """Count what was found wrong so far with the work's own effect, last of all.

        Raises TooManyWrongCodes, so that the effect is rolled back with it.
        """
        tally = _TALLY.get()
        if tally is None or not tally.wrong or not staff.token_id:
            return
        added = {"token_id": staff.token_id, "wrong": tally.wrong}
        if (await conn.execute(_ADD, added)).scalar_one() > WRONG_CODES_A_DAY:
            raise _too_many(None)
        tally.wrong = 0

    async def _settle(self, staff: Staff, tally: _Tally) -> None:
        if not tally.wrong or not staff.token_id:
            return
        async with self.engine.begin() as conn:
            added = {"token_id": staff.token_id, "wrong": tally.wrong}
            total = (await conn.execute(_ADD, added)).scalar_one()
            if total - tally.wrong < WRONG_CODES_A_DAY <= total:
                await self.tell_incident(conn, staff.token_id)
                log.warning(INCIDENT, token_id=staff.token_id, person=staff.person)
            if total <= WRONG_CODES_A_DAY:
                return
            left_s = (await conn.execute(_REST_OF_DAY)).scalar_one()
        raise _too_many(left_s)
