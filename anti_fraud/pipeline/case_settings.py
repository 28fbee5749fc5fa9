"""The settings of cases are written by one person and approved by another."""

from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.case_settings import (
    CaseSettings,
    SettingsState,
    SettingsVersion,
)
from anti_fraud.domain.messages import message
from anti_fraud.pipeline.cases.working import refuse_brand
from anti_fraud.store import case_settings as store
from core.auth.audit import record_action
from core.auth.principal import Staff
from core.errors import Conflict, NotFound
from core.names import are_one


async def draft_settings(
    conn: AsyncConnection, terms: CaseSettings, staff: Staff, *, now: datetime
) -> SettingsVersion:
    """Write settings that do not hold yet; raises Conflict."""
    refuse_brand(staff)
    newest = await store.load_versions(conn, limit=1)
    number = newest[0].version + 1 if newest else 1
    version = SettingsVersion(number, SettingsState.DRAFT, terms, staff.person, now)
    try:
        await store.insert_version(conn, version)
    except IntegrityError:
        raise Conflict(
            message("settings_written", version=number), code="already_exists"
        ) from None
    await _note(conn, version, "case_settings.draft", staff, now=now)
    return version


async def approve_settings(
    conn: AsyncConnection, number: int, staff: Staff, *, now: datetime
) -> SettingsVersion:
    """Let settings hold from now on, as a second person; raises NotFound, Conflict."""
    refuse_brand(staff)
    version = await store.lock_version(conn, number)
    if version is None:
        raise NotFound(message("no_settings_version", version=number))
    if version.state is not SettingsState.DRAFT:
        raise Conflict(
            message("settings_version_is", version=number), code="already_approved"
        )
    if are_one(version.created_by, staff.person):
        raise Conflict(
            message("settings_take_two", person=version.created_by),
            code="second_person_needed",
        )
    await store.activate_version(conn, number, person=staff.person, now=now)
    active = replace(
        version,
        state=SettingsState.ACTIVE,
        approved_by=staff.person,
        approved_at=now,
    )
    await _note(conn, active, "case_settings.approve", staff, now=now)
    return active


async def list_settings(
    conn: AsyncConnection, staff: Staff, *, limit: int
) -> tuple[CaseSettings, list[SettingsVersion]]:
    """Load the settings that hold, and the newest versions."""
    refuse_brand(staff)
    terms = await store.load_settings(conn)
    return terms, await store.load_versions(conn, limit=limit)


async def _note(
    conn: AsyncConnection,
    version: SettingsVersion,
    action: str,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    await record_action(
        conn,
        staff,
        action=action,
        subject=f"case_settings:{version.version}",
        detail={"terms": msgspec.to_builtins(version.terms)},
        now=now,
    )
