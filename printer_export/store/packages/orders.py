"""The SQL of packages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from codegen.store import count_codes, find_batch
from core.db_arrays import write_numbers
from core.errors import Conflict
from printer_export.domain.messages import message
from printer_export.domain.packages.orders import Package, PackageOrder
from printer_export.domain.packages.package_state import PackageFilter, PackageRecord
from printer_export.domain.packages.rows import Preset
from printer_export.tables import packages, sample_batches

_OVERLAPS = {"packages_never_overlap", "epcis_packages_never_overlap"}
_IN_SCOPE = """EXISTS (SELECT FROM batches AS b WHERE b.batch_id = packages.batch_id
    AND (CAST(:brand AS text) IS NULL OR b.brand IS NULL OR b.brand = :brand)
    AND (CAST(:line AS text) IS NULL OR b.line IS NULL OR b.line = :line))"""
# By the index of each of the two constraints that keep packages apart.
_PACKAGES_OF = text(
    """
    SELECT DISTINCT p.package_id, p.first_code_id, p.last_code_id, p.printhouse
    FROM unnest(CAST(:code_ids AS bigint[])) AS c
    CROSS JOIN LATERAL (
        SELECT * FROM packages
        WHERE cancelled_at IS NULL AND document ->> 'preset' = 'epcis'
            AND int8range(first_code_id, last_code_id, '[]') @> c
        UNION ALL
        SELECT * FROM packages
        WHERE cancelled_at IS NULL AND document ->> 'preset' <> 'epcis'
            AND int8range(first_code_id, last_code_id, '[]') @> c
    ) AS p ORDER BY p.package_id
    """
)


async def insert_package(
    conn: AsyncConnection,
    *,
    batch: Batch,
    order: PackageOrder,
    sample_code_id: int,
    person: str,
    now: datetime,
) -> int:
    """Add an order; returns package_id. Raises Conflict where ranges overlap."""
    try:
        added = await conn.execute(
            insert(packages)
            .values(
                batch_id=batch.batch_id,
                first_code_id=batch.first_code_id + order.from_index,
                last_code_id=batch.first_code_id + order.to_index,
                document=msgspec.to_builtins(order),
                sample_code_id=sample_code_id,
                printhouse=order.printhouse,
                ordered_by=person,
                ordered_at=now,
                downloads_allowed=order.downloads_allowed,
                download_by=order.download_by,
                activate_by=order.activate_by,
            )
            .returning(packages.c.package_id)
        )
    except IntegrityError as fault:
        diagnostics = getattr(fault.orig, "diag", None)
        if getattr(diagnostics, "constraint_name", None) not in _OVERLAPS:
            raise
        raise Conflict(message("packaged_before"), code="already_packaged") from None
    return int(added.scalar_one())


async def find_overlaps(
    conn: AsyncConnection, preset: Preset, first_code_id: int, last_code_id: int
) -> list[tuple[int, int, int]]:
    """List (package_id, first, last code_id) of packages that share codes.

    What is printed and what tells events are apart: each holds a code once.
    """
    tells = packages.c.document["preset"].astext == Preset.EPCIS.value
    rows = await conn.execute(
        select(packages.c.package_id, packages.c.first_code_id, packages.c.last_code_id)
        .where(packages.c.cancelled_at.is_(None))
        .where(packages.c.first_code_id <= last_code_id)
        .where(packages.c.last_code_id >= first_code_id)
        .where(tells if preset is Preset.EPCIS else ~tells)
        .order_by(packages.c.first_code_id)
    )
    return [(r.package_id, r.first_code_id, r.last_code_id) for r in rows]


async def find_holders(
    conn: AsyncConnection, first_code_id: int, last_code_id: int
) -> list[int]:
    """List the packages that hold or held any of these codes, oldest first."""
    rows = await conn.execute(
        select(packages.c.package_id)
        .where(packages.c.first_code_id <= last_code_id)
        .where(packages.c.last_code_id >= first_code_id)
        .order_by(packages.c.package_id)
    )
    return list(rows.scalars())


async def list_packed(conn: AsyncConnection, batch_id: int) -> list[tuple[int, int]]:
    """List the code_ids of a batch's packages, ends included; of cancelled ones too."""
    p = packages.c
    rows = await conn.execute(
        select(p.first_code_id, p.last_code_id)
        .where(p.batch_id == batch_id)
        .order_by(p.first_code_id)
    )
    return [(row.first_code_id, row.last_code_id) for row in rows]


