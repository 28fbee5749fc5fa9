"""What a document that nobody stored would say of the newest scans."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.trials import Trial
from anti_fraud.pipeline.rule_sets import read_document, refuse_scoped
from anti_fraud.store.rule_sets import load_rule_sets, load_rules
from anti_fraud.store.trials import load_decided
from core.auth.principal import Staff
from scan_api.pipeline.trials import RulesOnTrial, versions_of
from scan_api.store.trials import load_newest

MOST_SCANS: Final = 2_000
# Most scans are of codes that were claimed before, which nobody judges.
_SEEN: Final = 20


@dataclass(frozen=True, slots=True)
class RulePreview:
    """What a document does on the newest scans, beside the version that is live."""

    live_version: int
    trial: Trial


async def preview_rules(
    conn: AsyncConnection,
    document: Mapping[str, Any],
    staff: Staff,
    *,
    scans: int = MOST_SCANS,
    timezone: ZoneInfo,
) -> RulePreview:
    """Judge the newest `scans` that rules judged by a document, and store nothing.

    Takes some ten milliseconds. `Trial.recorded` is what was said of them then. Raises
    InvalidInput that names each mistake by its place under `/document`, and Forbidden.
    """
    refuse_scoped(staff)
    candidate = read_document(document)
    live = await load_rules(conn)
    rows = await load_newest(conn, seen=_SEEN * scans, limit=min(scans, MOST_SCANS))
    newest = rows.unpack()
    trial = Trial()
    if newest:
        ids = [scan.scan_id for scan in newest]
        judged_by = await load_rule_sets(conn, versions_of(newest))
        rules = RulesOnTrial(candidate, live, judged_by, timezone)
        decided = await load_decided(conn, first=min(ids), last=max(ids))
        await asyncio.to_thread(rules.count, trial, newest, decided)
    return RulePreview(live.version, trial)
