"""Changing the states of codes: all or nothing, audited."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch, ChangeResult, Preview, Selection
from codegen.domain.gtin import read_gtin
from codegen.domain.keys import EpochKeys
from codegen.domain.messages import message
from codegen.domain.ranges import (
    AS_THE_BATCH,
    LEGAL_FROM,
    ActivationTerms,
    Binding,
    CodeRange,
    Interval,
    RangeChange,
    RangeState,
    cut_out,
    join_intervals,
    plan_change,
)
from codegen.domain.regions import read_regions
from codegen.domain.scanned import parse_scanned
from codegen.domain.sealing import open_code
from codegen.domain.skips import SkipReason, tell_skips
from codegen.pipeline.authority import (
    refuse_beyond,
    refuse_other_goods,
    refuse_other_line,
    refuse_other_terms,
    share_voids,
)
from codegen.pipeline.batches import get_batch
from codegen.pipeline.codes import may_tell_apart
from codegen.pipeline.goods import Measure, measure_plan, measure_voids, tell_kept
from core.auth import Staff
from core.auth.audit import record_action
from core.auth.guesses import note_wrong_codes, refuse_guesser
from core.errors import (
    Conflict,
    FieldError,
    InvalidInput,
)
from core.fence import take_fence


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Who wants which codes of a batch in another state, and why."""

    batch_id: int
    selection: Selection
    state: RangeState
    reason: str = ""
    instructions: str | None = None
    terms: ActivationTerms = AS_THE_BATCH


@dataclass(frozen=True, slots=True)
class _Wish:
    """A request that may be carried out, as code_ids and what they become."""

    batch: Batch
    wanted: list[Interval]
    binding: Binding | None


async def _read_wish(
    conn: AsyncConnection, keys: EpochKeys, request: ChangeRequest, staff: Staff
) -> _Wish:
    request.selection.check()
    batch = await get_batch(conn, request.batch_id, staff)
    refuse_other_line(batch, staff)
    wanted = await codes_wanted(conn, batch, keys, request.selection, staff)
    binding = None
    if request.state is RangeState.ACTIVATED:
        binding = await new_binding(conn, batch, request.terms, staff)
    return _Wish(batch, wanted, binding)


async def codes_wanted(
    conn: AsyncConnection,
    batch: Batch,
    keys: EpochKeys,
    selection: Selection,
    staff: Staff,
) -> list[Interval]:
    """Give the code_ids that a selection means; raises InvalidInput."""
    if selection.codes is not None:
        await refuse_guesser(conn, staff)
        return [(c, c) for c in _codes_of(batch, keys, selection.codes, staff)]
    first, last = selection.indexes(batch)
    return [(batch.first_code_id + first, batch.first_code_id + last)]


async def change_codes(
    conn: AsyncConnection,
    keys: EpochKeys,
    request: ChangeRequest,
    staff: Staff,
    *,
    now: datetime,
) -> ChangeResult:
    """Activate, void or recall codes of a batch, all or nothing, audited.

    Codes that are in the wanted state, or in a final one, count as unchanged.
    """
    wish = await _read_wish(conn, keys, request, staff)
    # Scans wait from here on, so what can be known before is. Not the change's number:
    # changes are numbered in the order in which they happen.
    await take_fence(conn)
    change_id = await store.next_change_id(conn)
    ranges = await store.load_touched_ranges(conn, request.batch_id, wish.wanted)
    if request.selection.codes is not None and request.state is RangeState.VOID:
        # Single voids stay out of the interval table, which must not shatter.
        await refuse_other_goods(conn, wish.batch, ranges, staff)
        codes = [first for first, _ in wish.wanted]
        voids = await fresh_voids(conn, ranges, codes)
        refuse_beyond(await share_voids(conn, staff, ranges, (), voids))
        measure = measure_voids(ranges, voids, codes)
        result = await _record(conn, request, change_id, measure, staff, now=now)
        await store.insert_void_codes(conn, voids, change_id)
        return result
    if wish.binding is not None:
        refuse_rebinding(wish.batch, ranges, wish.wanted, wish.binding)
    else:
        await refuse_other_goods(conn, wish.batch, ranges, staff)
    if request.state is RangeState.VOID:
        refuse_beyond(await share_voids(conn, staff, ranges, wish.wanted))
    change = RangeChange(request.state, change_id, wish.binding, request.instructions)
    plan = plan_change(ranges, wish.wanted, change)
    measure = await measure_plan(conn, plan, change)
    result = await _record(conn, request, change_id, measure, staff, now=now)
    await store.apply_plan(conn, plan)
    return result


