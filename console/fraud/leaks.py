"""Leaked codes: paste a list, see where they came from, make them void."""

import asyncio
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from codegen.pipeline import Reach, void_found
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import TRACERS
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.tracing import (
    MAX_CODES,
    Trace,
    read_list,
    trace_codes,
)
from core.auth import Role
from core.auth.audit import record_action
from core.errors import InvalidInput
from core.pages import read_form

# A printed link has up to 60 characters, percent-encoded ones three bytes each.
MAX_FORM: Final = MAX_CODES * 100
_VOID_FIELDS: Final = ("codes", "reach", "reason")
_VOIDERS: Final = (Role.ISSUER, Role.LINE)


@staff_page(HttpMethod.GET, "/leaks", *TRACERS)
async def ask_for_codes(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Ask for the codes."""
    return _answer(context, page, codes="")


def _answer(
    context: ConsoleContext,
    page: StaffRequest,
    *,
    codes: str,
    trace: Trace | None = None,
    fault: InvalidInput | None = None,
    **values: Any,
) -> Response[bytes]:
    return render(
        context,
        page,
        "leaks.html",
        status=200 if fault is None else fault.status,
        codes=codes,
        trace=trace,
        fault=fault,
        max_codes=MAX_CODES,
        may_void=page.may(*_VOIDERS),
        **{"voided": None, "requests": (), "reason": ""} | values,
    )


@staff_page(HttpMethod.POST, "/leaks", *TRACERS, max_bytes=MAX_FORM)
async def trace_leak(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Tell which units and packages the codes were in, and preview a void."""
    form = await read_form(request, page, "codes", max_bytes=MAX_FORM)
    pasted = form.get("codes", "")
    try:
        texts = await asyncio.to_thread(read_list, pasted)
    except InvalidInput as fault:
        return _answer(context, page, codes=pasted, fault=fault)
    async with context.engine.begin() as conn:
        trace = await trace_codes(conn, context.keys, texts, page.staff)
        await record_action(
            conn,
            page.staff,
            action="code.trace",
            subject="codes",
            detail={"listed": trace.listed},
            now=context.now,
        )
    return _answer(context, page, codes=pasted, trace=trace)


@staff_page(HttpMethod.POST, "/leaks/void", *_VOIDERS, max_bytes=MAX_FORM)
async def void_leak(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Make the codes void, or the whole units that they came from."""
    form = await read_form(request, page, *_VOID_FIELDS, max_bytes=MAX_FORM)
    pasted, reason = form.get("codes", ""), form.get("reason", "").strip()
    try:
        texts = await asyncio.to_thread(read_list, pasted)
        reach = _read_reach(form.get("reach", ""))
        check_reason(reason)
    except InvalidInput as fault:
        return _answer(context, page, codes=pasted, fault=fault, reason=reason)
    async with context.engine.begin() as conn:
        done = await void_found(
            conn,
            context.keys,
            texts,
            reach,
            page.staff,
            reason=reason,
            now=context.now,
        )
    async with context.engine.connect() as conn:
        trace = await trace_codes(conn, context.keys, texts, page.staff)
    return _answer(
        context,
        page,
        codes=pasted,
        trace=trace,
        voided=done.voided,
        requests=done.requests,
    )


def _read_reach(text: str) -> Reach:
    try:
        return Reach(text)
    except ValueError:
        raise InvalidInput.field("/reach", "invalid", message("no_reach")) from None
