"""What the pages' handlers need, put together once by the shell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain import EpochKeys
from core.auth.guesses import GuessLimit
from core.auth.refusals import RefusalLog
from core.clock import Clock, utc_datetime
from core.settings import Settings
from events.pipeline.webhooks import WebhookTerms
from printer_export.pipeline.packages.orders import Packaging
from rewards.pipeline.coupons.redeeming import Redeeming
from rewards.pipeline.payouts.terms import PayoutTerms
from rewards.pipeline.previews import FindGoods


@dataclass(frozen=True, slots=True)
class ConsoleContext:
    """The pages' ways to the features below them."""

    settings: Settings
    clock: Clock
    engine: AsyncEngine
    packaging: Packaging
    guesses: GuessLimit
    refusals: RefusalLog
    redeeming: Redeeming
    texts: Mapping[str, tuple[str, str]]
    webhooks: WebhookTerms
    payouts: PayoutTerms
    find_goods: FindGoods

    @property
    def now(self) -> datetime:
        """The time of this request's effects."""
        return utc_datetime(self.clock.now_ms())

    def text(self, language: str, name: str) -> str:
        """Give a text of the frame or of an audience in zh or en."""
        return self.texts[name][0 if language == "zh" else 1]

    @property
    def keys(self) -> EpochKeys:
        """Read the master keys."""
        return self.packaging.issuance.key_file.load()
