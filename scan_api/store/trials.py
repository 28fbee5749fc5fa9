"""Recorded scans that rules judged, read by the thousand to be judged once more."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.backtests import PARTS
from anti_fraud.domain.lists import ListName
from core.conditions import Fact
from core.ids import time_of_id

# A map of what was kept begins with what judged it, if anything did (kept_facts).
_JUDGED: Final = r"substring(facts FROM 2 FOR 2) = '\xa16a'"


class _Judged(msgspec.Struct, frozen=True, gc=False):
    """Of KeptFacts what a trial needs; the rest is passed over unread."""

    judged: tuple[Fact, ...] = msgspec.field(name="j", default=())
    listed: tuple[ListName, int] | None = msgspec.field(name="l", default=None)
    late_ms: int = msgspec.field(name="t", default=0)


_decode: Final = msgspec.msgpack.Decoder(_Judged).decode


class JudgedFacts(NamedTuple):
    """A scan with the version that judged it first, then the values in its order."""

    scan_id: int
    judged: tuple[Fact, ...]
    listed: ListName | None
    # How long after its own time it arrived.
    late_ms: int = 0

    @property
    def judged_at_ms(self) -> int:
        """The time at which it was judged, in milliseconds since 1970."""
        return time_of_id(self.scan_id) - self.late_ms


class ScanRows(NamedTuple):
    """Rows of scans as PostgreSQL gives them: scan_id and what was kept."""

    rows: Sequence[tuple[int, bytes]]

    def unpack(self) -> list[JudgedFacts]:
        """Read what judged each; a second for some hundred thousand."""
        unpacked = []
        for scan_id, packed in self.rows:
            kept = _decode(packed)
            listed = kept.listed
            name = listed[0] if listed else None
            unpacked.append(JudgedFacts(scan_id, kept.judged, name, kept.late_ms))
        return unpacked


_SOME: Final = text(
    f"""
    SELECT scan_id, facts FROM scans
    WHERE shard = 0 AND scan_id > :after AND scan_id <= :upto AND {_JUDGED}
        AND (:parts = {PARTS}
            OR hashint8extended(scan_id, 0) & 2147483647 < :parts * 214748)
    ORDER BY scan_id LIMIT :limit
    """  # noqa: S608 - constants
)


async def load_some(
    conn: AsyncConnection, *, after: int, upto: int, parts: int = PARTS, limit: int
) -> ScanRows:
    """Read the next judged scans after one and up to another, in order.

    Of PARTS parts of all scans `parts` are read, always the same ones.
    """
    span = {"after": after, "upto": upto, "parts": parts, "limit": limit}
    return ScanRows(await _fetch(conn, _SOME, span))


_NEWEST: Final = text(
    f"""
    SELECT scan_id, facts
    FROM (SELECT scan_id, facts FROM scans WHERE shard = 0
        ORDER BY scan_id DESC LIMIT :seen) AS newest
    WHERE {_JUDGED} ORDER BY scan_id DESC LIMIT :limit
    """  # noqa: S608 - constants
)


async def load_newest(conn: AsyncConnection, *, seen: int, limit: int) -> ScanRows:
    """Read the newest judged scans among the newest `seen` of all."""
    return ScanRows(await _fetch(conn, _NEWEST, {"seen": seen, "limit": limit}))


async def _fetch(
    conn: AsyncConnection, statement: Any, parameters: dict[str, int]
) -> list[tuple[int, bytes]]:
    """Fetch rows in PostgreSQL's binary format, which costs a third of its text."""
    compiled = statement.bindparams(**parameters).compile(dialect=conn.dialect)
    raw = (await conn.get_raw_connection()).driver_connection
    assert raw is not None
    async with raw.cursor(binary=True) as cursor:
        await cursor.execute(str(compiled), compiled.params)
        rows: list[tuple[int, bytes]] = await cursor.fetchall()
        return rows
