"""HTTP of backtests: asked for, looked at, called off."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get, post
from litestar import delete as route_delete
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from anti_fraud.domain.backtests import Backtest, BacktestFault, BacktestState
from anti_fraud.domain.cases import Value
from anti_fraud.domain.verdict import Verdict
from anti_fraud.pipeline.rule_sets import read_version
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body, read_id
from core.clock import Clock, utc_datetime
from core.doors import GUARDS
from core.errors import NotFound
from core.fields import Cursor, Limit
from core.ids import TimeIds
from core.moments import When, read_end, read_start
from scan_api.domain.messages import message
from scan_api.pipeline import backtests as pipeline
from scan_api.routes.trials import QualityView, TrialView, trial_parts, view_quality


class NewBacktestBody(Body, frozen=True, kw_only=True):
    """From when until before when scans were made, and which share of them is tried.

    A last day counts whole.
    """

    from_: When = msgspec.field(name="from")
    to: When
    sample: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class StartedBacktest(msgspec.Struct, frozen=True):
    """A backtest that was asked for."""

    backtest_id: str


class BacktestItem(msgspec.Struct, frozen=True, kw_only=True):
    """A backtest, and how far it has come; `progress` is 0 to 1."""

    backtest_id: str
    version: int
    live_version: int
    state: BacktestState
    progress: float
    from_: datetime = msgspec.field(name="from")
    to: datetime
    sample: float
    fault: BacktestFault | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    scans: int
    differ: int


class BacktestList(msgspec.Struct, frozen=True):
    """A page of a version's backtests, newest first."""

    items: tuple[BacktestItem, ...]
    next_cursor: str | None


class VersusLiveView(QualityView, frozen=True, kw_only=True):
    """What the version that was live says of the same scans."""

    version: int
    outcomes: Mapping[Verdict, int]
    differ: int


class BacktestView(TrialView, frozen=True, kw_only=True):
    """What was counted so far: the version against people, and beside what was live."""

    backtest_id: str
    version: int
    state: BacktestState
    progress: float
    from_: datetime = msgspec.field(name="from")
    to: datetime
    sample: float
    fault: BacktestFault | None
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None
    outcomes: Mapping[Verdict, int]
    # As the scans were judged when they were made.
    recorded: Mapping[Verdict, int]
    versus_live: VersusLiveView
    precision: float | None
    recall: float | None
    good_hurt: int
    value_stopped: Value


def _parts(backtest: Backtest) -> dict[str, Any]:
    return {
        "backtest_id": str(backtest.backtest_id),
        "version": backtest.version,
        "state": backtest.state,
        "progress": round(backtest.progress, 4),
        "from_": backtest.from_at,
        "to": backtest.to_at,
        "sample": backtest.sample,
        "fault": backtest.fault,
        "asked_by": backtest.asked_by,
        "asked_at": backtest.asked_at,
        "ended_at": backtest.ended_at,
    }


def _view_item(backtest: Backtest) -> BacktestItem:
    trial = backtest.trial
    return BacktestItem(
        **_parts(backtest),
        live_version=backtest.live_version,
        scans=trial.scans,
        differ=trial.differ,
    )


def _view(backtest: Backtest) -> BacktestView:
    trial = backtest.trial
    counted: Any = trial_parts(trial)
    quality = msgspec.structs.asdict(view_quality(trial.candidate, trial))
    live = msgspec.structs.asdict(view_quality(trial.live, trial))
    return BacktestView(
        **_parts(backtest),
        **counted,
        **quality,
        outcomes=trial.candidate.outcomes,
        recorded=trial.recorded,
        versus_live=VersusLiveView(
            **live,
            version=backtest.live_version,
            outcomes=trial.live.outcomes,
            differ=trial.differ,
        ),
    )


def _read_number(text: str) -> int:
    number = read_id(text)
    if number is None:
        raise NotFound(message("no_such_backtest", backtest_id=text[:20]))
    return number


@post(
    "/v1/rule-sets/{version:str}/backtests",
    summary="Backtest a rule set",
    tags=["rule sets"],
    status_code=202,
)
async def start_backtest(
    request: Request[Any, Any, Any],
    version: str,
    data: NewBacktestBody,
    principal: Principal,
    once: Once,
    clock: Clock,
    ids: SkipValidation[TimeIds],
    timezone: SkipValidation[ZoneInfo],
) -> Response[StartedBacktest]:
    """Let a version, a draft as well, judge recorded scans of a span of time once more.

    A job does it; look at it by its number. Few may be unfinished at once.
    """
    staff = require_role(principal, Role.ANALYST)
    number, now_ms = read_version(version), clock.now_ms()
    from_at = read_start("/from", data.from_, timezone)
    to_at = read_end("/to", data.to, timezone)
    assert from_at is not None, "it was given"
    assert to_at is not None, "it was given"
    wish = pipeline.NewBacktest(number, from_at, to_at, data.sample)

    async def effect(conn: AsyncConnection) -> StartedBacktest:
        started = await pipeline.start_backtest(
            conn,
            wish,
            staff,
            backtest_id=ids.next_id(now_ms),
            now=utc_datetime(now_ms),
        )
        return StartedBacktest(str(started.backtest_id))

    answer = await once.perform(request, staff, effect)
    answer.status_code = 202
    return answer


@get(
    "/v1/rule-sets/{version:str}/backtests",
    summary="List backtests",
    tags=["rule sets"],
)
async def list_backtests(
    principal: Principal,
    version: str,
    engine: AsyncEngine,
    limit: Limit = 50,
    before: Cursor = None,
) -> BacktestList:
    """List the backtests of a version, newest first."""
    staff = require_role(principal, Role.ANALYST)
    number = read_version(version)
    async with engine.connect() as conn:
        found = await pipeline.list_backtests(
            conn, number, staff, before=before, limit=limit + 1
        )
    items = tuple(map(_view_item, found[:limit]))
    more = len(found) > limit
    return BacktestList(items, items[-1].backtest_id if more else None)


@get(
    "/v1/backtests/{backtest_id:str}", summary="Look at a backtest", tags=["rule sets"]
)
async def show_backtest(
    principal: Principal, backtest_id: str, engine: AsyncEngine
) -> BacktestView:
    """Show what was counted so far.

    Stopped is what is held or refused. Only what people decided counts as fraud or
    good, so nothing is known of what rules have let through so far.
    """
    staff = require_role(principal, Role.ANALYST)
    number = _read_number(backtest_id)
    async with engine.connect() as conn:
        return _view(await pipeline.load_backtest(conn, number, staff))


@route_delete(
    "/v1/backtests/{backtest_id:str}",
    summary="Call a backtest off",
    tags=["rule sets"],
)
async def cancel_backtest(
    principal: Principal, backtest_id: str, engine: AsyncEngine, clock: Clock
) -> None:
    """Call one off that is not over; what it has counted stays."""
    staff = require_role(principal, Role.ANALYST)
    number, now = _read_number(backtest_id), utc_datetime(clock.now_ms())
    async with engine.begin() as conn:
        await pipeline.cancel_backtest(conn, number, staff, now=now)


ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[start_backtest, list_backtests, show_backtest, cancel_backtest],
)