async def find_packages_of(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> list[tuple[int, int, int, str | None]]:
    """List (package_id, first, last code_id, printhouse) of packages of these codes."""
    rows = await conn.execute(_PACKAGES_OF, {"code_ids": write_numbers(code_ids)})
    return [(r.package_id, r.first_code_id, r.last_code_id, r.printhouse) for r in rows]


async def find_package(
    conn: AsyncConnection, package_id: int, *, locked: str = ""
) -> PackageRecord | None:
    """Find a package; `locked` is `update` to keep others from changing it."""
    query = select(packages).where(packages.c.package_id == package_id)
    if locked:
        query = query.with_for_update()
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    batch = await find_batch(conn, row.batch_id)
    assert batch is not None
    return _record_of(row, await count_codes(conn, batch))


async def list_packages(
    conn: AsyncConnection,
    wanted: PackageFilter,
    *,
    before_id: int | None,
    limit: int,
) -> list[PackageRecord]:
    """List packages, newest first."""
    p = packages.c
    query = select(packages).order_by(p.package_id.desc()).limit(limit)
    for column, value in (
        (p.batch_id, wanted.batch_id),
        (p.printhouse, wanted.printhouse),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.of_brand is not None or wanted.of_line is not None:
        query = query.where(
            text(_IN_SCOPE).bindparams(brand=wanted.of_brand, line=wanted.of_line)
        )
    if wanted.waiting:
        query = query.where(p.approved_at.is_(None), p.cancelled_at.is_(None))
    if wanted.overdue_at is not None:
        query = query.where(
            p.cancelled_at.is_(None),
            (p.downloads == 0) & (p.download_by < wanted.overdue_at)
            | (p.activate_by < wanted.overdue_at),
        )
    if before_id is not None:
        query = query.where(p.package_id < before_id)
    records = []
    for row in (await conn.execute(query)).all():
        batch = await find_batch(conn, row.batch_id)
        assert batch is not None
        records.append(_record_of(row, await count_codes(conn, batch)))
    return records


def _record_of(row: Row[Any], batch: Batch) -> PackageRecord:
    return PackageRecord(
        package=Package(
            row.package_id,
            batch,
            msgspec.convert(row.document, PackageOrder, strict=False),
            row.sample_code_id,
            row.ordered_by,
            row.ordered_at,
        ),
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        expires_at=row.expires_at,
        downloads=row.downloads,
        house_downloads=row.house_downloads,
        cancelled_by=row.cancelled_by,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
        wrapped_password=row.wrapped_password,
        password_told_at=row.password_told_at,
    )


async def approve_package(
    conn: AsyncConnection,
    package_id: int,
    *,
    person: str,
    now: datetime,
    expires_at: datetime,
    wrapped_password: bytes | None,
) -> None:
    """Release a package."""
    await conn.execute(
        update(packages)
        .where(packages.c.package_id == package_id)
        .values(
            approved_by=person,
            approved_at=now,
            expires_at=expires_at,
            wrapped_password=wrapped_password,
        )
    )


async def note_password_told(
    conn: AsyncConnection, package_id: int, *, now: datetime
) -> None:
    """Note that its approver knows a package's password; the first time stays."""
    await conn.execute(
        update(packages)
        .where(packages.c.package_id == package_id)
        .where(packages.c.password_told_at.is_(None))
        .values(password_told_at=now)
    )


async def cancel_package(
    conn: AsyncConnection, package_id: int, *, person: str, reason: str, now: datetime
) -> None:
    """Withdraw a package; its range is free for another order."""
    await conn.execute(
        update(packages)
        .where(packages.c.package_id == package_id)
        .values(cancelled_by=person, cancelled_at=now, cancel_reason=reason)
    )


async def find_sample_batch(conn: AsyncConnection, gtin: str) -> int | None:
    """Find the newest batch whose codes are the samples of a product."""
    row = await conn.execute(
        select(sample_batches.c.batch_id)
        .where(sample_batches.c.gtin == gtin)
        .order_by(sample_batches.c.epoch.desc())
        .limit(1)
    )
    return row.scalar_one_or_none()


async def find_samples_among(
    conn: AsyncConnection, batch_ids: Sequence[int]
) -> frozenset[int]:
    """Tell which of these batches are samples, which go to no line."""
    rows = await conn.execute(
        select(sample_batches.c.batch_id).where(
            sample_batches.c.batch_id.in_(batch_ids)
        )
    )
    return frozenset(rows.scalars())


async def keep_sample_batch(
    conn: AsyncConnection, *, epoch: int, gtin: str, batch_id: int
) -> None:
    """Remember the batch of a product's samples."""
    await conn.execute(
        pg_insert(sample_batches).values(epoch=epoch, gtin=gtin, batch_id=batch_id)
    )


async def knows_printhouse(conn: AsyncConnection, name: str) -> bool:
    """Tell whether somebody has a print house's token in this name."""
    found = await conn.execute(
        text(
            "SELECT EXISTS (SELECT FROM staff_tokens WHERE role = 'printhouse'"
            " AND person = :name AND revoked_at IS NULL)"
        ),
        {"name": name},
    )
    return bool(found.scalar_one())


async def list_printhouses(conn: AsyncConnection, *, of_brand: str | None) -> list[str]:
    """List the print houses that have a token, by name; all, or those of a brand."""
    rows = await conn.execute(
        text(
            "SELECT DISTINCT person FROM staff_tokens WHERE role = 'printhouse'"
            " AND revoked_at IS NULL AND coalesce(expires_at > now(), true)"
            " AND (brand IS NULL OR coalesce(brand = :brand, true)) ORDER BY person"
        ),
        {"brand": of_brand},
    )
    return list(rows.scalars())


async def count_voids(conn: AsyncConnection, first: int, last: int) -> int:
    """Count the single voids within an inclusive interval of code_ids."""
    found = await conn.execute(
        text(
            "SELECT count(*) FROM void_codes"
            " WHERE shard = 0 AND code_id BETWEEN :first AND :last"
        ),
        {"first": first, "last": last},
    )
    return int(found.scalar_one())


async def was_exported(conn: AsyncConnection, batch_id: int) -> bool:
    """Tell whether a batch left the system in the clear."""
    found = await conn.execute(
        text("SELECT EXISTS (SELECT FROM code_exports WHERE batch_id = :batch_id)"),
        {"batch_id": batch_id},
    )
    return bool(found.scalar_one())
