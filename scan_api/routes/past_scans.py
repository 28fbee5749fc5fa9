"""HTTP for members: their scans and their wallet."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from litestar import Router, get
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, require_member
from core.bounds import read_id
from core.clock import Clock, business_day, end_of_day
from core.doors import GUARDS
from core.errors import InvalidInput
from core.fields import Limit
from rewards.pipeline.ledger import load_wallet
from scan_api.domain.messages import message
from scan_api.pipeline.past_scans import (
    PastScan,
    ScanPage,
    find_scan,
    list_member_scans,
)


class NextExpiry(msgspec.Struct, frozen=True):
    """So many points that are good until a moment, and no longer."""

    at: datetime
    amount: int


class Points(msgspec.Struct, frozen=True):
    """Points to spend, that wait, that are owed, and which expire first."""

    available: int
    pending: int
    debt: int
    next_expiry: NextExpiry | None


class WalletView(msgspec.Struct, frozen=True):
    """What a member has."""

    member_id: str
    points: Points
    tier: str | None
    coupons: tuple[str, ...]
    tickets: tuple[str, ...]
    cards: tuple[str, ...]


@get("/v1/me/wallet", summary="Look at one's wallet", tags=["members"])
async def show_wallet(
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    timezone: SkipValidation[ZoneInfo],
) -> WalletView:
    """Show a member's points."""
    member = require_member(principal)
    today = business_day(clock.now_ms(), timezone)
    async with engine.connect() as conn:
        wallet = await load_wallet(conn, member.member_id, today=today)
    first = None
    if wallet.expires_on is not None:
        first = NextExpiry(end_of_day(wallet.expires_on, timezone), wallet.expiring)
    points = Points(wallet.available, wallet.pending, wallet.debt, first)
    return WalletView(member.member_id, points, None, (), (), ())


@get("/v1/me/scans", summary="List one's scans", tags=["members"])
async def list_scans(
    principal: Principal,
    engine: AsyncEngine,
    cursor: str | None = None,
    limit: Limit = 20,
) -> ScanPage:
    """List a member's scans, newest first."""
    member = require_member(principal)
    before = None if cursor is None else _parse_id(cursor, "/cursor")
    async with engine.connect() as conn:
        return await list_member_scans(
            conn, member.member_id, before=before, limit=limit
        )


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
        return await find_scan(conn, number, principal)


def _parse_id(text: str, pointer: str) -> int:
    number = read_id(text)
    if number is None:
        raise InvalidInput.field(pointer, "invalid", message("scan_id_form"))
    return number


ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[show_wallet, list_scans, show_scan],
)
