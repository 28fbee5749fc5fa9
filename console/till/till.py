"""The till: look at a coupon, redeem it with one tap, take it back the same day."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from sqlalchemy.ext.asyncio import AsyncConnection

from console.frame.amounts import read_amount
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.auth.idempotency import SentKey, hash_body, hash_key
from core.bounds import MAX_TEXT, check_text, read_id, refuse
from core.errors import NotFound
from core.ids import random_token
from core.pages import read_form, read_parts
from rewards.domain.coupons import TillOutcome, Use
from rewards.pipeline.coupons.redeeming import AtTill, RedeemRequest
from rewards.pipeline.coupons.taking_back import can_undo, reverse_redemption
from rewards.pipeline.coupons.till_texts import tell_refusal, tell_worth
from rewards.pipeline.coupons.today import list_todays, used_now

_FIELDS: Final = ("code", "basket", "order_ref")
_MAX_CODE: Final = 256
_KEY_BYTES: Final = 18
_MAX_KEY: Final = 64
_SCRIPT: Final = (Path(__file__).parent / "camera.js").read_bytes()
# What the camera of a phone makes of 48 megapixels.
MAX_PICTURE: Final = 16 << 20
_FORM_BYTES: Final = 1 << 16
_STATUSES: Final = {TillOutcome.GOOD: 200, TillOutcome.UNKNOWN: 404}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a cashier has typed, as it was typed."""

    code: str = ""
    basket: str = ""
    order_ref: str = ""

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Typed":
        """Take it from a form; raises InvalidInput for what no field holds."""
        typed = cls(*(form.get(name, "").strip() for name in _FIELDS))
        refuse(check_text("/code", typed.code, most=_MAX_CODE))
        refuse(check_text("/order_ref", typed.order_ref, most=MAX_TEXT))
        return typed

    @property
    def basket_minor(self) -> int | None:
        """The basket's worth in hundredths; raises InvalidInput for no amount."""
        return read_amount("/basket", self.basket)


