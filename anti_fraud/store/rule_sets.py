"""The SQL of rule sets, each a version that nobody changes."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud import tables as t
from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.messages import message
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet
from core.errors import InvalidInput, MisconfiguredError

log = structlog.get_logger(logger_name=__name__)

# Who makes the rule sets that come with the program; people have other names.
SHIPPED_BY: Final = "crowncap"


class RuleSetChange(NamedTuple):
    """A rule set was replaced; `before` is None where there was none."""

    before: int | None
    after: int


async def install_shipped_rules(
    conn: AsyncConnection, *, now: datetime
) -> RuleSetChange | None:
    """Store the rule set that Crowncap ships, where nobody has made another.

    An installation that still judges by what an earlier Crowncap shipped gets the
    new one as a version of its own; what a person made is never replaced. Returns
    what changed, which its caller writes into the audit log.
    """
    document = shipped_rules()
    newest = (
        await conn.execute(
            select(t.rule_sets.c.version, t.rule_sets.c.created_by)
            .order_by(t.rule_sets.c.version.desc())
            .limit(1)
        )
    ).one_or_none()
    if newest is not None and (
        newest.created_by != SHIPPED_BY or newest.version >= document["version"]
    ):
        return None
    installed = await conn.execute(
        upsert(t.rule_sets)
        .values(
            version=document["version"],
            document=document,
            created_by=SHIPPED_BY,
            created_at=now,
        )
        # Another program that starts just now may be first.
        .on_conflict_do_nothing()
        .returning(t.rule_sets.c.version)
    )
    if installed.one_or_none() is None:
        return None
    return RuleSetChange(newest and newest.version, document["version"])


async def load_rule_set(conn: AsyncConnection) -> RuleSet:
    """Load the newest rule set that can be read; others raise the alarm.

    Raises MisconfiguredError when there is none.
    """
    sets = t.rule_sets.c
    newest_first = select(sets.version, sets.document).order_by(sets.version.desc())
    for row in await conn.execute(newest_first):
        if rule_set := _read(row.version, row.document):
            return rule_set
    raise MisconfiguredError(message("no_rule_set"))


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


async def newest_rule_set(conn: AsyncConnection) -> int:
    """Tell the version of the newest rule set."""
    newest = await conn.execute(select(func.max(t.rule_sets.c.version)))
    return int(newest.scalar_one())


def _read(version: int, document: Any) -> RuleSet | None:
    """Read a stored rule set; the number that it is stored under is its version."""
    try:
        return replace(parse_rule_set(document), version=version)
    except InvalidInput as fault:
        log.error("rule_set_unreadable", version=version, cause=fault)
        return None