async def preview_codes(
    conn: AsyncConnection, keys: EpochKeys, request: ChangeRequest, staff: Staff
) -> Preview:
    """Tell what `change_codes` would do now; raises what it would raise."""
    wish = await _read_wish(conn, keys, request, staff)
    ranges = await store.load_touched_ranges(conn, request.batch_id, wish.wanted)
    beyond = 0
    if wish.binding is not None:
        refuse_rebinding(wish.batch, ranges, wish.wanted, wish.binding)
    else:
        await refuse_other_goods(conn, wish.batch, ranges, staff)
    if request.state is RangeState.VOID:
        shares = await share_voids(conn, staff, ranges, wish.wanted)
        void = sum(await store.count_voids(conn, shares.beyond))
        beyond = shares.quantity_beyond - void
    return await preview_plan(conn, ranges, wish.wanted, request.state, beyond=beyond)


async def preview_plan(
    conn: AsyncConnection,
    ranges: Sequence[CodeRange],
    wanted: Sequence[Interval],
    state: RangeState,
    *,
    beyond: int = 0,
) -> Preview:
    """Count what a change of these codes would move, and what not and why.

    `beyond` is how many of them take a second person.
    """
    tally: Counter[SkipReason] = Counter()
    pieces = list(cut_out(ranges, wanted))
    inside = [(piece.first_code_id, piece.last_code_id) for piece in pieces]
    voids = await store.count_voids(conn, inside)
    legal = LEGAL_FROM[state]
    for piece, single in zip(pieces, voids, strict=True):
        # What was voided one by one stays void, whatever its range says.
        if piece.state in legal:
            tally[SkipReason.VOID] += single
        else:
            tally += tell_kept(piece, single)
    total = sum(piece.size for piece in pieces)
    tally[SkipReason.ASKED] += beyond
    unchanged = tally.total()
    return Preview(total - unchanged, unchanged, tell_skips(tally))


async def fresh_voids(
    conn: AsyncConnection, ranges: Sequence[CodeRange], code_ids: Sequence[int]
) -> list[int]:
    """Keep the codes that may become void and are not yet."""
    legal = LEGAL_FROM[RangeState.VOID]
    starts = [r.first_code_id for r in ranges]
    movable = [
        c for c in code_ids if ranges[bisect_right(starts, c) - 1].state in legal
    ]
    already = await store.find_void_codes(conn, movable)
    return [c for c in movable if c not in already]


async def _record(
    conn: AsyncConnection,
    request: ChangeRequest,
    change_id: int,
    measure: Measure,
    staff: Staff,
    *,
    now: datetime,
) -> ChangeResult:
    """Write the change down twice: with the batch, and with what its person did."""
    detail = _change_detail(request)
    kind = KINDS[request.state]
    await store.record_change(
        conn,
        change_id,
        batch_id=request.batch_id,
        kind=kind,
        staff=staff,
        reason=request.reason,
        detail=detail,
        changed=measure.changed,
        goods=measure.goods,
        moved=measure.moved,
    )
    await record_action(
        conn,
        staff,
        action=f"batch.{kind}",
        subject=f"batch:{request.batch_id}",
        detail=detail | {"changed": measure.changed, "reason": request.reason},
        now=now,
    )
    return ChangeResult(change_id, measure.changed, measure.unchanged, measure.skipped)


KINDS = {
    RangeState.ACTIVATED: "activate",
    RangeState.VOID: "void",
    RangeState.RECALLED: "recall",
}


