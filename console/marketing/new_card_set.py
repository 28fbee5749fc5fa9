"""The form of a new set of cards, its cards as rows."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from console.marketing.cards import PATH
from console.marketing.given import list_known, place_given, read_given
from core.auth import Role
from core.errors import Conflict, FieldError, InvalidInput
from core.pages import read_form
from rewards.domain.cards import NewCard, NewCardSet
from rewards.domain.prizes import AWARDABLE
from rewards.domain.terms import OfferKind
from rewards.pipeline import cards as pipeline

CARDS: Final = RowKind("card", ("id", "name", "percent"), 40)
_GIVEN: Final = ("kind", "what")
_FIELDS: Final = ("set_id", "name", *_GIVEN)
_POINTERS: Final = {
    "/cards": "add_card",
    **place_given("/completes", _GIVEN),
    **{f"/cards/{n}/card_id": f"card{n}_id" for n in range(CARDS.most)},
}
_MAX_BYTES: Final = 32_768
_ROWS_AT_FIRST: Final = 3


@dataclass(slots=True)
class SetDraft:
    """All that stands in the form, as texts."""

    values: Mapping[str, str]
    cards: list[Row]


@staff_page(HttpMethod.GET, "/new-card-set", Role.MARKETER)
async def show_new_card_set(
    _request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the form for a set, with rows for its first cards."""
    rows = [dict.fromkeys(CARDS.names, "") for _ in range(_ROWS_AT_FIRST)]
    draft = SetDraft({"kind": OfferKind.POINTS.value}, rows)
    return await _show(context, page, draft, {}, focus="set_id")


@staff_page(HttpMethod.POST, "/new-card-set", Role.MARKETER, max_bytes=_MAX_BYTES)
async def write_card_set(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Add or take away a card, or add the set for good."""
    form = await read_form(
        request,
        page,
        *("do", *_FIELDS, *CARDS.fields),
        max_bytes=_MAX_BYTES,
        max_fields=CARDS.most * len(CARDS.names) + 20,
    )
    values = {name: form.get(name, "").strip() for name in _FIELDS}
    draft = SetDraft(values, CARDS.read(form))
    focus = CARDS.change(draft.cards, form.get("do", ""))
    if focus is not None:
        return await _show(context, page, draft, {}, focus=focus)
    new, faults = read_set(draft)
    if new is not None:
        faults = await _add(context, page, new)
        if not faults:
            return TEMPLATES.redirect(page, f"{PATH}/{quote(new.set_id, safe='')}")
    return await _show(context, page, draft, faults)


def read_set(draft: SetDraft) -> tuple[NewCardSet | None, Faults]:
    """Make the set that a form asks for; None, and what is wrong by field."""
    reader, given = Reader(), draft.values
    set_id = reader.text("set_id", given["set_id"])
    name = reader.text("name", given["name"])
    cards = tuple(
        NewCard(
            reader.text(f"card{n}_id", row["id"]),
            reader.text(f"card{n}_name", row["name"]),
            reader.share(f"card{n}_percent", row["percent"]) or 0,
        )
        for n, row in enumerate(draft.cards)
    )
    if not cards:
        reader.need("add_card")
    completes = read_given(reader, _GIVEN, (given["kind"], given["what"]))
    if reader.faults or completes is None:
        return None, reader.faults
    return NewCardSet(set_id, name, cards, completes), {}


async def _add(context: ConsoleContext, page: StaffRequest, new: NewCardSet) -> Faults:
    """Add the set; tells by field why not."""
    try:
        async with context.engine.begin() as conn:
            await pipeline.add_set(conn, new, page.staff, now=context.now)
    except InvalidInput as fault:
        return place_errors(fault, _POINTERS)
    except Conflict as fault:
        return {"set_id": [FieldError("set_id", fault.code, fault.detail)]}
    return {}


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    draft: SetDraft,
    faults: Faults,
    *,
    focus: str = "",
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        known = await list_known(conn, page.staff)
    return render(
        context,
        page,
        "card_set_form.html",
        status=422 if faults else 200,
        draft=draft,
        faults=faults,
        focus=next(iter(faults), focus),
        kinds=AWARDABLE,
        known=known,
        most_cards=CARDS.most,
    )
