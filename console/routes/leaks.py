"""Leaked codes: paste a list, see where they came from, make them void."""

import asyncio
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.answering import AnyRequest, room
from console.desk import ConsoleDesk
from console.pipeline.leaks import (
    MAX_CODES,
    Reach,
    Trace,
    read_list,
    trace_codes,
    void_traced,
)
from console.reasons import check_reason
from console.rendering import render
from console.visits import StaffVisit
from core.auth import Role
from core.auth.audit import record_action
from core.errors import InvalidInput
from core.pages import read_form

# A printed link has up to 60 signs, percent-encoded ones three bytes each.
MAX_FORM: Final = MAX_CODES * 100
_READERS: Final = (Role.ANALYST, Role.ISSUER, Role.LINE)
_VOID_FIELDS: Final = ("codes", "reach", "reason")
_VOIDERS: Final = (Role.ISSUER, Role.LINE)


@room(HttpMethod.GET, "/leaks", *_READERS)
async def ask_for_codes(
    _request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Ask for the codes."""
    return _answer(desk, visit, codes="")


def _answer(
    desk: ConsoleDesk,
    visit: StaffVisit,
    *,
    codes: str,
    trace: Trace | None = None,
    fault: InvalidInput | None = None,
    **values: Any,
) -> Response[bytes]:
    return render(
        desk,
        visit,
        "leaks.html",
        status=200 if fault is None else fault.status,
        codes=codes,
        trace=trace,
        fault=fault,
        max_codes=MAX_CODES,
        may_void=visit.may(*_VOIDERS),
        **{"voided": None, "requests": (), "reason": ""} | values,
    )


@room(HttpMethod.POST, "/leaks", *_READERS, max_bytes=MAX_FORM)
async def trace_leak(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Tell which units and packages the codes were in, and preview a void."""
    form = await read_form(request, visit, "codes", max_bytes=MAX_FORM)
    pasted = form.get("codes", "")
    try:
        texts = await asyncio.to_thread(read_list, pasted)
    except InvalidInput as fault:
        return _answer(desk, visit, codes=pasted, fault=fault)
    async with desk.engine.begin() as conn:
        trace = await trace_codes(conn, desk.keys, texts, visit.staff)
        await record_action(
            conn,
            visit.staff,
            action="code.trace",
            subject="codes",
            detail={"listed": trace.listed},
            now=desk.now,
        )
    return _answer(desk, visit, codes=pasted, trace=trace)


@room(HttpMethod.POST, "/leaks/void", *_VOIDERS, max_bytes=MAX_FORM)
async def void_leak(
    request: AnyRequest, desk: ConsoleDesk, visit: StaffVisit
) -> Response[bytes]:
    """Make the codes void, or the whole units that they came from."""
    form = await read_form(request, visit, *_VOID_FIELDS, max_bytes=MAX_FORM)
    pasted, reason = form.get("codes", ""), form.get("reason", "").strip()
    try:
        texts = await asyncio.to_thread(read_list, pasted)
        reach = _read_reach(form.get("reach", ""))
        check_reason(reason)
    except InvalidInput as fault:
        return _answer(desk, visit, codes=pasted, fault=fault, reason=reason)
    async with desk.engine.begin() as conn:
        done = await void_traced(
            conn,
            desk.keys,
            texts,
            reach,
            visit.staff,
            reason=reason,
            now=desk.now,
        )
    async with desk.engine.connect() as conn:
        trace = await trace_codes(conn, desk.keys, texts, visit.staff)
    return _answer(
        desk,
        visit,
        codes=pasted,
        trace=trace,
        voided=done.voided,
        requests=done.requests,
    )


def _read_reach(text: str) -> Reach:
    try:
        return Reach(text)
    except ValueError:
        raise InvalidInput.field(
            "/reach", "invalid", "Say whether the codes or their whole units go."
        ) from None
