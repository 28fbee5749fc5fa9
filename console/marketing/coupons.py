"""Pools of coupons and stores: what there is of each, adding one, changing a stock."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.amounts import read_amount
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import MAX_TEXT, check_text, refuse
from core.errors import InvalidInput
from core.moments import read_end, read_start
from core.pages import read_form
from rewards.domain.coupons import (
    MAX_STOCK,
    MAX_STORES,
    MAX_VALID_DAYS,
    Benefit,
    BenefitKind,
    NewPool,
    Store,
    StoreKind,
    check_benefit,
)
from rewards.domain.prizes import tell_money
from rewards.pipeline.coupons import pools
from rewards.pipeline.coupons.till_texts import tell_benefit

PATH: Final = f"{HOME}/coupons"
_SHOWN: Final = 100
_POOL: Final = (
    *("pool_id", "name", "kind", "amount", "percent", "gift", "min_basket", "stock"),
    *("daily_stock", "per_member", "valid_from", "valid_until", "valid_days", "stores"),
)
_STORE: Final = ("store_id", "name", "kind", "region")


@staff_page(HttpMethod.GET, "/coupons", Role.MARKETER)
async def show_coupons(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show pools with their stock, stores, and forms for more of either."""
    async with context.engine.connect() as conn:
        shown = await pools.list_pools(conn, page.staff, limit=_SHOWN)
        stores = await pools.list_stores(conn, page.staff, limit=_SHOWN)
    return render(
        context,
        page,
        "coupons.html",
        shown=shown,
        stores=stores,
        store_kinds=list(StoreKind),
        kinds=list(BenefitKind),
        benefit_of=tell_benefit,
        money=tell_money,
        last_day=lambda pool: pool.last_day(context.settings.timezone),
    )


@staff_page(HttpMethod.POST, "/coupons/pools", Role.MARKETER)
async def add_new_pool(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Add a pool."""
    new = _read_pool(_tidy(await read_form(request, page, *_POOL)), context)
    async with context.engine.begin() as conn:
        await pools.add_pool(conn, new, page.staff, now=context.now)
    return TEMPLATES.redirect(page, PATH)


@staff_page(HttpMethod.POST, "/coupons/stores", Role.MARKETER)
async def add_new_store(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Add a store."""
    form = _tidy(await read_form(request, page, *_STORE))
    store = Store(
        _text(form, "store_id"),
        _text(form, "name"),
        StoreKind(_choice(form, StoreKind)),
        _text(form, "region"),
    )
    async with context.engine.begin() as conn:
        await pools.add_store(conn, store, page.staff, now=context.now)
    return TEMPLATES.redirect(page, PATH)


@staff_page(HttpMethod.POST, "/coupons/stock", Role.MARKETER)
async def change_pool_stock(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Add to the stock of a pool, or take from it."""
    form = _tidy(await read_form(request, page, "pool_id", "by", "reason"))
    by = _number(form, "by", least=-MAX_STOCK, most=MAX_STOCK)
    if by is None:
        raise InvalidInput.field("/by", "required", message("needed", name="by"))
    check_reason(form.get("reason", ""))
    async with context.engine.begin() as conn:
        await pools.change_stock(
            conn,
            _text(form, "pool_id"),
            by=by,
            reason=form["reason"],
            staff=page.staff,
            now=context.now,
        )
    return TEMPLATES.redirect(page, PATH)


def _tidy(form: Mapping[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in form.items()}


def _text(form: Mapping[str, str], name: str) -> str:
    """Read one line; raises InvalidInput."""
    given = form.get(name, "")
    if not given:
        raise InvalidInput.field(f"/{name}", "required", message("needed", name=name))
    refuse(check_text(f"/{name}", given, most=MAX_TEXT))
    return given


def _number(
    form: Mapping[str, str], name: str, *, most: int, least: int = 0
) -> int | None:
    """Read a whole number; None where there is none. Raises InvalidInput."""
    given = form.get(name, "").replace(",", "")
    if not given:
        return None
    digits = given.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(most))):
        raise InvalidInput.field(
            f"/{name}", "invalid", message("no_number", given=given)
        )
    if not least <= int(given) <= most:
        raise InvalidInput.field(
            f"/{name}", "out_of_range", message("no_number", given=given)
        )
    return int(given)


def _choice(form: Mapping[str, str], kinds: Any) -> str:
    given = form.get("kind", "")
    if given not in set(kinds):
        raise InvalidInput.field("/kind", "invalid", message("needed", name="kind"))
    return given


def _read_benefit(form: Mapping[str, str]) -> Benefit:
    """Read what a coupon gives; raises InvalidInput for fields of another kind."""
    kind = BenefitKind(_choice(form, BenefitKind))
    minor = read_amount("/amount", form.get("amount", "")) or None
    percent = _number(form, "percent", least=1, most=100)
    gift = _text(form, "gift") if form.get("gift") else None
    given = {
        "most_minor" if kind is BenefitKind.PERCENT_OFF else "minor": minor,
        "percent": percent,
        "name": gift,
    }
    refuse(check_benefit(kind, [n for n, value in given.items() if value is not None]))
    return Benefit(kind, minor, percent, gift)


def _read_pool(form: Mapping[str, str], context: ConsoleContext) -> NewPool:
    """Read what a pool is to be; raises InvalidInput."""
    timezone = context.settings.timezone
    stock = _number(form, "stock", most=MAX_STOCK)
    if stock is None:
        raise InvalidInput.field("/stock", "required", message("needed", name="stock"))
    named = [each.strip() for each in form.get("stores", "").split(",")]
    return NewPool(
        pool_id=_text(form, "pool_id"),
        name=_text(form, "name"),
        benefit=_read_benefit(form),
        stock=stock,
        daily_stock=_number(form, "daily_stock", most=MAX_STOCK),
        per_member=_number(form, "per_member", most=MAX_STOCK),
        min_basket_minor=read_amount("/min_basket", form.get("min_basket", "")) or 0,
        valid_from=read_start("/valid_from", form.get("valid_from") or None, timezone),
        valid_until=read_end("/valid_until", form.get("valid_until") or None, timezone),
        valid_days=_number(form, "valid_days", least=1, most=MAX_VALID_DAYS),
        stores=tuple(dict.fromkeys(each for each in named if each))[:MAX_STORES],
    )