def _change_detail(request: ChangeRequest) -> dict[str, Any]:
    selection = request.selection
    detail: dict[str, Any] = {
        "unit": selection.unit,
        "from_index": selection.from_index,
        "to_index": selection.to_index,
        "codes": None if selection.codes is None else len(selection.codes),
    }
    given = request.terms.given
    detail |= {name: str(value) for name, value in given.items() if value}
    return {name: value for name, value in detail.items() if value is not None}


async def new_binding(
    conn: AsyncConnection, batch: Batch, terms: ActivationTerms, staff: Staff
) -> Binding:
    """Bind codes to what is said, and for the rest to what the batch says."""
    given = terms.given
    if "gtin" in given:
        given["gtin"] = read_gtin(given["gtin"])
    if "sale_regions" in given:
        given["sale_regions"] = read_regions(given["sale_regions"], "/sale_regions")
    refuse_other_terms(batch, given, staff)
    binding = replace(
        Binding(
            gtin=batch.gtin,
            lot=batch.lot,
            produced_on=batch.produced_on,
            line=batch.line,
            sale_regions=batch.sale_regions,
            campaign_id=batch.campaign_id,
        ),
        **given,
    )
    brand = batch.brand
    if binding.gtin is not None:
        product = await store.find_product(conn, binding.gtin)
        if product is None or staff.brand not in {None, product.brand}:
            raise InvalidInput.field(
                "/gtin", "unknown_gtin", message("no_product", gtin=binding.gtin)
            )
        brand = product.brand
    await refuse_other_campaign(conn, binding.campaign_id, brand)
    return binding


async def refuse_other_campaign(
    conn: AsyncConnection, campaign_id: str | None, brand: str | None
) -> None:
    """Refuse a campaign of another brand than the goods'; raises InvalidInput."""
    if campaign_id is None:
        return
    owner = await store.find_campaign_brand(conn, campaign_id)
    if owner not in {None, brand}:
        if brand is None:
            told = message("no_campaign_without_brand", campaign_id=campaign_id)
        else:
            told = message(
                "no_campaign_for_brand", campaign_id=campaign_id, brand=brand
            )
        raise InvalidInput.field(
            "/campaign_id",
            "unknown_campaign",
            told,
        )


def refuse_rebinding(
    batch: Batch,
    ranges: Sequence[CodeRange],
    wanted: Sequence[Interval],
    binding: Binding,
) -> None:
    """Refuse to activate again what stands for something else; raises Conflict."""
    targets = join_intervals(wanted)
    lasts = [last for _, last in targets]
    for r in ranges:
        if r.state is not RangeState.ACTIVATED or r.binding == binding:
            continue
        at = bisect_left(lasts, r.first_code_id)
        if at < len(targets) and targets[at][0] <= r.last_code_id:
            index = max(targets[at][0], r.first_code_id) - batch.first_code_id
            raise Conflict(
                message("activated_otherwise", index=index),
                code="activated_otherwise",
            )


def _codes_of(
    batch: Batch, keys: EpochKeys, codes: Sequence[str], staff: Staff
) -> list[int]:
    """Open codes and check that they are the batch's; raises InvalidInput for each."""
    code_ids: set[int] = set()
    problems: list[FieldError] = []
    tells_apart = may_tell_apart(staff)
    tries = 0
    for position, given in enumerate(codes):
        code_text = parse_scanned(given).code_text
        code_id = open_code(keys, code_text) if code_text else None
        ours = (
            code_id is not None and 0 <= code_id - batch.first_code_id < batch.quantity
        )
        tries += code_text is not None and not ours
        if code_id is None and (tells_apart or code_text is None):
            problems.append(
                FieldError(
                    f"/codes/{position}", "invalid_code", message("not_our_code")
                )
            )
        elif code_id is None or not ours:
            problems.append(
                FieldError(
                    f"/codes/{position}",
                    "other_batch",
                    message("other_batch", batch_id=batch.batch_id),
                )
            )
        else:
            code_ids.add(code_id)
    note_wrong_codes(tries)
    if problems:
        raise InvalidInput(
            message("codes_wrong", wrong=len(problems), count=len(codes)),
            errors=tuple(problems[:100]),
        )
    return sorted(code_ids)
