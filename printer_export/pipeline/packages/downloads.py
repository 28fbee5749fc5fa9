"""Taking a package: counted once, in however many requests it comes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from core.auth import Role, Staff
from core.auth.audit import record_action
from core.errors import Forbidden
from printer_export.domain.messages import message
from printer_export.domain.packages.byte_range import ByteRange
from printer_export.domain.packages.package_state import PackageRecord
from printer_export.files.package_content import PackageContent, plan_content
from printer_export.pipeline.packages.orders import Packaging, get_package
from printer_export.store.packages import downloads as store

# A download that was cut may go on for so long, in so many requests; what a proxy or a
# kernel had taken and never delivered is sent again, but never twice the whole.
GOES_ON_FOR: Final = timedelta(hours=24)
MOST_REQUESTS: Final = 1_000
MOST_TIMES: Final = 2


@dataclass(frozen=True, slots=True)
class DownloadPart:
    """Bytes that were granted, of the download they belong to."""

    download_id: int
    wanted: ByteRange


async def find_open_package(
    conn: AsyncConnection,
    package_id: int,
    staff: Staff,
    *,
    now: datetime,
    locked: str = "",
) -> PackageRecord:
    """Find a package whose content is given out; raises Forbidden with the reason."""
    record = await get_package(conn, package_id, staff, locked=locked)
    if record.cancelled_at is not None:
        raise Forbidden(message("package_cancelled"), code="package_cancelled")
    if record.approved_by is None:
        raise Forbidden(message("not_approved"), code="not_approved")
    if record.is_closed(now):
        raise Forbidden(
            message("link_expired", at=str(record.expires_at)), code="package_expired"
        )
    if record.knows_password(staff.person):
        raise Forbidden(message("knows_the_password"), code="knows_the_password")
    return record


def downloads_left(record: PackageRecord, staff: Staff) -> int:
    """Tell how often somebody may still download a package."""
    if staff.role is Role.PRINTHOUSE:
        return record.house_downloads_left
    return record.downloads_left


def content_of(record: PackageRecord, packaging: Packaging) -> PackageContent:
    """Tell all of a package's content but its bytes; takes a moment of computing."""
    package, key = record.package, packaging.signing_key.load()
    password = None
    if record.wrapped_password is not None:
        password = key.unwrap(record.wrapped_password, package.package_id)
    return plan_content(package, packaging.issuance.key_file.load(), key, password)


async def grant_part(
    conn: AsyncConnection,
    content: PackageContent,
    wanted: ByteRange | None,
    staff: Staff,
    *,
    address: str | None,
    now: datetime,
) -> DownloadPart:
    """Count a download before its first byte, unless it goes on; raises Forbidden.

    Whoever wants all bytes begins anew. A part belongs to the same person's download
    of the same content, and is logged.
    """
    package_id = content.package.package_id
    record = await find_open_package(conn, package_id, staff, now=now, locked="update")
    granted = wanted or ByteRange(0, content.length)
    download_id = None
    if granted.size < content.length:
        download_id = await store.continue_download(
            conn,
            package_id,
            person=staff.person,
            etag=content.etag,
            reserved=granted.size,
            most_bytes=MOST_TIMES * content.length,
            most_requests=MOST_REQUESTS,
            since=now - GOES_ON_FOR,
        )
    action = "package.download" if download_id is None else "package.continue_download"
    if download_id is None:
        if downloads_left(record, staff) < 1:
            allowed = record.package.order.downloads_allowed
            raise Forbidden(
                message("downloads_used_up", allowed=allowed),
                code="downloads_used_up",
            )
        download_id = await store.begin_download(
            conn,
            package_id,
            person=staff.person,
            token_id=staff.token_id,
            address=address,
            etag=content.etag,
            length=content.length,
            reserved=granted.size,
            of_house=int(staff.role is Role.PRINTHOUSE),
            now=now,
        )
    detail: dict[str, object] = {"address": address, "download_id": download_id}
    if wanted is not None:
        detail |= {"first_byte": granted.start, "last_byte": granted.end - 1}
    await record_action(
        conn,
        staff,
        action=action,
        subject=f"package:{package_id}",
        detail=detail,
        now=now,
    )
    return DownloadPart(download_id, granted)
