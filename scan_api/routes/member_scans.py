"""HTTP for members: their scans and their wallet."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.pipeline import may_see_code
from core.auth import Member, Principal, Role, Staff
from core.bounds import MAX_PAGE, read_id
from core.doors import GUARDS
from core.errors import InvalidInput, NotFound, Unauthenticated
from rewards.store.ledger import load_wallet
from scan_api.pipeline.responses import PastScan, view_past_scan
from scan_api.store.scans import load_member_scans, load_scan, store_of

_READERS: Final = frozenset({Role.ADMIN, Role.ANALYST, Role.SUPPORT, Role.APP})


class Points(msgspec.Struct, frozen=True):
    """Points to spend, points that wait, and when the next lot expires."""

    available: int
    pending: int
    next_expiry: datetime | None


class WalletView(msgspec.Struct, frozen=True):
    """What a member has."""

    member_id: str
    points: Points
    tier: str | None
    coupons: tuple[str, ...]
    tickets: tuple[str, ...]
    cards: tuple[str, ...]


class ScanPage(msgspec.Struct, frozen=True):
    """Some of a member's scans, newest first."""

    items: list[PastScan]
    next_cursor: str | None


def require_member(principal: Principal) -> Member:
    """Return the member who asks; raises Unauthenticated."""
    if not isinstance(principal, Member):
        raise Unauthenticated("This needs a member's token: Authorization: Bearer ….")
    return principal


@get("/v1/me/wallet", summary="Look at one's wallet", tags=["members"])
async def show_wallet(principal: Principal, engine: AsyncEngine) -> WalletView:
    """Show a member's points."""
    member = require_member(principal)
    async with engine.connect() as conn:
        wallet = await load_wallet(conn, member.member_id)
    points = Points(wallet.available, wallet.pending, None)
    return WalletView(member.member_id, points, None, (), (), ())


@get("/v1/me/scans", summary="List one's scans", tags=["members"])
async def list_scans(
    principal: Principal,
    engine: AsyncEngine,
    cursor: str | None = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_PAGE)] = 20,
) -> ScanPage:
    """List a member's scans, newest first."""
    member = require_member(principal)
    before = None if cursor is None else _parse_id(cursor, "/cursor")
    async with engine.connect() as conn:
        rows = await load_member_scans(
            conn, member.member_id, before=before, limit=limit + 1
        )
    items = [view_past_scan(row) for row in rows[:limit]]
    return ScanPage(items, items[-1].scan_id if len(rows) > limit else None)


@get(
    "/v1/scans/{scan_id:str}",
    summary="Look at a scan",
    tags=["scans"],
    opt={"members": True},
)
async def show_scan(
    scan_id: str, principal: Principal, engine: AsyncEngine
) -> PastScan:
    """Show a scan to its member, to an app's backend or to staff."""
    number = _parse_id(scan_id, "/scan_id")
    async with engine.connect() as conn:
        row = await load_scan(conn, number)
        if row is None or not await _may_see(conn, principal, row):
            raise NotFound("There is no such scan among yours.")
    return view_past_scan(row)


async def _may_see(
    conn: AsyncConnection, principal: Principal, row: dict[str, Any]
) -> bool:
    if isinstance(principal, Member):
        return bool(principal.member_id == row["member_id"])
    if not isinstance(principal, Staff) or principal.role not in _READERS:
        return False
    if principal.store is not None and principal.store != store_of(row["facts"]):
        return False
    return await may_see_code(conn, row["code_id"], principal)


def _parse_id(text: str, pointer: str) -> int:
    number = read_id(text)
    if number is None:
        raise InvalidInput.field(
            pointer, "invalid", "A scan_id is a decimal number of up to 19 digits."
        )
    return number


ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[show_wallet, list_scans, show_scan],
)
