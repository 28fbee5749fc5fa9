"""HTTP of facts."""

from datetime import datetime

import msgspec
from litestar import get
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain.facts import FactSource
from anti_fraud.pipeline import facts as pipeline
from core.auth import Principal, Role, require_role
from core.conditions import FactKind


class Bilingual(msgspec.Struct, frozen=True):
    """A sentence in both languages."""

    zh: str
    en: str


class FactView(msgspec.Struct, frozen=True, kw_only=True):
    """A fact that a condition may read; what is `rebuildable` is known afterwards."""

    fact: str
    kind: FactKind
    # A code of UCUM; none for a pure number.
    unit: str | None
    source: FactSource
    sentence: Bilingual
    rebuildable: bool
    # When a job computed it last; null for what is known as a scan comes.
    as_of: datetime | None = None


class FactList(msgspec.Struct, frozen=True):
    """What the active rule set counts, and what is known of every scan."""

    items: tuple[FactView, ...]


@get("/v1/facts", summary="List facts", tags=["rule sets"])
async def list_facts(principal: Principal, engine: AsyncEngine) -> FactList:
    """List every fact that conditions of the active rule set may read."""
    staff = require_role(principal, Role.ANALYST)
    async with engine.connect() as conn:
        known = await pipeline.list_facts(conn, staff)
    return FactList(
        tuple(
            FactView(
                fact=each.name,
                kind=each.kind,
                unit=each.unit,
                source=each.source,
                sentence=Bilingual(each.sentence.say("zh"), each.sentence.say("en")),
                rebuildable=each.rebuildable,
                as_of=as_of,
            )
            for each, as_of in known
        )
    )
