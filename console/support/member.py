"""A member's page: all that they have, what moved their points, and what waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.messages import message
from console.frame.navigation import FIND, MEMBER
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.auth.members import is_member_id
from core.clock import utc_datetime
from core.errors import InvalidInput, NotFound
from core.ids import time_of_id
from core.pages import read_form
from rewards.domain.cards import OwnSet
from rewards.domain.coupons import Coupon
from rewards.domain.gifts import MemberGift
from rewards.domain.ledger import Wallet
from rewards.domain.payouts import OwnPayout
from rewards.domain.points.adjusting import MAX_ADJUSTED
from rewards.domain.points.statements import Entry
from rewards.domain.prizes import tell_money
from rewards.pipeline.cards import list_own_sets
from rewards.pipeline.coupons import taking_back
from rewards.pipeline.coupons.till_texts import tell_benefit
from rewards.pipeline.draws import own as draws
from rewards.pipeline.draws.views import OwnPrize, OwnTickets
from rewards.pipeline.gifts.claims import list_own_gifts, tell_gift_state
from rewards.pipeline.ledger import load_wallet
from rewards.pipeline.members import KnownMember, look_at_member
from rewards.pipeline.payouts.listing import list_own_by_id
from rewards.pipeline.payouts.texts import STATE_NAMES
from rewards.pipeline.points import adjusting
from rewards.pipeline.points.statements import Cursor, load_statement
from scan_api.pipeline import past_scans

_ENTRIES: Final = 20
# Of each kind of thing the newest are shown.
_THINGS: Final = 20
_SCANS: Final = 10
_GIVE: Final = "give"
_TAKE: Final = "take"
_FIELDS: Final = ("direction", "points", "reason")


@staff_page(HttpMethod.GET, "/member", Role.SUPPORT)
async def show_member(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Show a member to who helps them, and write down who looked."""
    member_id = request.query_params.get("id", "")
    if not is_member_id(member_id):
        return TEMPLATES.redirect(page, FIND)
    return await _show(request, context, page, member_id)


