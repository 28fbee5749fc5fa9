"""The life of a package: ordered, approved, downloaded; expired or cancelled."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.names import are_one
from printer_export.domain.packages.orders import Package


class PackageState(StrEnum):
    """Where a package stands; only an approved one gives its content."""

    ORDERED = "ordered"
    APPROVED = "approved"
    DOWNLOADED = "downloaded"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class PackageRecord:
    """A package and what happened to it so far."""

    package: Package
    approved_by: str | None
    approved_at: datetime | None
    expires_at: datetime | None
    downloads: int
    house_downloads: int
    cancelled_by: str | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    wrapped_password: bytes | None
    password_told_at: datetime | None

    @property
    def downloads_left(self) -> int:
        """How often the brand's staff may still download it.

        What is addressed to a print house is counted apart for the two.
        """
        return self.package.order.downloads_allowed - (
            self.downloads - self.house_downloads
        )

    @property
    def house_downloads_left(self) -> int:
        """How often the print house may still download it."""
        return self.package.order.downloads_allowed - self.house_downloads

    def knows_password(self, person: str) -> bool:
        """Tell whether somebody was told its password, and so never has its file."""
        return self.password_told_at is not None and are_one(
            self.approved_by or "", person
        )

    def state(self, now: datetime) -> PackageState:
        """Tell where it stands."""
        if self.cancelled_at is not None:
            return PackageState.CANCELLED
        if self.expires_at is None:
            return PackageState.ORDERED
        if self.downloads:
            return PackageState.DOWNLOADED
        return PackageState.EXPIRED if self.is_closed(now) else PackageState.APPROVED

    def is_closed(self, now: datetime) -> bool:
        """Tell whether its link has expired."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFilter:
    """Which packages a list keeps.

    `of_brand` and `of_line` leave out what is another's; batches of nobody stay.
    `waiting` keeps what nobody has approved, `overdue_at` what was due before then.
    """

    batch_id: int | None = None
    printhouse: str | None = None
    of_brand: str | None = None
    of_line: str | None = None
    waiting: bool = False
    overdue_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """Who took a package, when and from where; unfinished ones have no end.

    It may come in several requests; `taken_bytes` counts each byte once.
    """

    at: datetime
    person: str
    address: str | None
    finished_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    requests: int
    taken_bytes: int
