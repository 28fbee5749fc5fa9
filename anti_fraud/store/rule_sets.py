"""The SQL of rule sets: versions that nobody changes, and which of them is in force."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import Row, exists, func, insert, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_set_versions import (
    Change,
    ChangeRecord,
    RuleSetVersion,
    Slots,
    WrittenRuleSet,
    state_of,
)
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.verdict import Effect
from core.errors import InvalidInput, MisconfiguredError

log = structlog.get_logger(logger_name=__name__)

# Changes that put what they name into force.
_INTO_FORCE: Final = (Change.INSTALL, Change.ACTIVATE, Change.ROLL_BACK)
_ACTIVE: Final = "active"
_SHADOW: Final = "shadow"


# What workers judge by --------------------------------------------------------------


async def load_rules(conn: AsyncConnection) -> RuleSet:
    """Load what is in force; if it can't be read, what was in force before it.

    What can't be read raises the alarm. Raises MisconfiguredError when there is none.
    """
    active = (await load_slots(conn)).active
    if active is not None and (rule_set := await _load(conn, active)):
        return rule_set
    changes = t.rule_set_changes.c
    earlier = await conn.execute(
        select(changes.after)
        .where(changes.action.in_(_INTO_FORCE), changes.after != active)
        .group_by(changes.after)
        .order_by(func.max(changes.change_id).desc())
    )
    for version in earlier.scalars().all():
        if rule_set := await _load(conn, version):
            return rule_set
    raise MisconfiguredError(message("no_rule_set"))


_BY_EFFECT: Final = text(
    """
    SELECT DISTINCT r ->> 'id' FROM rule_sets
    CROSS JOIN LATERAL jsonb_array_elements(document -> 'rules') AS r
    WHERE r ->> 'effect' = :effect
    """
)


async def find_rules_by_effect(conn: AsyncConnection, effect: Effect) -> set[str]:
    """Name the rules of all versions that do something by themselves."""
    found = await conn.execute(_BY_EFFECT, {"effect": effect.value})
    return set(found.scalars())


async def rules_version(conn: AsyncConnection) -> int:
    """Tell the range version at which what is in force was last changed."""
    newest = await conn.execute(select(func.max(t.rule_set_slots.c.range_version)))
    return int(newest.scalar_one())


async def load_rule_sets(
    conn: AsyncConnection, versions: Collection[int]
) -> dict[int, RuleSet]:
    """Load versions of any age, each as it was: nobody changes one.

    Those that can't be read raise the alarm, and are left out.
    """
    sets = t.rule_sets.c
    asked = select(sets.version, sets.document).where(sets.version.in_(versions))
    return {
        row.version: rule_set
        for row in await conn.execute(asked)
        if (rule_set := _read(row.version, row.document))
    }


async def _load(conn: AsyncConnection, version: int) -> RuleSet | None:
    return (await load_rule_sets(conn, [version])).get(version)


def _read(version: int, document: Any) -> RuleSet | None:
    """Read a stored rule set; the number that it is stored under is its version."""
    try:
        return replace(parse_rule_set(document), version=version)
    except InvalidInput as fault:
        log.error("rule_set_unreadable", version=version, cause=fault)
        return None


# What people write and look at ------------------------------------------------------


async def insert_rule_set(
    conn: AsyncConnection,
    document: dict[str, Any],
    *,
    author: str,
    note: str,
    least: int = 1,
    now: datetime,
) -> int | None:
    """Store a document under the next number, `least` or more; gives that.

    None if somebody else took the number just now: try again.
    """
    sets = t.rule_sets
    newest = select(func.coalesce(func.max(sets.c.version), 0)).scalar_subquery()
    stored = await conn.execute(
        upsert(t.rule_sets)
        .values(
            version=func.greatest(newest + 1, least),
            document=document,
            created_by=author,
            note=note,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(sets.c.version)
    )
    version: int | None = stored.scalar_one_or_none()
    return version


async def newest_shipped(conn: AsyncConnection, author: str) -> int | None:
    """Tell the newest version that documents of this author give themselves."""
    own = t.rule_sets.c.document["version"].as_integer()
    newest = await conn.execute(
        select(func.max(own)).where(t.rule_sets.c.created_by == author)
    )
    version: int | None = newest.scalar_one()
    return version


async def insert_commit(
    conn: AsyncConnection, version: int, *, person: str, now: datetime
) -> bool:
    """Commit a version; False if somebody has."""
    commits = t.rule_set_commits
    done = await conn.execute(
        upsert(t.rule_set_commits)
        .values(version=version, committed_by=person, committed_at=now)
        .on_conflict_do_nothing()
        .returning(commits.c.version)
    )
    return done.one_or_none() is not None


async def load_versions(
    conn: AsyncConnection, *, before: int | None, limit: int
) -> list[RuleSetVersion]:
    """Load the newest versions below `before`, newest first."""
    asked = _versions().order_by(t.rule_sets.c.version.desc()).limit(limit)
    if before is not None:
        asked = asked.where(t.rule_sets.c.version < before)
    slots = await load_slots(conn)
    return [_version(row, slots) for row in await conn.execute(asked)]


async def load_version(conn: AsyncConnection, version: int) -> WrittenRuleSet | None:
    """Load a version with its document; None where there is none."""
    asked = _versions().add_columns(t.rule_sets.c.document)
    found = await conn.execute(asked.where(t.rule_sets.c.version == version))
    row = found.one_or_none()
    if row is None:
        return None
    return WrittenRuleSet(_version(row, await load_slots(conn)), row.document)


def _versions() -> Any:
    sets, commits, changes = t.rule_sets, t.rule_set_commits, t.rule_set_changes.c
    was_active = exists().where(
        changes.after == sets.c.version, changes.action.in_(_INTO_FORCE)
    )
    return select(
        *(sets.c.version, sets.c.created_by, sets.c.note, sets.c.created_at),
        *(commits.c.committed_by, commits.c.committed_at),
        was_active.label("was_active"),
    ).select_from(
        sets.outerjoin(commits, commits.c.version == sets.c.version),
    )


def _version(row: Row[Any], slots: Slots) -> RuleSetVersion:
    state = state_of(
        row.version,
        slots,
        committed=row.committed_by is not None,
        was_active=row.was_active,
    )
    return RuleSetVersion(
        *(row.version, state, row.created_by, row.note, row.created_at),
        *(row.committed_by, row.committed_at),
        until=slots.shadow_until if row.version == slots.shadow else None,
    )


# What is in force -------------------------------------------------------------------


async def load_slots(conn: AsyncConnection) -> Slots:
    """Read what is in force, and what runs beside it."""
    return _slots((await conn.execute(select(t.rule_set_slots))).all())


async def lock_slots(conn: AsyncConnection) -> Slots:
    """Read the same, and let nobody else change it until this transaction ends."""
    ordered = select(t.rule_set_slots).order_by(t.rule_set_slots.c.slot)
    return _slots((await conn.execute(ordered.with_for_update())).all())


def _slots(rows: Collection[Row[Any]]) -> Slots:
    by_name = {row.slot: row for row in rows}
    active, shadow = by_name[_ACTIVE], by_name[_SHADOW]
    return Slots(active.version, shadow.version, shadow.until, active.change_id)


async def put_into_force(
    conn: AsyncConnection,
    version: int,
    slots: Slots,
    *,
    action: Change,
    below: int | None,
    reason: str,
    person: str,
    now: datetime,
) -> None:
    """Let a committed version judge instead of the active one; behind the fence.

    `slots` are locked. What was in the shadow leaves it.
    """
    if slots.shadow == version:
        await leave_shadow(conn, person=person, now=now)
    change_id = await note_change(
        *(conn, action, slots.active, version),
        below=below,
        reason=reason,
        person=person,
        now=now,
    )
    await _fill(conn, _ACTIVE, version, until=None, change_id=change_id)


async def load_change(conn: AsyncConnection, change_id: int) -> ChangeRecord:
    """Read what was written down of a change."""
    changes = t.rule_set_changes
    found = await conn.execute(select(changes).where(changes.c.change_id == change_id))
    return _change(found.one())


async def load_changes(
    conn: AsyncConnection, *, version: int | None = None, limit: int
) -> list[ChangeRecord]:
    """Read the newest changes, of one version or of all."""
    changes = t.rule_set_changes
    asked = select(changes).order_by(changes.c.change_id.desc()).limit(limit)
    if version is not None:
        named = or_(changes.c.before == version, changes.c.after == version)
        asked = asked.where(named)
    return [_change(row) for row in await conn.execute(asked)]


def _change(row: Row[Any]) -> ChangeRecord:
    return ChangeRecord(
        *(row.change_id, Change(row.action), row.before, row.after, row.below),
        *(row.reason, row.person, row.at),
    )


async def note_change(
    conn: AsyncConnection,
    action: Change,
    before: int | None,
    after: int | None,
    *,
    below: int | None,
    reason: str,
    person: str,
    now: datetime,
) -> int:
    """Write a change down; gives its number."""
    changes = t.rule_set_changes
    noted = await conn.execute(
        insert(t.rule_set_changes)
        .values(
            action=action.value,
            before=before,
            after=after,
            below=below,
            reason=reason,
            person=person,
            at=now,
        )
        .returning(changes.c.change_id)
    )
    return int(noted.scalar_one())


async def enter_shadow(
    conn: AsyncConnection, version: int, *, until: datetime, change_id: int
) -> None:
    """Let a version run beside the active one; slots are locked."""
    await _fill(conn, _SHADOW, version, until=until, change_id=change_id)


async def leave_shadow(conn: AsyncConnection, *, person: str, now: datetime) -> None:
    """Let nothing run there any more, and note who ended it; slots are locked."""
    await _fill(conn, _SHADOW, None, until=None, change_id=None)
    runs = t.shadow_runs
    await conn.execute(
        update(t.shadow_runs)
        .where(runs.c.ended_at.is_(None))
        .values(ended_by=person, ended_at=now)
    )


async def _fill(
    conn: AsyncConnection,
    slot: str,
    version: int | None,
    *,
    until: datetime | None,
    change_id: int | None,
) -> None:
    await conn.execute(
        update(t.rule_set_slots)
        .where(t.rule_set_slots.c.slot == literal(slot))
        .values(version=version, until=until, change_id=change_id)
    )
