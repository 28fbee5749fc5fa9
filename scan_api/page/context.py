"""What the page's handlers need, put together once by the shell."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain.brand_kits import Brands
from core.auth.members import MemberVerifier
from core.clock import Clock, utc_datetime
from core.settings import Settings
from rewards.pipeline.coupons.numbers import CouponCodes
from rewards.pipeline.draws.prizes import PrizeClaiming
from rewards.pipeline.draws.taking import TicketTaking
from rewards.pipeline.gifts.claims import GiftClaiming
from rewards.pipeline.payouts.terms import PayoutTerms
from rewards.pipeline.points.statements import FindScans
from scan_api.page.sign_in import SignIn
from scan_api.pipeline.code_lookup import CodeLookup
from scan_api.pipeline.opening import ScanOpening


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol, a path of SVG in a square of `side` modules, quiet zone and all."""

    side: int
    path: str


@dataclass(frozen=True, slots=True)
class WalletPorts:
    """What shows members what they have; the shell, which has keys, hands it in."""

    coupon_codes: CouponCodes
    gift_claiming: GiftClaiming
    draw_symbol: Callable[[str], Symbol]
    ticket_taking: TicketTaking
    prize_claiming: PrizeClaiming
    payouts: PayoutTerms
    find_scans: FindScans


@dataclass(frozen=True, slots=True)
class PageContext:
    """The page's ways to look, to scan, and to know who asks."""

    settings: Settings
    clock: Clock
    engine: AsyncEngine
    members: MemberVerifier
    codes: CodeLookup
    opening: ScanOpening
    wallet: WalletPorts
    brands: Callable[[], Brands] = Brands

    @property
    def now(self) -> datetime:
        """The time of this request's effects."""
        return utc_datetime(self.clock.now_ms())

    @property
    def sign_in(self) -> SignIn:
        """Tell how a visitor of this installation signs in."""
        return SignIn.of(self.settings)
