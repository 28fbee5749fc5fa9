"""The programme is written by one person and approved by another, who activates it."""

from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth.audit import record_action
from core.auth.principal import Staff
from core.bounds import refuse
from core.errors import Conflict, Forbidden, NotFound
from core.fence import take_fence
from core.names import are_one
from rewards.domain.messages import message
from rewards.domain.programme import (
    ProgrammeState,
    ProgrammeTerms,
    ProgrammeVersion,
)
from rewards.store import programme as store

# No version has a number above it.
MAX_VERSION: Final = 1_000_000


async def draft_version(
    conn: AsyncConnection, terms: ProgrammeTerms, staff: Staff, *, now: datetime
) -> ProgrammeVersion:
    """Write a version that does not hold yet; raises InvalidInput and Conflict."""
    refuse_brand(staff)
    refuse(terms.find_faults())
    newest = await store.load_versions(conn, limit=1)
    number = newest[0].version + 1 if newest else 1
    version = ProgrammeVersion(number, ProgrammeState.DRAFT, terms, staff.person, now)
    try:
        await store.insert_version(conn, version)
    except IntegrityError:
        raise Conflict(
            message("programme_written", version=number), code="already_exists"
        ) from None
    await _note(conn, version, "programme.draft", staff, now=now)
    return version


async def approve_version(
    conn: AsyncConnection, number: int, staff: Staff, *, now: datetime
) -> ProgrammeVersion:
    """Let a version hold from now on, as a second person.

    What was earned keeps the end that it was promised. Raises NotFound and Conflict.
    """
    refuse_brand(staff)
    await take_fence(conn)
    version = await store.lock_version(conn, number)
    if version is None:
        raise NotFound(message("no_programme_version", version=number))
    if version.state is not ProgrammeState.DRAFT:
        raise Conflict(
            message(
                "programme_version_is", version=number, state=_STATES[version.state]
            ),
            code="already_approved",
        )
    if are_one(version.created_by, staff.person):
        raise Conflict(
            message("version_takes_two", person=version.created_by),
            code="second_person_needed",
        )
    await store.activate_version(conn, number, person=staff.person, now=now)
    active = replace(
        version,
        state=ProgrammeState.ACTIVE,
        approved_by=staff.person,
        approved_at=now,
    )
    await _note(conn, active, "programme.approve", staff, now=now)
    return active


async def list_versions(
    conn: AsyncConnection, *, limit: int
) -> tuple[ProgrammeTerms, list[ProgrammeVersion]]:
    """Load the terms that hold, and the newest versions."""
    terms = await store.load_programme(conn)
    return terms, await store.load_versions(conn, limit=limit)


def may_approve(version: ProgrammeVersion, staff: Staff) -> bool:
    """Tell whether a version waits, and somebody is a second person to it."""
    waits = version.state is ProgrammeState.DRAFT
    return (
        waits and staff.brand is None and not are_one(version.created_by, staff.person)
    )


def refuse_brand(staff: Staff) -> None:
    """Raise Forbidden for who works for one brand: points are of all of them."""
    if staff.brand is not None:
        raise Forbidden(message("programme_of_all"))


async def _note(
    conn: AsyncConnection,
    version: ProgrammeVersion,
    action: str,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    await record_action(
        conn,
        staff,
        action=action,
        subject=f"programme:{version.version}",
        detail={"terms": msgspec.to_builtins(version.terms)},
        now=now,
    )


_STATES: Final = {
    ProgrammeState.DRAFT: message("draft"),
    ProgrammeState.ACTIVE: message("active"),
    ProgrammeState.RETIRED: message("retired"),
}
