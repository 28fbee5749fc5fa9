"""The SQL of the settings of cases, each a version that is approved once."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.case_settings import (
    DEFAULT_SETTINGS,
    CaseSettings,
    SettingsState,
    SettingsVersion,
)


async def load_settings(conn: AsyncConnection) -> CaseSettings:
    """Load the settings that hold: the default ones where none were approved."""
    s = t.case_settings.c
    active = s.state == SettingsState.ACTIVE.value
    terms = (await conn.execute(select(s.terms).where(active))).scalar_one_or_none()
    return DEFAULT_SETTINGS if terms is None else msgspec.convert(terms, CaseSettings)


async def load_versions(conn: AsyncConnection, *, limit: int) -> list[SettingsVersion]:
    """Load the newest versions, newest first."""
    s = t.case_settings
    rows = await conn.execute(select(s).order_by(s.c.version.desc()).limit(limit))
    return [_read(row) for row in rows]


async def lock_version(conn: AsyncConnection, version: int) -> SettingsVersion | None:
    """Lock a version and read it; None where there is none."""
    s = t.case_settings
    found = await conn.execute(
        select(s).where(s.c.version == version).with_for_update()
    )
    row = found.one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> SettingsVersion:
    return SettingsVersion(
        row.version,
        SettingsState(row.state),
        msgspec.convert(row.terms, CaseSettings),
        *(row.created_by, row.created_at, row.approved_by, row.approved_at),
    )


async def insert_version(conn: AsyncConnection, version: SettingsVersion) -> None:
    """Add a draft."""
    await conn.execute(
        insert(t.case_settings).values(
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
    """Let a locked draft hold instead of what held."""
    s = t.case_settings.c
    await conn.execute(
        update(t.case_settings)
        .where(s.state == SettingsState.ACTIVE.value)
        .values(state=SettingsState.RETIRED.value)
    )
    await conn.execute(
        update(t.case_settings)
        .where(s.version == version)
        .values(state=SettingsState.ACTIVE.value, approved_by=person, approved_at=now)
    )
