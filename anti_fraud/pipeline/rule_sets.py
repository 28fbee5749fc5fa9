"""Rule sets are drafted, committed, and activated by somebody else; or rolled back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_set_versions import (
    READY,
    Change,
    ChangeRecord,
    RuleSetState,
    RuleSetVersion,
    Slots,
    WrittenRuleSet,
)
from anti_fraud.domain.rule_set_warnings import find_warnings
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.store import rule_sets as store
from core.auth.audit import record_action
from core.auth.principal import SYSTEM, Staff
from core.bounds import read_id
from core.errors import Conflict, FieldError, Forbidden, InvalidInput, NotFound
from core.names import are_one

# Who makes the rule sets that come with the program; people have other names.
SHIPPED_BY: Final = "crowncap"
MAX_VERSION: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that was written, and what is odd about it."""

    version: int
    warnings: tuple[FieldError, ...]


def refuse_scoped(staff: Staff) -> None:
    """Raise Forbidden for who works for one brand or shop: rules hold for all."""
    if staff.brand is not None or staff.store is not None:
        raise Forbidden(message("rules_of_all"))


def read_version(text: str) -> int:
    """Read a version of an address; raises NotFound."""
    number = read_id(text)
    if number is None or number > MAX_VERSION:
        raise NotFound(message("no_such_rule_set", version=text[:20]))
    return number


async def write_rule_set(
    conn: AsyncConnection,
    document: Mapping[str, Any],
    note: str,
    staff: Staff,
    *,
    now: datetime,
    today: date,
) -> Draft:
    """Write a draft; raises InvalidInput that names each mistake by its place."""
    refuse_scoped(staff)
    rule_set = read_document(document)
    version = None
    # Two who write at once take one number after the other.
    while version is None:
        version = await store.insert_rule_set(
            conn, dict(document), author=staff.person, note=note, now=now
        )
    await _note(conn, version, "rule_set.write", staff, {"note": note}, now=now)
    return Draft(version, _within(tuple(find_warnings(rule_set, today))))


def read_document(document: Mapping[str, Any]) -> RuleSet:
    """Read a body's document; raises InvalidInput that names each mistake there."""
    try:
        return parse_rule_set(document)
    except InvalidInput as fault:
        raise InvalidInput(fault.detail, errors=_within(fault.errors)) from None


def _within(errors: tuple[FieldError, ...]) -> tuple[FieldError, ...]:
    """Give places in a document as places in the body that holds it."""
    return tuple(
        FieldError(f"/document{each.pointer}", each.code, each.detail)
        for each in errors
    )


async def commit_rule_set(
    conn: AsyncConnection, version: int, staff: Staff, *, now: datetime
) -> RuleSetVersion:
    """Commit a draft; raises NotFound, and Conflict for what is none."""
    refuse_scoped(staff)
    written = await find_rule_set(conn, version, staff)
    if not await store.insert_commit(conn, version, person=staff.person, now=now):
        raise not_so(await find_rule_set(conn, version, staff))
    del written
    await _note(conn, version, "rule_set.commit", staff, {}, now=now)
    return (await find_rule_set(conn, version, staff)).version


async def activate_rule_set(
    conn: AsyncConnection,
    version: int,
    staff: Staff,
    *,
    expected_active: int,
    reason: str,
    now: datetime,
) -> RuleSetVersion:
    """Let a committed version judge every scan from now on, as another than its author.

    The fence sees to it that no scan that commits later was judged by another version.
    Raises NotFound and Conflict.
    """
    refuse_scoped(staff)
    slots = await store.lock_slots(conn)
    written = await find_rule_set(conn, version, staff)
    _expect(slots, expected_active)
    if written.version.state not in READY:
        raise not_so(written)
    if are_one(written.version.author, staff.person):
        raise Conflict(
            message("rules_take_two", version=version, person=written.version.author),
            code="second_person_needed",
        )
    await store.put_into_force(
        conn,
        version,
        slots,
        action=Change.ACTIVATE,
        below=slots.change_id,
        reason=reason,
        person=staff.person,
        now=now,
    )
    detail = {"before": slots.active, "reason": reason}
    await _note(conn, version, "rule_set.activate", staff, detail, now=now)
    return (await find_rule_set(conn, version, staff)).version


