"""Writing rules in a form, without JSON: checked, tried on recent scans, kept."""

from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod

from anti_fraud.pipeline import rule_sets as pipeline
from console.frame.context import ConsoleContext
from console.frame.page_request import StaffRequest
from console.frame.rendering import TEMPLATES, render
from console.frame.responses import AnyRequest, staff_page
from console.fraud.rules.form import (
    COUNTED,
    EFFECTS,
    FIELDS,
    KINDS,
    UNITS,
    WHATS,
    RuleSetForm,
    form_of,
    read_rule_set_form,
)
from console.fraud.rules.trials import ShownTrial, show_trial
from console.fraud.rules.versions import (
    PATH,
    compare_documents,
    read_version,
    words_of,
)
from console.fraud.rules.words import facts_of
from core.auth import Role
from core.errors import FieldError, InvalidInput
from core.pages import read_form
from scan_api.pipeline.rule_previews import preview_rules

MAX_BYTES: Final = 262_144
_MAX_FIELDS: Final = 400
_SAVE: Final = "save"
_TRY: Final = "try"


@staff_page(HttpMethod.GET, "/rules/{version:str}/edit", Role.ANALYST)
async def show_rules_form(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[bytes]:
    """Show the form for another version, filled in like one that there is."""
    number = read_version(request)
    async with context.engine.connect() as conn:
        written = await pipeline.find_rule_set(conn, number, page.staff)
    form = form_of(written.document)
    form.values["note"] = ""
    return await _show(context, page, number, form, form.check(context.today))


@staff_page(
    HttpMethod.POST, "/rules/{version:str}/edit", Role.ANALYST, max_bytes=MAX_BYTES
)
async def write_rules(
    request: AnyRequest, context: ConsoleContext, page: StaffRequest
) -> Response[Any]:
    """Take a step of the form, check it, try it, or keep it as a draft."""
    sent = await read_form(
        request, page, *FIELDS, max_bytes=MAX_BYTES, max_fields=_MAX_FIELDS
    )
    number, step = read_version(request), sent.get("do", "")
    form = read_rule_set_form(sent)
    kinds = {name: known.kind for name, known in facts_of(form.document).items()}
    form.take_in(kinds)
    focus = form.change(step, sent)
    if focus is not None:
        return await _show(context, page, number, form, [], focus=focus)
    warnings = form.check(context.today)
    if step == _SAVE and not form.faults:
        try:
            async with context.engine.begin() as conn:
                draft = await pipeline.write_rule_set(
                    conn,
                    form.document,
                    form.values["note"],
                    page.staff,
                    now=context.now,
                    today=context.today,
                )
        except InvalidInput as fault:
            for error in fault.errors:
                place = form.field_of(error.pointer.removeprefix("/document"))
                form.faults.setdefault(place, []).append(error)
        else:
            return TEMPLATES.redirect(page, f"{PATH}/{draft.version}")
    shown = None
    if step == _TRY and not form.faults:
        shown = await _try(context, page, form)
    return await _show(
        context,
        page,
        number,
        form,
        warnings,
        shown=shown,
        checked=step == "check" and not form.faults,
        status=422 if form.faults else 200,
    )


async def _try(
    context: ConsoleContext, page: StaffRequest, form: RuleSetForm
) -> ShownTrial:
    """Judge the newest scans by what stands in the form."""
    async with context.engine.connect() as conn:
        preview = await preview_rules(
            conn, form.document, page.staff, timezone=context.settings.timezone
        )
    return show_trial(preview.trial)


async def _show(
    context: ConsoleContext,
    page: StaffRequest,
    number: int,
    form: RuleSetForm,
    warnings: list[FieldError],
    *,
    focus: str = "",
    checked: bool = False,
    shown: ShownTrial | None = None,
    status: int = 200,
) -> Response[bytes]:
    async with context.engine.connect() as conn:
        active = await pipeline.find_active(conn, page.staff)
    words = words_of(context, page, form.document)
    return render(
        context,
        page,
        "rules_form.html",
        status=status,
        base=number,
        form=form,
        words=words,
        told=[words.rule(rule) for rule in form.rules],
        counters=[
            (n, words.fact(str(each.get("fact"))))
            for n, each in enumerate(form.document["counters"])
        ],
        changed=compare_documents(context, page, active.document, form.document),
        warnings=warnings,
        checked=checked,
        shown=shown,
        faults=form.faults,
        focus=next(iter(form.faults), focus),
        effect_choices=[(each, words.t(f"effect_{each}")) for each in EFFECTS],
        kind_choices=[
            ("", words.t("rule_kind_none")),
            *((each, words.t(f"case_kind_{each}")) for each in KINDS),
        ],
        counted=[(each.value, words.t(f"entity_{each.value}")) for each in COUNTED],
        whats=[(each, words.t(f"counter_of_{each}")) for each in WHATS],
        units=[(each, words.t(f"unit_{each}")) for each in UNITS],
    )
