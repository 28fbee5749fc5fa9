"""A brand's kit, looked at and written by its own staff alone."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.brand_kits import BrandKit, check_kit
from codegen.domain.brand_logo import Logo, LogoError, read_logo
from codegen.domain.messages import message
from core.auth import Staff
from core.auth.audit import record_action
from core.bounds import MAX_TEXT, check_text, refuse
from core.errors import Forbidden, InvalidInput, NotFound
from core.fence import take_fence


async def get_kit(
    conn: AsyncConnection, brand: str, staff: Staff
) -> tuple[BrandKit, Logo | None]:
    """Find a brand's kit with its picture; raises NotFound, or Forbidden."""
    _refuse_other_brand(brand, staff)
    refuse(check_text("/brand", brand, most=MAX_TEXT))
    found = await store.find_kit(conn, brand)
    if found is None:
        raise NotFound(message("no_kit", brand=brand))
    return found


async def find_logo(conn: AsyncConnection, digest: str) -> Logo | None:
    """Find a picture, which anybody may see, by its name."""
    return await store.find_logo(conn, digest)


async def write_kit(
    conn: AsyncConnection,
    kit: BrandKit,
    logo_url: str | None,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    """Write a brand's kit in place of what it had, with the picture of a data: URL.

    Raises Forbidden for another brand's, whatever else is wrong with it, and
    InvalidInput.
    """
    _refuse_other_brand(kit.brand, staff)
    refuse(check_text("/brand", kit.brand, most=MAX_TEXT))
    logo = _read_logo(logo_url)
    kit = replace(kit, logo=None if logo is None else logo.digest)
    refuse(check_kit(kit))
    await take_fence(conn)
    await store.put_kit(conn, kit, logo, now=now)
    await record_action(
        conn,
        staff,
        action="brand.kit",
        subject=f"brand:{kit.brand}",
        detail={n: getattr(kit, n) for n in BrandKit.__slots__ if n != "brand"},
        now=now,
    )


def _refuse_other_brand(brand: str, staff: Staff) -> None:
    if staff.brand is not None and staff.brand != brand:
        raise Forbidden(
            message("token_of_brand", brand=staff.brand), code="out_of_scope"
        )


def _read_logo(data_url: str | None) -> Logo | None:
    try:
        return None if data_url is None else read_logo(data_url)
    except LogoError as fault:
        raise InvalidInput.field("/logo", "invalid_logo", fault.detail) from None
