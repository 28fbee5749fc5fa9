"""Backtests: a version on the scans of some days, asked for and watched."""

from datetime import datetime, time, timedelta
from typing import Final

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.backtests import UNFINISHED, Backtest
from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.rules.trials import show_trial
from console.fraud.rules.versions import name_rules_of, read_version, show_version
from core.auth import Role
from core.bounds import read_id
from core.errors import Conflict, InvalidInput, NotFound
from core.moments import read_end, read_start
from core.pages import read_form
from scan_api.domain.messages import message
from scan_api.pipeline import backtests as pipeline

BACKTESTS: Final = f"{HOME}/backtests"
# Shares of the scans that may be asked for, in percent.
_SAMPLES: Final = {"100": 1.0, "10": 0.1, "1": 0.01}
_FIELDS: Final[dict[str, str]] = {"/from": "from_day", "/to": "to_day"}


@staff_page(HttpMethod.POST, "/rules/{version:str}/backtest", Role.ANALYST)
async def ask_for_backtest(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Let a version be tried on the scans of some days, the last one whole."""
    form = await read_form(request, page, "from_day", "to_day", "sample")
    number, timezone = read_version(request), context.settings.timezone
    reader = Reader()
    from_at = reader.moment(
        "from_day", form.get("from_day", ""), "", read_start, timezone
    )
    to_at = reader.moment("to_day", form.get("to_day", ""), "", read_end, timezone)
    faults: Faults = reader.faults
    if from_at is not None and to_at is not None and not faults:
        wish = pipeline.NewBacktest(
            number, from_at, to_at, _SAMPLES.get(form.get("sample", ""), 1.0)
        )
        try:
            async with context.engine.begin() as conn:
                asked = await pipeline.start_backtest(
                    conn,
                    wish,
                    page.staff,
                    backtest_id=context.ids.next_id(context.clock.now_ms()),
                    now=context.now,
                )
        except Conflict as fault:
            return await show_version(context, page, number, fault=fault, asked=form)
        except InvalidInput as fault:
            faults = place_errors(fault, _FIELDS)
        else:
            return TEMPLATES.redirect(page, f"{BACKTESTS}/{asked.backtest_id}?follow=1")
    return await show_version(context, page, number, faults=faults, asked=form)


@staff_page(HttpMethod.GET, "/backtests/{backtest_id:str}", Role.ANALYST)
async def watch_backtest(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show how far a backtest has come, and what it has counted so far."""
    async with context.engine.connect() as conn:
        backtest = await pipeline.load_backtest(conn, _number(request), page.staff)
        sides = (backtest.version, backtest.live_version)
        names = await name_rules_of(conn, page, sides)
    is_under_way = backtest.state in UNFINISHED
    follows = bool(request.query_params.get("follow"))
    return render(
        context,
        page,
        "backtest.html",
        backtest=backtest,
        until=last_day(backtest, context),
        share=100 * backtest.sample,
        shown=show_trial(backtest.trial),
        names=names,
        is_under_way=is_under_way,
        follows=follows,
        again_s=5 if follows and is_under_way else None,
    )


def last_day(backtest: Backtest, context: ConsoleContext) -> datetime:
    """Give the last moment that counts: midnight is the end of the day before."""
    at = backtest.to_at.astimezone(context.settings.timezone)
    return at - timedelta(seconds=1) if at.time() == time() else at


def _number(request: AnyRequest) -> int:
    given = request.path_params["backtest_id"]
    number = read_id(given)
    if number is None:
        raise NotFound(message("no_such_backtest", backtest_id=given[:20]))
    return number


@staff_page(HttpMethod.POST, "/backtests/{backtest_id:str}/cancel", Role.ANALYST)
async def call_backtest_off(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Call a backtest off; what it has counted stays."""
    await read_form(request, page)
    number = _number(request)
    async with context.engine.begin() as conn:
        await pipeline.cancel_backtest(conn, number, page.staff, now=context.now)
    return TEMPLATES.redirect(page, f"{BACKTESTS}/{number}")
