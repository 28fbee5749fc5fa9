"""Lists: whom to block, whom to let through, which shops scan much."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.domain.lists import ListKind, ListName
from anti_fraud.pipeline import lists as pipeline
from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, local_moment, place_errors
from console.frame.messages import message
from console.frame.navigation import HOME
from console.frame.page_request import StaffRequest
from console.frame.reasons import check_reason
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from core.auth import Role
from core.bounds import MAX_TEXT, read_id
from core.errors import Conflict, FieldError, InvalidInput, NotFound
from core.moments import read_end
from core.pages import read_form

PATH: Final = f"{HOME}/lists"
_SHOWN: Final = 50
_FIELDS: Final = ("list", "kind", "value", "until", "until_time", "reason")


@dataclass(frozen=True, slots=True)
class Looked:
    """What the address of a list asks for; what makes no sense is left out."""

    name: ListName
    kind: ListKind | None
    begins: str
    before: int | None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Looked":
        """Read an address, or what a form carries of one."""
        name, kind = asked.get("list", ""), asked.get("kind", "")
        return cls(
            ListName(name) if name in set(ListName) else ListName.BLOCK,
            ListKind(kind) if kind in set(ListKind) else None,
            asked.get("q", "").strip()[:MAX_TEXT],
            read_id(asked.get("before", "")),
        )

    def address(self, **changed: str | None) -> str:
        """Give the address of this look, with something else about it."""
        named = {"list": self.name, "kind": self.kind, "q": self.begins} | changed
        return f"{PATH}?{urlencode({n: each for n, each in named.items() if each})}"


@staff_page(HttpMethod.GET, "/lists", Role.ANALYST)
async def show_lists(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the entries of a list, newest first."""
    looked = Looked.read(request.query_params)
    given = {"kind": looked.kind or ListKind.MEMBER, "value": looked.begins}
    return await _show(context, page, looked, given=given)


@staff_page(HttpMethod.POST, "/lists", Role.ANALYST)
async def add_to_list(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Add an entry; what is wrong is told at its field."""
    form = await read_form(request, page, *_FIELDS)
    looked = Looked.read({"list": form.get("list", "")})
    wish, faults = _read_wish(context, looked.name, form)
    if wish is not None and not faults:
        faults = await _add(context, page, wish)
    if not faults:
        return TEMPLATES.redirect(page, looked.address())
    return await _show(context, page, looked, given=form, faults=faults)


def _read_wish(
    context: ConsoleContext, name: ListName, form: Mapping[str, str]
) -> tuple[pipeline.NewEntry | None, Faults]:
    reader = Reader()
    kind = reader.choice("kind", form.get("kind", ""), ListKind)
    value = reader.text("value", form.get("value", ""))
    reason = form.get("reason", "").strip()
    with reader.noting("reason"):
        check_reason(reason)
    until: datetime | None = None
    with reader.noting("until"):
        zone = context.settings.timezone
        day, time = form.get("until", ""), form.get("until_time", "")
        until = read_end("/until", local_moment(day, time, zone) or None, zone)
    if kind is None:
        return None, reader.faults
    return pipeline.NewEntry(name, kind, value, until, reason), reader.faults


async def _add(
    context: ConsoleContext, page: StaffRequest, wish: pipeline.NewEntry
) -> Faults:
    """Add the entry; tells by field why not."""
    try:
        async with context.engine.begin() as conn:
            await pipeline.add_entry(
                conn, wish, page.staff, context.find_span, now=context.now
            )
    except InvalidInput as fault:
        return place_errors(fault, {})
    except Conflict as fault:
        return {"value": [FieldError("value", fault.code, fault.detail)]}
    return {}


@staff_page(HttpMethod.POST, "/lists/remove", Role.ANALYST)
async def take_from_list(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Let an entry hold no more."""
    form = await read_form(request, page, "entry_id", "list", "kind", "q")
    number = read_id(form.get("entry_id", ""))
    if number is None:
        raise NotFound(message("fill_in"))
    async with context.engine.begin() as conn:
        await pipeline.remove_entry(conn, number, page.staff, now=context.now)
    return TEMPLATES.redirect(page, Looked.read(form).address())


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    looked: Looked,
    *,
    given: Mapping[str, Any],
    faults: Faults | None = None,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        found = await pipeline.list_entries(
            conn,
            looked.name,
            page.staff,
            kind=looked.kind,
            begins=looked.begins or None,
            before=looked.before,
            limit=_SHOWN + 1,
        )
    more = None
    if len(found) > _SHOWN:
        more = looked.address(before=str(found[_SHOWN - 1].entry.entry_id))
    return render(
        context,
        page,
        "lists.html",
        status=422 if faults else 200,
        looked=looked,
        entries=found[:_SHOWN],
        more=more,
        names=list(ListName),
        kinds=list(ListKind),
        kind_names=[
            (kind.value, context.text(page.language, f"list_kind_{kind}"))
            for kind in ListKind
        ],
        given=given,
        faults=faults or {},
        focus=next(iter(faults or {}), ""),
        now=context.now,
    )
