"""The SQL of downloads: who took which bytes of a package."""

from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from printer_export.domain.packages.byte_range import ByteRange
from printer_export.domain.packages.package_state import Download
from printer_export.tables import package_downloads, packages


async def begin_download(
    conn: AsyncConnection,
    package_id: int,
    *,
    person: str,
    token_id: str,
    address: str | None,
    etag: str,
    length: int,
    reserved: int,
    of_house: int,
    now: datetime,
) -> int:
    """Count a download of a package whose row the caller holds; returns its id.

    `of_house` is 1 for the print house that it is addressed to, else 0.
    """
    await conn.execute(
        update(packages)
        .where(packages.c.package_id == package_id)
        .values(
            downloads=packages.c.downloads + 1,
            house_downloads=packages.c.house_downloads + of_house,
        )
    )
    added = await conn.execute(
        insert(package_downloads)
        .values(
            package_id=package_id,
            at=now,
            person=person,
            token_id=token_id,
            address=address,
            etag=etag,
            length=length,
            bytes_sent=reserved,
        )
        .returning(package_downloads.c.download_id)
    )
    return int(added.scalar_one())


async def continue_download(
    conn: AsyncConnection,
    package_id: int,
    *,
    person: str,
    etag: str,
    reserved: int,
    most_bytes: int,
    most_requests: int,
    since: datetime,
) -> int | None:
    """Go on with a person's newest download of this content; None without any.

    The caller holds the package's row. What may be sent is reserved.
    """
    d = package_downloads.c
    newest = (
        select(d.download_id)
        .where(
            d.package_id == package_id,
            d.person == person,
            d.etag == etag,
            d.at > since,
            d.requests < most_requests,
            d.bytes_sent + reserved <= most_bytes,
        )
        .order_by(d.download_id.desc())
        .limit(1)
    )
    going_on = await conn.execute(
        update(package_downloads)
        .where(d.download_id == newest.scalar_subquery())
        .values(requests=d.requests + 1, bytes_sent=d.bytes_sent + reserved)
        .returning(d.download_id)
    )
    found: int | None = going_on.scalar_one_or_none()
    return found


async def note_part(
    conn: AsyncConnection,
    download_id: int,
    taken: ByteRange,
    *,
    unsent: int,
    sha256: str | None,
    now: datetime,
) -> None:
    """Note which bytes were taken, and the end once all of them were.

    `unsent` of the reserved bytes are given back; `sha256` is that of all bytes,
    from whoever made the last.
    """
    await conn.execute(
        text(
            "UPDATE package_downloads SET bytes_sent = bytes_sent - :unsent,"
            " parts = parts + int8multirange(int8range(:first, :until)),"
            " content_sha256 = coalesce(content_sha256, :sha256)"
            " WHERE download_id = :download_id"
        ),
        {
            "download_id": download_id,
            "unsent": unsent,
            "first": taken.start,
            "until": taken.end,
            "sha256": sha256,
        },
    )
    await conn.execute(
        text(
            "UPDATE package_downloads SET finished_at = :now, size_bytes = length,"
            " sha256 = content_sha256 WHERE download_id = :download_id"
            " AND finished_at IS NULL AND content_sha256 IS NOT NULL"
            " AND parts @> int8range(0, length)"
        ),
        {"download_id": download_id, "now": now},
    )


async def has_taken(conn: AsyncConnection, package_id: int, person: str) -> bool:
    """Tell whether somebody took a package, or a part of it."""
    d = package_downloads.c
    found = select(d.download_id).where(d.package_id == package_id, d.person == person)
    return (await conn.execute(found.limit(1))).first() is not None


async def list_downloads(conn: AsyncConnection, package_id: int) -> list[Download]:
    """List the downloads of a package, oldest first."""
    rows = await conn.execute(
        text(
            "SELECT at, person, address, finished_at, size_bytes, sha256, requests,"
            " (SELECT coalesce(sum(upper(part) - lower(part)), 0)::bigint"
            "  FROM unnest(parts) AS part) AS taken_bytes"
            " FROM package_downloads WHERE package_id = :package_id"
            " ORDER BY download_id"
        ),
        {"package_id": package_id},
    )
    return [Download(*row) for row in rows]
