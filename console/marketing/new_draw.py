"""The form of a new draw, its prizes as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from litestar import Response
from litestar.enums import HttpMethod

from console.frame.context import ConsoleContext
from console.frame.fields import Faults, Reader, place_errors
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.frame.rows import Row, RowKind
from console.marketing.draws import PATH
from console.marketing.given import list_known, place_given, read_given
from core.auth import Role
from core.errors import Conflict, FieldError, InvalidInput
from core.moments import read_end, read_start
from core.pages import read_form
from rewards.domain.draws.terms import (
    MAX_CLAIM_DAYS,
    MAX_PRIZES,
    MAX_TICKETS,
    Entry,
    NewDraw,
    Prize,
)
from rewards.domain.prizes import AWARDABLE
from rewards.pipeline.draws import draws as pipeline

PRIZES: Final = RowKind("prize", ("id", "name", "quantity", "kind", "what"), 30)
_FIELDS: Final = (
    *("draw_id", "name", "opens_on", "opens_time", "closes_on", "closes_time"),
    *("draws_on", "draws_time", "entry", "most_tickets", "claim_days"),
)


def _given(number: int) -> tuple[str, str]:
    """Name the fields of what a prize gives with its claim."""
    return f"prize{number}_kind", f"prize{number}_what"


_POINTERS: Final = {
    "/opens_at": "opens_on",
    "/closes_at": "closes_on",
    "/draws_at": "draws_on",
    "/prizes": "add_prize",
    **{f"/prizes/{n}/prize_id": f"prize{n}_id" for n in range(PRIZES.most)},
    **{
        at: name
        for n in range(PRIZES.most)
        for at, name in place_given(f"/prizes/{n}/gives", _given(n)).items()
    },
}
_MAX_BYTES: Final = 32_768


@dataclass(slots=True)
class DrawDraft:
    """All that stands in the form, as texts."""

    values: Mapping[str, str]
    prizes: list[Row]


@staff_page(HttpMethod.GET, "/new-draw", Role.MARKETER)
async def show_new_draw(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the form for a draw, with a row for a first prize."""
    values = {"entry": Entry.AWARDED.value, "claim_days": "30"}
    draft = DrawDraft(values, [dict.fromkeys(PRIZES.names, "") | {"quantity": "1"}])
    return await _show(context, page, draft, {}, focus="draw_id")


@staff_page(HttpMethod.POST, "/new-draw", Role.MARKETER, max_bytes=_MAX_BYTES)
async def write_draw(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add or take away a prize, or make the draw for good."""
    form = await read_form(
        request,
        page,
        *("do", *_FIELDS, *PRIZES.fields),
        max_bytes=_MAX_BYTES,
        max_fields=PRIZES.most * len(PRIZES.names) + 20,
    )
    values = {name: form.get(name, "").strip() for name in _FIELDS}
    draft = DrawDraft(values, PRIZES.read(form))
    focus = PRIZES.change(draft.prizes, form.get("do", ""))
    if focus is not None:
        return await _show(context, page, draft, {}, focus=focus)
    new, faults = read_draw(draft, context)
    if new is not None:
        faults = await _make(context, page, new)
        if not faults:
            return TEMPLATES.redirect(page, f"{PATH}/{quote(new.draw_id, safe='')}")
    return await _show(context, page, draft, faults)


def read_draw(
    draft: DrawDraft, context: ConsoleContext
) -> tuple[NewDraw | None, Faults]:
    """Make the draw that a form asks for; None, and what is wrong by field."""
    reader, given, zone = Reader(), draft.values, context.settings.timezone
    prizes = tuple(_read_prize(reader, n, row) for n, row in enumerate(draft.prizes))
    moments: dict[str, datetime | None] = {
        name: reader.moment(
            f"{name}_on", given[f"{name}_on"], given[f"{name}_time"], read, zone
        )
        for name, read in (
            ("opens", read_start),
            ("closes", read_end),
            ("draws", read_end),
        )
    }
    draw_id = reader.text("draw_id", given["draw_id"])
    name = reader.text("name", given["name"])
    claim_days = reader.needed("claim_days", given["claim_days"], 1, MAX_CLAIM_DAYS)
    most = reader.number("most_tickets", given["most_tickets"], 1, MAX_TICKETS)
    entry = reader.choice("entry", given["entry"], Entry)
    opens_at, closes_at, draws_at = moments.values()
    if reader.faults or not (opens_at and closes_at and draws_at and entry):
        return None, reader.faults
    return NewDraw(
        draw_id=draw_id,
        name=name,
        opens_at=opens_at,
        closes_at=closes_at,
        draws_at=draws_at,
        prizes=prizes,
        entry=entry,
        claim_days=claim_days,
        most_tickets=most,
    ), {}


def _read_prize(reader: Reader, number: int, row: Row) -> Prize:
    """Read a prize; one that gives nothing is a thing, which is sent."""
    at, gives = f"prize{number}", None
    if row["kind"]:
        gives = read_given(reader, _given(number), (row["kind"], row["what"]))
    return Prize(
        reader.text(f"{at}_id", row["id"]),
        reader.text(f"{at}_name", row["name"]),
        reader.needed(f"{at}_quantity", row["quantity"], 1, MAX_PRIZES),
        gives,
    )


async def _make(context: ConsoleContext, page: StaffRequest, new: NewDraw) -> Faults:
    """Make the draw; tells by field why not."""
    try:
        async with context.engine.begin() as conn:
            await pipeline.add_draw(
                conn, new, page.staff, context.draw_secrets, now=context.now
            )
    except InvalidInput as fault:
        return place_errors(fault, _POINTERS)
    except Conflict as fault:
        return {"draw_id": [FieldError("draw_id", fault.code, fault.detail)]}
    return {}


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    draft: DrawDraft,
    faults: Faults,
    *,
    focus: str = "",
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        known = await list_known(conn, page.staff)
    return render(
        context,
        page,
        "draw_form.html",
        status=422 if faults else 200,
        draft=draft,
        faults=faults,
        focus=next(iter(faults), focus),
        entries=list(Entry),
        kinds=AWARDABLE,
        known=known,
        most_prizes=PRIZES.most,
        timezone=context.settings.timezone,
    )
