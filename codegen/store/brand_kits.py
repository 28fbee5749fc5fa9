"""The SQL of brands' kits."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.brand_kits import BrandKit
from codegen.domain.brand_logo import Logo

_FIELDS = (
    *("brand", "name_zh", "name_en", "primary", "accent", "hotline", "contact_url"),
    *("wechat", "privacy_url", "rules_url", "footer"),
)


async def put_kit(
    conn: AsyncConnection, kit: BrandKit, logo: Logo | None, *, now: datetime
) -> None:
    """Write a brand's kit, in place of what it had; the caller holds the fence."""
    values: dict[str, Any] = {name: getattr(kit, name) for name in _FIELDS}
    values |= {
        "logo_digest": None if logo is None else logo.digest,
        "logo_type": None if logo is None else logo.media_type,
        "logo": None if logo is None else logo.content,
        "changed_at": now,
    }
    await conn.execute(
        insert(t.brand_kits)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["brand"],
            set_=values | {"version": func.current_range_version()},
        )
    )


async def load_changed_kits(conn: AsyncConnection, since: int) -> dict[str, BrandKit]:
    """Load the kits that changed at a version or after, without their pictures."""
    k = t.brand_kits.c
    columns = [k[name] for name in _FIELDS]
    rows = await conn.execute(
        select(*columns, k.logo_digest.label("logo")).where(k.version >= since)
    )
    return {row.brand: BrandKit(**row._mapping) for row in rows}  # noqa: SLF001 - its public spelling


async def find_kit(
    conn: AsyncConnection, brand: str
) -> tuple[BrandKit, Logo | None] | None:
    """Find a brand's kit with its picture."""
    k = t.brand_kits.c
    row = (
        await conn.execute(select(t.brand_kits).where(k.brand == brand))
    ).one_or_none()
    if row is None:
        return None
    values = {name: getattr(row, name) for name in _FIELDS}
    logo = None if row.logo is None else Logo(row.logo_type, row.logo)
    return BrandKit(**values, logo=row.logo_digest), logo


async def find_logo(conn: AsyncConnection, digest: str) -> Logo | None:
    """Find a picture by its name."""
    k = t.brand_kits.c
    row = (
        await conn.execute(
            select(k.logo_type, k.logo).where(k.logo_digest == digest).limit(1)
        )
    ).one_or_none()
    return None if row is None else Logo(row.logo_type, row.logo)
