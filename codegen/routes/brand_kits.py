"""HTTP of brands' kits: how consumers' pages name a brand, and where it is reached."""

from typing import Annotated, ClassVar

import msgspec
from litestar import get, put
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen import pipeline
from codegen.domain.brand_kits import BrandKit
from codegen.domain.brand_logo import MAX_BYTES, Logo
from core.auth import Principal, Role, require_role
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Text64

Link = Annotated[str, msgspec.Meta(max_length=510)]
Colour = Annotated[str, msgspec.Meta(max_length=7, examples=["#183f86"])]
# Base64 has four characters for three bytes.
DataUrl = Annotated[str, msgspec.Meta(max_length=MAX_BYTES * 4 // 3 + 64)]
MAX_KIT: int = 64 * 1024


class KitName(msgspec.Struct, frozen=True, kw_only=True):
    """A brand's name in both languages."""

    zh: Annotated[Text64, msgspec.Meta(examples=["示例乳业"])]
    en: Annotated[Text64, msgspec.Meta(examples=["Demo Dairy"])]


class KitColours(msgspec.Struct, frozen=True, kw_only=True):
    """Colours as #rrggbb; white text has to be readable on the primary one."""

    primary: Colour | None = None
    accent: Colour | None = None


class Kit(Body, frozen=True, kw_only=True):
    """A brand's names, colours and contacts; what is left out is none.

    `logo` is a PNG or SVG as a data: URL. `footer` stands under every page, such as
    the number under which a site is registered.
    """

    name: KitName
    logo: DataUrl | None = None
    colours: KitColours = KitColours()
    hotline: Annotated[Text64 | None, msgspec.Meta(examples=["400-000-0000"])] = None
    contact_url: Link | None = None
    wechat: Text64 | None = None
    privacy_url: Link | None = None
    rules_url: Link | None = None
    footer: Annotated[str, msgspec.Meta(max_length=200)] | None = None

    judged_later: ClassVar = frozenset({"logo"})


@get("/v1/brands/{brand:str}/kit", summary="Look at a brand's kit", tags=["brands"])
async def show_kit(brand: str, principal: Principal, engine: AsyncEngine) -> Kit:
    """Show how consumers' pages name a brand, and where they send people."""
    staff = require_role(principal, Role.ADMIN, Role.MARKETER)
    async with engine.connect() as conn:
        return view_kit(*await pipeline.get_kit(conn, brand, staff))


@put(
    "/v1/brands/{brand:str}/kit",
    summary="Write a brand's kit",
    tags=["brands"],
    request_max_body_size=MAX_KIT,
)
async def put_kit(
    brand: str,
    data: Kit,
    principal: Principal,
    clock: Clock,
    engine: AsyncEngine,
) -> Kit:
    """Write a brand's kit, in place of what it had."""
    staff = require_role(principal, Role.ADMIN, Role.MARKETER)
    now = utc_datetime(clock.now_ms())
    async with engine.begin() as conn:
        await pipeline.write_kit(conn, _kit(brand, data), data.logo, staff, now=now)
    return data


def _kit(brand: str, data: Kit) -> BrandKit:
    same = ("hotline", "contact_url", "wechat", "privacy_url", "rules_url", "footer")
    return BrandKit(
        brand,
        data.name.zh,
        data.name.en,
        data.colours.primary,
        data.colours.accent,
        **{name: getattr(data, name) or None for name in same},
    )


def view_kit(kit: BrandKit, logo: Logo | None) -> Kit:
    """Show a kit as it is written."""
    return Kit(
        name=KitName(zh=kit.name_zh, en=kit.name_en),
        logo=None if logo is None else logo.data_url,
        colours=KitColours(primary=kit.primary, accent=kit.accent),
        hotline=kit.hotline,
        contact_url=kit.contact_url,
        wechat=kit.wechat,
        privacy_url=kit.privacy_url,
        rules_url=kit.rules_url,
        footer=kit.footer,
    )
