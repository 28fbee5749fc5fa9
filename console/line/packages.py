"""Ordering, looking over, approving, taking and withdrawing packages."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from litestar.response import Stream

from codegen.pipeline import get_batch
from console.frame.context import ConsoleContext
from console.frame.messages import message
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bodies import take_fields
from core.errors import Conflict, InvalidInput
from core.names import are_one
from core.pages import read_form
from printer_export.domain.packages.orders import Encryption
from printer_export.domain.packages.preflight import Level
from printer_export.domain.packages.rows import Preset
from printer_export.pipeline.packages import orders as pipeline
from printer_export.pipeline.packages.new_order import NewPackage, order_of
from printer_export.pipeline.packages.order_choices import (
    load_order_choices,
    sample_rows,
)
from printer_export.pipeline.packages.streams import find_content, open_stream
from printer_export.pipeline.packages.views import load_package, view_package

_LINE: Final = (Role.LINE, Role.ISSUER)
_EVERYONE: Final = (*_LINE, Role.PRINTHOUSE)
_NUMBERS: Final = (
    *("quantity", "overage_percent", "codes_per_roll", "lanes"),
    *("from_index", "downloads_allowed", "expires_after_days"),
)
_WORDS: Final = ("preset", "unwind", "link_form", "sheet", "printhouse", "unit")
_FIELDS: Final = (*_NUMBERS, *_WORDS, "encryption", "age_recipients")
_DEFAULTS: Final = {
    "preset": "csv",
    "lanes": "1",
    "overage_percent": "0",
    "encryption": "password",
    "downloads_allowed": "3",
    "expires_after_days": "7",
}


def read_order(form: dict[str, str]) -> NewPackage:
    """Read the order form; raises InvalidInput naming the field."""
    fields: dict[str, Any] = {}
    for name in _WORDS:
        if form.get(name):
            fields[name] = form[name]
    for name in _NUMBERS:
        text = form.get(name, "").replace(",", "").strip()
        if text and not text.isascii():
            raise _no_number(name, text)
        if text:
            try:
                fields[name] = int(text)
            except ValueError:
                raise _no_number(name, text) from None
    kind = form.get("encryption", "")
    recipients = form.get("age_recipients", "").split()
    fields["encryption"] = {"kind": kind, "age_recipients": recipients}
    return take_fields(fields, NewPackage)


def _no_number(name: str, text: str) -> InvalidInput:
    return InvalidInput.field(
        f"/{name}", "invalid", message("no_number", given=text[:40])
    )


@staff_page(HttpMethod.GET, "/batches/{batch_id:int}/order", *_LINE)
async def show_order_form(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Ask which codes, as what and for whom."""
    return await _order_form(
        context, page, request.path_params["batch_id"], form=_DEFAULTS, fault=None
    )


