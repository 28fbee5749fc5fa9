"""The facts that conditions of a rule set may read."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.facts import KnownFact
from anti_fraud.pipeline.rule_sets import refuse_scoped
from anti_fraud.store.background_marks import load_times
from anti_fraud.store.rule_sets import load_rules
from core.auth.principal import Staff


async def list_facts(
    conn: AsyncConnection, staff: Staff
) -> Sequence[tuple[KnownFact, datetime | None]]:
    """List what the active rule set counts, and what is known of every scan.

    With each that a job computes stands when that looked last; None if it never did.
    """
    refuse_scoped(staff)
    times = await load_times(conn)
    facts = (await load_rules(conn)).facts
    return [(known, times.get(known.job) if known.job else None) for known in facts]
