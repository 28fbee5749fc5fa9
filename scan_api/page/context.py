"""What the page's handlers need, put together once by the shell."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain.brand_kits import Brands
from core.auth.members import MemberVerifier
from core.clock import Clock
from core.settings import Settings
from scan_api.page.sign_in import SignIn
from scan_api.pipeline.code_lookup import CodeLookup
from scan_api.pipeline.opening import ScanOpening


@dataclass(frozen=True, slots=True)
class PageContext:
    """The page's ways to look, to scan, and to know who asks."""

    settings: Settings
    clock: Clock
    engine: AsyncEngine
    members: MemberVerifier
    codes: CodeLookup
    opening: ScanOpening
    brands: Callable[[], Brands] = Brands

    @property
    def sign_in(self) -> SignIn:
        """Tell how a visitor of this installation signs in."""
        return SignIn.of(self.settings)
