"""Pools of coupons and stores: what there is of each, adding one, changing a stock."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.marketing.new_pool import read_pool
from core.auth import Role
from core.errors import Conflict, FieldError, InvalidInput
from core.pages import read_form
from rewards.domain.coupons import MAX_STOCK, BenefitKind, Store, StoreKind
from rewards.domain.prizes import tell_money
from rewards.pipeline.coupons import pools
from rewards.pipeline.coupons.till_texts import tell_benefit

PATH: Final = f"{HOME}/coupons"
_SHOWN: Final = 100
_POOL: Final = (
    *("pool_id", "name", "kind", "amount", "percent", "gift", "min_basket", "stock"),
    *("daily_stock", "per_member", "valid_from", "valid_until", "valid_days", "stores"),
    "gtins",
)
_STORE: Final = ("store_id", "store_name", "store_kind", "region")
_STOCK: Final = ("stock_of", "more_or_less", "by", "reason")
# Which field a pipeline's complaint is about, where it is called otherwise there.
_POINTERS: Final = {"/min_basket_minor": "min_basket", "/pool_id": "stock_of"}


@staff_page(HttpMethod.GET, "/coupons", Role.MARKETER)
async def show_coupons(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show pools with their stock, stores, and forms for more of either."""
    return await _show(context, page, {}, {})


@staff_page(HttpMethod.POST, "/coupons/pools", Role.MARKETER)
async def add_new_pool(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add a pool."""
    form = await read_form(request, page, *_POOL)
    new, faults = read_pool(form, context.settings.timezone)
    if new is not None:
        try:
            async with context.engine.begin() as conn:
                await pools.add_pool(conn, new, page.staff, now=context.now)
        except InvalidInput as fault:
            named = {f"/stores/{n}": "stores" for n in range(len(new.stores))}
            faults = place_errors(fault, named)
        except Conflict as fault:
            faults = {"pool_id": [FieldError("pool_id", fault.code, fault.detail)]}
    return await _end(context, page, form, faults)


@staff_page(HttpMethod.POST, "/coupons/stores", Role.MARKETER)
async def add_new_store(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add a store."""
    form = await read_form(request, page, *_STORE)
    reader = Reader()
    kind = reader.choice("store_kind", form.get("store_kind", ""), StoreKind)
    texts = [reader.text(name, form.get(name, "")) for name in _STORE]
    faults = reader.faults
    if kind is not None and not faults:
        store = Store(texts[0], texts[1], kind, texts[3])
        try:
            async with context.engine.begin() as conn:
                await pools.add_store(conn, store, page.staff, now=context.now)
        except Conflict as fault:
            faults = {"store_id": [FieldError("store_id", fault.code, fault.detail)]}
    return await _end(context, page, form, faults)


@staff_page(HttpMethod.POST, "/coupons/stock", Role.MARKETER)
async def change_pool_stock(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add to the stock of a pool, or take from it."""
    form = await read_form(request, page, *_STOCK)
    reader, reason = Reader(), form.get("reason", "").strip()
    by = reader.needed("by", form.get("by", ""), 1, MAX_STOCK)
    pool_id = reader.text("stock_of", form.get("stock_of", ""))
    try:
        check_reason(reason)
    except InvalidInput as fault:
        reader.faults |= place_errors(fault, {})
    faults = reader.faults
    if not faults:
        signed = -by if form.get("more_or_less") == "less" else by
        try:
            async with context.engine.begin() as conn:
                await pools.change_stock(
                    conn,
                    pool_id,
                    by=signed,
                    reason=reason,
                    staff=page.staff,
                    now=context.now,
                )
        except InvalidInput as fault:
            faults = place_errors(fault, _POINTERS)
        except Conflict as fault:
            faults = {"by": [FieldError("by", fault.code, fault.detail)]}
    return await _end(context, page, form, faults)


async def _end(
    context: ConsoleContext,
    page: StaffRequest,
    form: Mapping[str, str],
    faults: Faults,
) -> Response[Any]:
    """Go back to the list, or to the form with what is wrong at its fields."""
    if faults:
        return await _show(context, page, form, faults)
    return TEMPLATES.redirect(page, PATH)


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    given: Mapping[str, str],
    faults: Faults,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        shown = await pools.list_pools(conn, page.staff, limit=_SHOWN)
        stores = await pools.list_stores(conn, page.staff, limit=_SHOWN)
    return render(
        context,
        page,
        "coupons.html",
        status=422 if faults else 200,
        shown=shown,
        stores=stores,
        store_kinds=list(StoreKind),
        kinds=list(BenefitKind),
        benefit_of=tell_benefit,
        money=tell_money,
        last_day=lambda pool: pool.last_day(context.settings.timezone),
        given=given,
        faults=faults,
        focus=next(iter(faults), ""),
    )