@staff_page(HttpMethod.GET, "/till", Role.CASHIER)
async def show_till(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Ask for a coupon, and show what this cashier redeemed today."""
    return await _show(context, page)


@staff_page(HttpMethod.GET, "/till/camera.js", Role.CASHIER)
async def give_script(
    _request: AnyRequest, _context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Give the script that reads a coupon with the camera."""
    return Response(
        _SCRIPT, media_type="text/javascript", headers=TEMPLATES.headers(page)
    )


@staff_page(HttpMethod.POST, "/till", Role.CASHIER)
async def look_at_coupon(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show what a coupon is worth here and now; nothing is used yet."""
    # The form has room for a picture, too, of which this way of sending tells the name.
    typed = Typed.of(await read_form(request, page, *_FIELDS, "file"))
    return await _look(context, page, typed)


@staff_page(
    HttpMethod.POST, "/till/pictures", Role.CASHIER, max_bytes=MAX_PICTURE + _FORM_BYTES
)
async def look_at_picture(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Read the coupon in a picture, and show it as if its code had been typed."""
    file, form = await read_parts(request, page, *_FIELDS)
    typed = Typed.of(form)
    picture = b""
    if file is not None:
        picture = await file.read(MAX_PICTURE)
        await file.close()
    found = await context.read_picture(picture, page.staff.token_id)
    codes = [
        each for each in found or () if context.redeeming.codes.read(each) is not None
    ]
    if not codes:
        unseen = "till_picture_bad" if found is None else "till_picture_empty"
        again = replace(typed, code="")
        return await _show(context, page, status=422, unseen=unseen, again=again)
    return await _look(context, page, replace(typed, code=codes[0]))


@staff_page(HttpMethod.POST, "/till/redemptions", Role.CASHIER)
async def redeem_seen_coupon(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Use the coupon that was looked at; a second tap does nothing more."""
    form = await read_form(request, page, *_FIELDS, "key")
    typed = Typed.of(form)
    number = context.redeeming.open(typed.code)
    if number is None:
        return await _show_seen(context, page, AtTill(TillOutcome.UNKNOWN), typed)
    body = f"{typed.code}\n{typed.basket}\n{typed.order_ref}".encode()
    key = hash_key(
        page.staff.caller, request.method, page.path, form.get("key", "")[:_MAX_KEY]
    )
    asked = RedeemRequest(
        number,
        page.staff,
        typed.order_ref or None,
        typed.basket_minor,
        SentKey(key, hash_body(body)),
    )
    seen = await context.redeeming.use(asked)
    if seen.outcome is not TillOutcome.GOOD:
        return await _show_seen(context, page, seen, typed)
    return await _show(context, page, used=used_now(seen))


@staff_page(HttpMethod.POST, "/till/reversals", Role.CASHIER)
async def undo_redemption(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Take a redemption of this store and day back."""
    form = await read_form(request, page, "redemption_id")
    number = read_id(form.get("redemption_id", ""))
    if number is None:
        raise NotFound(message("no_page"))
    async with context.engine.begin() as conn:
        await reverse_redemption(
            conn,
            number,
            reason=context.text("en", "till_undo_reason"),
            staff=page.staff,
            timezone=context.settings.timezone,
            now=context.now,
        )
    return await _show(context, page, undone=True)


async def _look(
    context: ConsoleContext, page: StaffRequest, typed: Typed
) -> Response[bytes]:
    seen = await context.redeeming.look(
        typed.code, page.staff, basket_minor=typed.basket_minor
    )
    return await _show_seen(context, page, seen, typed)


async def _show_seen(
    context: ConsoleContext, page: StaffRequest, seen: AtTill, typed: Typed
) -> Response[bytes]:
    """Show a coupon: its worth and a button, or why it cannot be used."""
    timezone = context.settings.timezone
    values: dict[str, Any]
    if seen.outcome is TillOutcome.GOOD:
        assert seen.coupon is not None
        values = {
            "worth": tell_worth(seen.coupon.pool.benefit, typed.basket_minor),
            "until": seen.coupon.last_day(timezone),
            "key": random_token(_KEY_BYTES),
        }
    else:
        values = {
            "why": tell_refusal(seen, timezone),
            "misread": context.redeeming.codes.read(typed.code) is None,
            "undoable": _find_undoable(context, page, seen),
        }
    # Whoever has to say what the basket is worth need not scan again.
    again = typed if seen.outcome is TillOutcome.TOO_SMALL else Typed()
    status = _STATUSES.get(seen.outcome, 409)
    return await _show(
        context, page, status=status, seen=seen, typed=typed, again=again, **values
    )


def _find_undoable(
    context: ConsoleContext, page: StaffRequest, seen: AtTill
) -> Use | None:
    """Give what used a coupon, where it is undone here and today."""
    use = seen.coupon.use if seen.coupon else None
    if use is None or seen.outcome is not TillOutcome.REDEEMED:
        return None
    timezone = context.settings.timezone
    is_open = can_undo(use, page.staff, timezone=timezone, now=context.now)
    return use if is_open else None


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    *,
    status: int = 200,
    again: Typed = Typed(),
    **values: Any,
) -> Response[bytes]:
    """Show the page; its own script alone may run, and use the camera."""
    policy = TEMPLATES.headers(page)["content-security-policy"]
    async with context.engine.connect() as conn:
        recent = await _todays(conn, context, page)
    shown = dict.fromkeys(("undone", "used", "seen", "why", "unseen")) | values
    return render(
        context,
        page,
        "till.html",
        status=status,
        headers={
            "content-security-policy": f"{policy}; script-src 'self'",
            "permissions-policy": "camera=(self), geolocation=(), microphone=()",
        },
        again=again,
        recent=recent,
        **shown,
    )


async def _todays(
    conn: AsyncConnection, context: ConsoleContext, page: StaffRequest
) -> Any:
    timezone = context.settings.timezone
    return await list_todays(conn, page.staff, timezone=timezone, now=context.now)
