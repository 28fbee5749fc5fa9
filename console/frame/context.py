"""What the pages' handlers need, put together once by the shell."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from anti_fraud.pipeline.cases.ports import CasePorts
from anti_fraud.pipeline.lists import FindSpan
from codegen.domain import EpochKeys
from core.auth.guesses import GuessLimit
from core.auth.refusals import RefusalLog
from core.clock import Clock, business_day, utc_datetime
from core.ids import TimeIds
from core.settings import Settings
from events.pipeline.webhooks import WebhookTerms
from printer_export.pipeline.packages.orders import Packaging
from rewards.pipeline.addresses import Addresses
from rewards.pipeline.coupons.redeeming import Redeeming
from rewards.pipeline.draws.secrets import DrawSecrets
from rewards.pipeline.payouts.terms import PayoutTerms
from rewards.pipeline.points.statements import FindScans
from rewards.pipeline.previews import FindGoods

# The texts of the symbols in a picture of somebody's; None for what is no picture.
ReadPicture = Callable[[bytes, str], Awaitable[Sequence[str] | None]]


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
    ids: TimeIds
    draw_secrets: DrawSecrets
    addresses: Addresses
    find_scans: FindScans
    read_picture: ReadPicture
    case_ports: CasePorts
    find_span: FindSpan

    @property
    def now(self) -> datetime:
        """The time of this request's effects."""
        return utc_datetime(self.clock.now_ms())

    @property
    def today(self) -> date:
        """The business day of this request's effects."""
        return business_day(self.clock.now_ms(), self.settings.timezone)

    def text(self, language: str, name: str) -> str:
        """Give a text of the frame or of an audience in zh or en."""
        return self.texts[name][0 if language == "zh" else 1]

    @property
    def keys(self) -> EpochKeys:
        """Read the master keys."""
        return self.packaging.issuance.key_file.load()
