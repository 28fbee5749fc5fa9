"""The facts that conditions of a rule set may read."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.facts import KnownFact
from anti_fraud.pipeline.rule_sets import refuse_scoped
from anti_fraud.store.rule_sets import load_rules
from core.auth.principal import Staff


async def list_facts(conn: AsyncConnection, staff: Staff) -> Sequence[KnownFact]:
    """List what the active rule set counts, and what is known of every scan."""
    refuse_scoped(staff)
    return (await load_rules(conn)).facts
