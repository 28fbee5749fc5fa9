"""The SQL of the programme and of its versions."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.fence import current_version
from rewards.domain.programme import (
    NO_PROGRAMME,
    ProgrammeState,
    ProgrammeTerms,
    ProgrammeVersion,
)
from rewards.tables import points as t


async def load_programme(conn: AsyncConnection) -> ProgrammeTerms:
    """Load the terms that hold; those of nobody where none were approved."""
    p = t.programme_versions.c
    active = p.state == ProgrammeState.ACTIVE.value
    terms = (await conn.execute(select(p.terms).where(active))).scalar_one_or_none()
    return NO_PROGRAMME if terms is None else msgspec.convert(terms, ProgrammeTerms)


async def load_versions(conn: AsyncConnection, *, limit: int) -> list[ProgrammeVersion]:
    """Load the newest versions, newest first."""
    p = t.programme_versions
    rows = await conn.execute(select(p).order_by(p.c.version.desc()).limit(limit))
    return [_read(row) for row in rows]


async def lock_version(conn: AsyncConnection, version: int) -> ProgrammeVersion | None:
    """Lock a version and read it; None where there is none."""
    p = t.programme_versions
    found = await conn.execute(
        select(p).where(p.c.version == version).with_for_update()
    )
    row = found.one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> ProgrammeVersion:
    return ProgrammeVersion(
        row.version,
        ProgrammeState(row.state),
        msgspec.convert(row.terms, ProgrammeTerms),
        *(row.created_by, row.created_at, row.approved_by, row.approved_at),
    )


async def insert_version(conn: AsyncConnection, version: ProgrammeVersion) -> None:
    """Add a draft."""
    await conn.execute(
        insert(t.programme_versions).values(
            version=version.version,
            state=version.state.value,
            terms=msgspec.to_builtins(version.terms),
            created_by=version.created_by,
            created_at=version.created_at,
        )
    )


async def activate_version(
    conn: AsyncConnection, version: int, *, person: str, now: datetime
) -> None:
    """Let a draft hold instead of what held; behind the fence."""
    p = t.programme_versions.c
    await conn.execute(
        update(t.programme_versions)
        .where(p.state == ProgrammeState.ACTIVE.value)
        .values(state=ProgrammeState.RETIRED.value)
    )
    await conn.execute(
        update(t.programme_versions)
        .where(p.version == version)
        .values(
            state=ProgrammeState.ACTIVE.value,
            approved_by=person,
            approved_at=now,
            range_version=await current_version(conn),
        )
    )