@staff_page(HttpMethod.POST, "/member/adjust", Role.SUPPORT)
async def ask_for_points(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Ask for points to be given or taken; it waits for a second person."""
    form = await read_form(request, page, "member_id", *_FIELDS)
    member_id = form.get("member_id", "")
    if not is_member_id(member_id):
        raise InvalidInput.field("/member_id", "invalid", message("fill_in"))
    points, faults = _read_adjustment(form)
    if not faults:
        faults = await _ask(context, page, member_id, points, form["reason"].strip())
    if not faults:
        path = f"{MEMBER}?id={quote(member_id, safe='')}#waiting"
        return TEMPLATES.redirect(page, path)
    return await _show(request, context, page, member_id, given=form, faults=faults)


def _read_adjustment(form: Mapping[str, str]) -> tuple[int, Faults]:
    """Read how many points are given, or taken below zero; tells by field why not."""
    reader = Reader()
    points = reader.needed("points", form.get("points", ""), 1, MAX_ADJUSTED)
    try:
        check_reason(form.get("reason", "").strip())
    except InvalidInput as fault:
        reader.faults |= place_errors(fault, {})
    if form.get("direction") not in {_GIVE, _TAKE}:
        reader.faults |= place_errors(
            InvalidInput.field("/direction", "invalid", message("fill_in")), {}
        )
    return -points if form.get("direction") == _TAKE else points, reader.faults


async def _ask(
    context: ConsoleContext,
    page: StaffRequest,
    member_id: str,
    points: int,
    reason: str,
) -> Faults:
    try:
        async with context.engine.begin() as conn:
            await adjusting.ask_adjustment(
                conn,
                member_id,
                adjustment_id=context.ids.next_id(context.clock.now_ms()),
                points=points,
                reason=reason,
                staff=page.staff,
                now=context.now,
            )
    except InvalidInput as fault:
        return place_errors(fault, {"/member_id": "points"})
    return {}


async def _show(
    request: AnyRequest,
    context: ConsoleContext,
    page: StaffRequest,
    member_id: str,
    *,
    given: Mapping[str, str] | None = None,
    faults: Faults | None = None,
) -> Response[bytes]:
    try:
        async with context.engine.begin() as conn:
            known = await look_at_member(conn, member_id, page.staff, now=context.now)
    except NotFound:
        return render(
            context,
            page,
            "find.html",
            status=404,
            typed=member_id,
            hits=[],
            knows_members=True,
            path=FIND,
        )
    cursor = request.query_params.get("entries")
    async with context.engine.connect() as conn:
        # Entries, balance and things are those of one moment.
        await conn.execution_options(isolation_level="REPEATABLE READ")
        entries, because, older = await _load_entries(conn, context, known, cursor)
        has = await _load_belongings(conn, context, page, known)
        return render(
            context,
            page,
            "member.html",
            status=422 if faults else 200,
            known=known,
            entries=[
                (utc_datetime(time_of_id(each.entry_id)), each, why)
                for each, why in zip(entries, because, strict=True)
            ],
            older=older,
            is_first=cursor is None,
            waiting=await adjusting.list_waiting(
                conn, page.staff, member_no=known.member_no, limit=_THINGS
            ),
            held=await past_scans.list_waiting_scans(conn, known.member_no),
            scans=await past_scans.list_seen_scans(conn, known.member_no, limit=_SCANS),
            has=has,
            lacks=has.lacking,
            given={"direction": _GIVE} | dict(given or {}),
            faults=faults or {},
            focus=next(iter(faults or {}), ""),
            benefit_of=tell_benefit,
            gift_state=tell_gift_state,
            payout_states=STATE_NAMES,
            money=tell_money,
            now=context.now,
        )


async def _load_entries(
    conn: AsyncConnection,
    context: ConsoleContext,
    known: KnownMember,
    cursor: str | None,
) -> tuple[Sequence[Entry], Sequence[str], str | None]:
    found = await load_statement(
        conn,
        known.member_id,
        find_scans=context.find_scans,
        cursor=None if cursor is None else Cursor.read(cursor),
        limit=_ENTRIES,
    )
    following = found.next_cursor
    older = None if following is None else following.write()
    return found.entries, found.because, older


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a member has of every kind, the newest of each."""

    wallet: Wallet
    coupons: Sequence[Coupon]
    gifts: Sequence[MemberGift]
    packets: Sequence[OwnPayout]
    tickets: Sequence[OwnTickets]
    prizes: Sequence[OwnPrize]
    sets: Sequence[OwnSet]

    @property
    def lacking(self) -> list[str]:
        """Name the kinds that there are none of, in the order of the page."""
        kinds = {
            "coupons": self.coupons,
            "gifts": self.gifts,
            "packets": self.packets,
            "tickets": self.tickets,
            "prizes": self.prizes,
            "cards": self.sets,
        }
        return [name for name, things in kinds.items() if not things]


async def _load_belongings(
    conn: AsyncConnection,
    context: ConsoleContext,
    page: StaffRequest,
    known: KnownMember,
) -> Belongings:
    member_id = known.member_id
    tickets = await draws.list_own(
        conn, context.draw_secrets, known.member_no, limit=_THINGS
    )
    won = await draws.list_prizes(conn, known.member_no, limit=_THINGS)
    return Belongings(
        await load_wallet(conn, member_id, today=context.today),
        await taking_back.list_of_member(conn, member_id, page.staff, limit=_THINGS),
        await list_own_gifts(conn, member_id, before=None, limit=_THINGS),
        await list_own_by_id(conn, member_id, before=None, limit=_THINGS),
        tickets.items,
        draws.view_prizes(won, now=context.now),
        await list_own_sets(conn, member_id),
    )