async def roll_rules_back(
    conn: AsyncConnection,
    staff: Staff,
    *,
    expected_active: int | None,
    reason: str,
    now: datetime,
) -> RuleSetVersion:
    """Let the version judge again that the active one had replaced; raises Conflict.

    One person may: it is the way out. Each goes one active version back.
    """
    refuse_scoped(staff)
    slots = await store.lock_slots(conn)
    if expected_active is not None:
        _expect(slots, expected_active)
    assert slots.change_id is not None, "a service starts with the rules that ship"
    current = await store.load_change(conn, slots.change_id)
    if current.below is None:
        raise Conflict(
            message("nothing_before", version=slots.active or 0), code="illegal_state"
        )
    target = await store.load_change(conn, current.below)
    assert target.after is not None, "what was put into force is a version"
    await store.put_into_force(
        conn,
        target.after,
        slots,
        action=Change.ROLL_BACK,
        below=target.below,
        reason=reason,
        person=staff.person,
        now=now,
    )
    detail = {"before": slots.active, "reason": reason}
    await _note(conn, target.after, "rule_set.roll_back", staff, detail, now=now)
    return (await find_rule_set(conn, target.after, staff)).version


async def list_rule_sets(
    conn: AsyncConnection, staff: Staff, *, before: int | None, limit: int
) -> list[RuleSetVersion]:
    """List versions below `before`, newest first."""
    refuse_scoped(staff)
    return await store.load_versions(conn, before=before, limit=limit)


async def find_rule_set(
    conn: AsyncConnection, version: int, staff: Staff
) -> WrittenRuleSet:
    """Find a version with its document; raises NotFound."""
    refuse_scoped(staff)
    written = await store.load_version(conn, version)
    if written is None:
        raise NotFound(message("no_such_rule_set", version=version))
    return written


async def find_active(conn: AsyncConnection, staff: Staff) -> WrittenRuleSet:
    """Find the version that judges, with its document."""
    slots = await store.load_slots(conn)
    assert slots.active is not None, "a service starts with the rules that ship"
    return await find_rule_set(conn, slots.active, staff)


async def list_changes(
    conn: AsyncConnection, staff: Staff, *, version: int | None = None, limit: int
) -> list[ChangeRecord]:
    """List what was put into force, of one version or of all, newest first."""
    refuse_scoped(staff)
    return await store.load_changes(conn, version=version, limit=limit)


def _expect(slots: Slots, expected: int) -> None:
    if slots.active != expected:
        raise Conflict(
            message("other_is_active", active=slots.active or 0, expected=expected),
            code="stale",
        )


def not_so(written: WrittenRuleSet) -> Conflict:
    """Say that a version does not stand where that could be done."""
    version = written.version
    return Conflict(
        message("rule_set_is", version=version.version, state=_STATES[version.state]),
        code="illegal_state",
    )


async def _note(
    conn: AsyncConnection,
    version: int,
    action: str,
    staff: Staff,
    detail: dict[str, Any],
    *,
    now: datetime,
) -> None:
    subject = f"rule_set:{version}"
    await record_action(
        conn, staff, action=action, subject=subject, detail=detail, now=now
    )


_STATES: Final = {
    RuleSetState.DRAFT: message("state_draft"),
    RuleSetState.COMMITTED: message("state_committed"),
    RuleSetState.SHADOW: message("state_shadow"),
    RuleSetState.ACTIVE: message("state_active"),
    RuleSetState.RETIRED: message("state_retired"),
}


async def install_shipped_rules(conn: AsyncConnection, *, now: datetime) -> int | None:
    """Store the rule set that Crowncap ships; gives its version, None if it is there.

    It judges where nobody has chosen: where none is active, or one that an earlier
    Crowncap shipped and put into force itself. Elsewhere it is a version that people
    may activate; what a person made or chose is never replaced.
    """
    document = shipped_rules()
    version = None
    while version is None:
        newest = await store.newest_shipped(conn, SHIPPED_BY)
        if newest is not None and newest >= document["version"]:
            return None
        version = await store.insert_rule_set(
            conn,
            document,
            author=SHIPPED_BY,
            note="",
            least=document["version"],
            now=now,
        )
    await store.insert_commit(conn, version, person=SHIPPED_BY, now=now)
    slots = await store.lock_slots(conn)
    activated = await _nobody_chose(conn, slots)
    if activated:
        await store.put_into_force(
            conn,
            version,
            slots,
            action=Change.INSTALL,
            below=slots.change_id,
            reason="",
            person=SHIPPED_BY,
            now=now,
        )
    detail = {"before": slots.active, "activated": activated}
    await _note(conn, version, "rule_set.install", SYSTEM, detail, now=now)
    return version


async def _nobody_chose(conn: AsyncConnection, slots: Slots) -> bool:
    if slots.change_id is None:
        return True
    last = await store.load_change(conn, slots.change_id)
    return last.action is Change.INSTALL and last.person == SHIPPED_BY
