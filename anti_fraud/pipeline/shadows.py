"""A committed version runs in the shadow of the live one until a moment."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_set_versions import RuleSetState, Slots
from anti_fraud.domain.shadows import (
    MOST_DAYS,
    REMEMBERED,
    ShadowReport,
    ShadowRun,
)
from anti_fraud.pipeline.rule_sets import find_rule_set, not_so, refuse_scoped
from anti_fraud.store import shadows as store
from anti_fraud.store.rule_sets import lock_slots
from core.auth.audit import record_action
from core.auth.principal import SYSTEM, Staff
from core.errors import Conflict, InvalidInput, NotFound

_FORGOTTEN_AT_ONCE = 5_000
_MAY_RUN = frozenset({RuleSetState.COMMITTED, RuleSetState.RETIRED})


async def start_shadow(
    conn: AsyncConnection, version: int, staff: Staff, *, until: datetime, now: datetime
) -> ShadowRun:
    """Let a committed version say what it would of each scan, beside the live one.

    Every scan that commits later is asked so, on every worker. One at most runs. Raises
    NotFound, Conflict, InvalidInput for an end that is over or too far, and Forbidden;
    audited.
    """
    refuse_scoped(staff)
    if not now < until <= now + MOST_DAYS:
        raise InvalidInput.field(
            "/until", "out_of_range", message("shadow_within", days=MOST_DAYS.days)
        )
    slots = await lock_slots(conn)
    if slots.shadow_until is not None and slots.shadow_until <= now:
        await _end(conn, slots, SYSTEM, now=now)
        slots = await lock_slots(conn)
    written = await find_rule_set(conn, version, staff)
    if written.version.state not in _MAY_RUN:
        raise not_so(written)
    if slots.shadow is not None:
        raise Conflict(
            message("other_in_shadow", version=slots.shadow), code="illegal_state"
        )
    run = await store.start_run(
        conn, version, until=until, person=staff.person, now=now
    )
    detail = {"until": until.isoformat()}
    await _note(conn, version, "rule_set.shadow", staff, detail, now=now)
    return run


async def end_shadow(
    conn: AsyncConnection, version: int, staff: Staff, *, now: datetime
) -> None:
    """Take a version out of the shadow before its time; raises NotFound and Conflict.

    What was counted stays. Audited.
    """
    refuse_scoped(staff)
    slots = await lock_slots(conn)
    written = await find_rule_set(conn, version, staff)
    if slots.shadow != version:
        raise not_so(written)
    await _end(conn, slots, staff, now=now)


async def end_due_shadow(conn: AsyncConnection, *, now: datetime) -> bool:
    """End a shadow whose time is over; False where none is.

    Workers ask it of no scan from then on, whenever this happens.
    """
    slots = await lock_slots(conn)
    if slots.shadow_until is None or slots.shadow_until > now:
        return False
    await _end(conn, slots, SYSTEM, now=now)
    return True


async def forget_differences(conn: AsyncConnection, *, now: datetime) -> int:
    """Forget some of the scans of which versions said otherwise; their counts stay."""
    before = now - REMEMBERED
    return await store.forget_differences(conn, before=before, limit=_FORGOTTEN_AT_ONCE)


async def load_shadow_report(
    conn: AsyncConnection, version: int, staff: Staff
) -> ShadowReport:
    """Tell what the newest run of a version came to so far; raises NotFound.

    Workers write about once a second what they counted.
    """
    await find_rule_set(conn, version, staff)
    run = await store.load_last_run(conn, version)
    if run is None:
        raise NotFound(message("never_in_shadow", version=version))
    return await store.load_report(conn, run)


async def _end(
    conn: AsyncConnection, slots: Slots, staff: Staff, *, now: datetime
) -> None:
    assert slots.shadow is not None, "somebody looked"
    await store.end_run(conn, slots, person=staff.person, now=now)
    await _note(conn, slots.shadow, "rule_set.end_shadow", staff, {}, now=now)


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
