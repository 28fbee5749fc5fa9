"""HTTP of what a document would say of the newest scans."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import msgspec
from litestar import Router, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.domain.verdict import Verdict
from core.auth import Principal, Role, require_role
from core.bounds import Body
from core.doors import GUARDS
from scan_api.pipeline.rule_previews import MOST_SCANS, RulePreview, preview_rules
from scan_api.routes.trials import QualityView, TrialView, trial_parts, view_quality

_DOCUMENT: Final = {
    "thresholds": {"refuse": 85, "hold": 60},
    "counters": [],
    "throttles": [],
    "rules": [],
}


class RulePreviewBody(Body, frozen=True, kw_only=True):
    """A rule set as it is being written, and on how many of the newest scans."""

    document: Annotated[dict[str, Any], msgspec.Meta(examples=[_DOCUMENT])]
    scans: Annotated[int, msgspec.Meta(ge=1, le=MOST_SCANS)] = MOST_SCANS


class PreviewOutcomes(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts by the document, by the live version, and as they were given then."""

    now: Mapping[Verdict, int]
    live: Mapping[Verdict, int]
    then: Mapping[Verdict, int]


class RulePreviewView(TrialView, frozen=True, kw_only=True):
    """What a document does on the newest scans that rules judged."""

    live_version: int
    outcomes: PreviewOutcomes
    quality: QualityView


def _view(preview: RulePreview) -> RulePreviewView:
    trial = preview.trial
    parts: Any = trial_parts(trial)
    return RulePreviewView(
        **parts,
        live_version=preview.live_version,
        outcomes=PreviewOutcomes(
            now=trial.candidate.outcomes,
            live=trial.live.outcomes,
            then=trial.recorded,
        ),
        quality=view_quality(trial.candidate, trial),
    )


@post(
    "/v1/rule-sets/previews",
    summary="Try a rule set",
    tags=["rule sets"],
    status_code=200,
)
async def preview_rule_set(
    data: RulePreviewBody,
    principal: Principal,
    engine: AsyncEngine,
    timezone: SkipValidation[ZoneInfo],
) -> RulePreviewView:
    """Judge the newest scans by a document, which is not stored.

    422 names each mistake by its place in the document. What nobody counted when a
    scan was judged is unknown, and a condition on it is false.
    """
    staff = require_role(principal, Role.ANALYST)
    async with engine.connect() as conn:
        preview = await preview_rules(
            conn, data.document, staff, scans=data.scans, timezone=timezone
        )
    return _view(preview)


ROUTER = Router(path="/", guards=GUARDS, route_handlers=[preview_rule_set])