async def _order_form(
    context: ConsoleContext,
    page: StaffRequest,
    batch_id: int,
    *,
    form: dict[str, str],
    fault: InvalidInput | Conflict | None,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        batch = await get_batch(conn, batch_id, page.staff)
        choices = await load_order_choices(conn, batch, page.staff)
    return render(
        context,
        page,
        "order.html",
        status=200 if fault is None else fault.status,
        batch=batch,
        form=_DEFAULTS | form,
        fault=fault,
        wrong=next((e.pointer for e in fault.errors), "") if fault else "",
        presets=[(preset.value, preset.value) for preset in Preset],
        choices=choices,
        houses=[(name, name) for name in _with(choices.printhouses, form)],
        samples=sample_rows(batch),
        demo=context.packaging.demo,
    )


def _with(houses: tuple[str, ...], form: dict[str, str]) -> list[str]:
    """Add what was asked for to what there is: what was filled in stays."""
    return sorted({*houses, form.get("printhouse", "")} - {""})


@staff_page(HttpMethod.POST, "/batches/{batch_id:int}/order", *_LINE)
async def order_package(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Take an order; what is wrong is said beside the form as it was filled in."""
    batch_id = request.path_params["batch_id"]
    form = await read_form(request, page, *_FIELDS)
    try:
        async with context.engine.begin() as conn:
            batch = await get_batch(conn, batch_id, page.staff)
            record, _ = await pipeline.order_package(
                conn,
                context.packaging,
                batch_id,
                order_of(read_order(form), batch, context.settings.timezone),
                page.staff,
                now=context.now,
            )
    except (InvalidInput, Conflict) as fault:
        return await _order_form(context, page, batch_id, form=form, fault=fault)
    return _to_package(page, record.package.package_id)


def _to_package(page: StaffRequest, package_id: int) -> Response[bytes]:
    return TEMPLATES.redirect(page, f"{HOME}/packages/{package_id}")


@staff_page(HttpMethod.GET, "/packages/{package_id:int}", *_EVERYONE)
async def show_package(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show where a package stands, what pre-flight found, and who took it."""
    return await _show(context, page, request.path_params["package_id"], password=None)


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    package_id: int,
    *,
    password: str | None,
) -> Response[bytes]:
    now = context.now
    async with context.engine.connect() as conn:
        loaded = await load_package(conn, context.packaging, package_id, page.staff)
    record, findings, taken = loaded.record, loaded.findings, loaded.downloads
    package = view_package(record, page.staff, now)
    return render(
        context,
        page,
        "package.html",
        package=package,
        batch=record.package.batch,
        findings=findings,
        kept_back=any(f.level is Level.BLOCKING for f in findings or ()),
        downloads=taken,
        password=password,
        may_approve=page.may(Role.ISSUER)
        and not are_one(page.staff.person, package.ordered_by),
        may_know=page.may(Role.ISSUER)
        and package.encryption is Encryption.PASSWORD
        and are_one(package.approved_by or "", page.staff.person)
        and not any(each.person == page.staff.person for each in taken),
        knows_password=record.knows_password(page.staff.person),
        house_downloads_left=record.house_downloads_left,
        open_now=package.approved_at is not None
        and package.cancelled_at is None
        and not record.is_closed(now)
        and not record.knows_password(page.staff.person)
        and package.downloads_left > 0,
    )


@staff_page(HttpMethod.POST, "/packages/{package_id:int}/approve", Role.ISSUER)
async def approve_package(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Release a package, as a second person."""
    await read_form(request, page)
    package_id = request.path_params["package_id"]
    async with context.engine.begin() as conn:
        await pipeline.approve_package(
            conn, context.packaging, package_id, page.staff, now=context.now
        )
    return _to_package(page, package_id)


@staff_page(HttpMethod.POST, "/packages/{package_id:int}/cancel", Role.ISSUER)
async def cancel_package(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Withdraw a package."""
    form = await read_form(request, page, "reason")
    package_id = request.path_params["package_id"]
    reason = form.get("reason", "").strip()
    check_reason(reason)
    async with context.engine.begin() as conn:
        await pipeline.cancel_package(
            conn,
            context.packaging,
            package_id,
            page.staff,
            reason=reason,
            now=context.now,
        )
    return _to_package(page, package_id)


@staff_page(HttpMethod.POST, "/packages/{package_id:int}/password", Role.ISSUER)
async def tell_password(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the password once more; each time is audited, and no answer is kept."""
    await read_form(request, page)
    package_id = request.path_params["package_id"]
    async with context.engine.begin() as conn:
        password = await pipeline.tell_password(
            conn, context.packaging, package_id, page.staff, now=context.now
        )
    return await _show(context, page, package_id, password=password)


@staff_page(HttpMethod.POST, "/packages/{package_id:int}/content", *_EVERYONE)
async def download_package(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Stream:
    """Stream a package. A form, not a link: what fetches links ahead counts nothing."""
    await read_form(request, page)
    package_id = request.path_params["package_id"]
    content = await find_content(
        context.engine, context.clock, context.packaging, package_id, page.staff
    )
    stream = await open_stream(
        context.engine, context.clock, content, None, page.staff, address=page.address
    )
    return Stream(
        stream.pieces,
        status_code=200,
        media_type=content.media_type,
        headers={
            "content-disposition": f'attachment; filename="{content.file_name}"',
            "content-length": str(stream.size),
            "cache-control": "no-store",
        },
    )
