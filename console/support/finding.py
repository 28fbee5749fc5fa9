"""One box that knows what somebody reads out: a member, a scan, a coupon or a cap."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.pipeline import find_codes
from console.frame.caps import cap_path, find_cap_paths
from console.frame.context import ConsoleContext
from console.frame.navigation import FIND, HOME, MEMBER
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.auth.members import is_member_id
from core.bounds import read_id
from core.errors import NotFound
from core.pages import read_form
from rewards.domain.payouts import payout_of
from rewards.pipeline.coupons import taking_back
from rewards.pipeline.members import find_member
from rewards.pipeline.payouts.listing import find_payouts
from scan_api.pipeline.fakes import find_report
from scan_api.pipeline.past_scans import look_at_scan

_MOST_TYPED: Final = 300


@dataclass(frozen=True, slots=True)
class Hit:
    """What a text may be: which kind of thing, how it is called, and its page."""

    kind: str
    name: str
    path: str


@staff_page(HttpMethod.GET, "/find", Role.SUPPORT)
async def ask_what_to_find(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Ask for what somebody reads out."""
    return _show(context, page)


@staff_page(HttpMethod.POST, "/find", Role.SUPPORT)
async def find_anything(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Lead to what a text is; where it may be several things, list them.

    Codes are bearer secrets: they enter no address.
    """
    form = await read_form(request, page, "what")
    typed = form.get("what", "").strip()[:_MOST_TYPED]
    async with context.engine.connect() as conn:
        hits = await _find(conn, context, page, typed)
    if len(hits) == 1:
        return TEMPLATES.redirect(page, hits[0].path)
    return _show(context, page, typed=typed, hits=hits, status=200 if hits else 404)


async def _find(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest, typed: str
) -> list[Hit]:
    """Ask everybody who may know a text."""
    number = read_id("".join(typed.split()))
    hits = []
    if page.staff.brand is None and is_member_id(typed):
        member = await find_member(conn, typed, page.staff)
        if member is not None:
            path = f"{MEMBER}?id={quote(typed, safe='')}"
            hits.append(Hit("member", typed, path))
    hits += await _find_coupon(conn, context, page, typed, number)
    if number is not None:
        hits += await _find_scan(conn, page, number)
    payout_no = payout_of(typed) or number
    if payout_no is not None:
        hits += [
            Hit("payout", each.bill_no, f"{HOME}/payouts?find={each.payout_id}")
            for each in await find_payouts(conn, page.staff, payout_no)
        ]
    return hits + await _find_cap(conn, context, page, typed)


async def _find_coupon(
    conn: AsyncConnection,
    context: ConsoleContext,
    page: StaffRequest,
    typed: str,
    number: int | None,
) -> list[Hit]:
    """Find a coupon by its code or its id."""
    coupon_no = context.redeeming.open(typed)
    if coupon_no is None:
        coupon_no = number
    if coupon_no is None:
        return []
    try:
        coupon = await taking_back.find_coupon(conn, coupon_no, page.staff)
    except NotFound:
        return []
    return [Hit("coupon", coupon.pool.name, f"{HOME}/coupon/{coupon_no}")]


async def _find_scan(
    conn: AsyncConnection, page: StaffRequest, number: int
) -> list[Hit]:
    try:
        scan = await look_at_scan(conn, number, page.staff)
    except NotFound:
        return []
    return [Hit("scan", str(number), f"{HOME}/scans/{scan.scan_id}")]


async def _find_cap(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest, typed: str
) -> list[Hit]:
    """Find a cap by its code or link, or by the number of a report of a fake."""
    report = await find_report(conn, typed, page.staff)
    if report is not None:
        paths = await find_cap_paths(conn, context, page.staff, [report.code_id])
        return [Hit("report", typed, paths[0] or f"{HOME}/codes")]
    (found,) = await find_codes(conn, context.keys, [typed], page.staff)
    path = cap_path(found)
    return [] if path is None else [Hit("cap", "", path)]


def _show(
    context: ConsoleContext,
    page: StaffRequest,
    *,
    typed: str = "",
    hits: list[Hit] | None = None,
    status: int = 200,
) -> Response[bytes]:
    return render(
        context,
        page,
        "find.html",
        status=status,
        typed=typed,
        hits=hits,
        knows_members=page.staff.brand is None,
        path=FIND,
    )
