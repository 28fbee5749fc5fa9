"""Issuing batches and changing the states of their codes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batch import Batch, BatchOrder, ChangeResult, Selection
from codegen.domain.code_text import normalise
from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.keys import EpochKeys
from codegen.domain.ranges import (
    SERIAL_BITS,
    SERIALS_PER_EPOCH,
    Binding,
    EpochState,
    Interval,
    RangeChange,
    RangeState,
    plan_change,
)
from codegen.domain.sealing import open_code
from codegen.keyring import HighWaterMark, MasterKeyFile
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    MisconfiguredError,
    NotFound,
)
from core.ids import random_below

MIN_GAP, MAX_GAP = 16, 1_024
MAX_EPOCH = 31

log = structlog.get_logger(room=__name__)


@dataclass(frozen=True, slots=True)
class Issuance:
    """What issuing needs beside the database: the key file and the high-water mark."""

    key_file: MasterKeyFile
    high_water: HighWaterMark
    link_base: str


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """Who wants which codes of a batch in another state, and why."""

    batch_id: int
    selection: Selection
    state: RangeState
    reason: str = ""
    instructions: str | None = None
    binding: dict[str, Any] = field(default_factory=dict)


# Epochs -------------------------------------------------------------------------------


async def open_first_epoch(
    conn: AsyncConnection, key_file: MasterKeyFile, *, now: datetime
) -> None:
    """Make epoch 0 and its key where there is none yet."""
    if await store.load_epoch_states(conn):
        return
    keys = key_file.add_epoch(0)
    await store.take_fence(conn)
    await store.insert_epoch(conn, 0, key_check=keys.check_value(0), now=now)


async def check_keys(conn: AsyncConnection, keys: EpochKeys) -> None:
    """Raise MisconfiguredError unless every epoch's key is here and right."""
    for epoch, check in sorted((await store.load_key_checks(conn)).items()):
        if epoch not in keys.epochs:
            raise MisconfiguredError(
                f"The master key of epoch {epoch} is missing; restore it from your key "
                "backup. Without it genuine caps would look forged, so nothing starts."
            )
        if keys.check_value(epoch) != check:
            raise MisconfiguredError(
                f"The master key of epoch {epoch} is not the one that this database's "
                "codes were made with; restore the right key file."
            )


async def rotate_epoch(
    conn: AsyncConnection, key_file: MasterKeyFile, staff: Staff, *, now: datetime
) -> int:
    """Open the next epoch and close those before it; returns its number."""
    await store.take_fence(conn)
    states = await store.load_epoch_states(conn)
    epoch = max(states, default=-1) + 1
    if epoch > MAX_EPOCH:
        raise Conflict("All 32 epochs of cap code v1 are used.", code="no_epoch_left")
    keys = key_file.add_epoch(epoch)
    for number, state in states.items():
        if state is EpochState.OPEN:
            await store.set_epoch_state(conn, number, EpochState.CLOSED)
    await store.insert_epoch(conn, epoch, key_check=keys.check_value(epoch), now=now)
    await record_action(
        conn,
        staff,
        action="key.rotate",
        subject=f"epoch:{epoch}",
        detail={},
        now=now,
    )
    return epoch


_LEGAL_EPOCH_CHANGES = {
    EpochState.CLOSED: {EpochState.OPEN, EpochState.FROZEN},
    EpochState.FROZEN: {EpochState.OPEN, EpochState.CLOSED},
    EpochState.RETIRED: {EpochState.OPEN, EpochState.CLOSED, EpochState.FROZEN},
}


async def change_epoch(
    conn: AsyncConnection,
    epoch: int,
    state: EpochState,
    staff: Staff,
    *,
    now: datetime,
) -> None:
    """Close, freeze or retire an epoch; raises Conflict on an illegal change."""
    await store.take_fence(conn)
    before = await store.set_epoch_state(conn, epoch, state)
    if before not in _LEGAL_EPOCH_CHANGES[state]:
        raise Conflict(
            f"Epoch {epoch} is {before}; it cannot become {state}.",
            code="illegal_state",
        )
    await record_action(
        conn,
        staff,
        action=f"key.{state}",
        subject=f"epoch:{epoch}",
        detail={"before": before.value},
        now=now,
    )


# Batches ------------------------------------------------------------------------------


async def issue_batch(
    conn: AsyncConnection,
    issuance: Issuance,
    order: BatchOrder,
    staff: Staff,
    *,
    now: datetime,
) -> Batch:
    """Hand out a fresh range of serials; raises Conflict when the epoch is spent."""
    brand = await _brand_of(conn, order, staff)
    if staff.line is not None and order.line != staff.line:
        order = replace(order, line=staff.line)
    await store.take_fence(conn)
    epoch, next_serial = await store.lock_open_epoch(conn)
    with issuance.high_water.raising(epoch) as mark:
        spent = mark.current()
        if spent > next_serial:
            log.warning(
                "serials_skipped",
                epoch=epoch,
                skipped=spent - next_serial,
                why="the database is older than the high-water mark (a restore?)",
            )
        first = max(spent, next_serial) + MIN_GAP + random_below(MAX_GAP - MIN_GAP)
        after = first + order.quantity
        if after > SERIALS_PER_EPOCH:
            raise Conflict(
                f"Epoch {epoch} has {max(SERIALS_PER_EPOCH - first, 0):,} serials left, "
                f"too few for {order.quantity:,}; open the next: crowncap key rotate.",
                code="epoch_exhausted",
            )
        mark.raise_to(after)
        await store.set_next_serial(conn, epoch, after)
        batch_id = await store.insert_batch(
            conn,
            order,
            epoch=epoch,
            first_serial=first,
            brand=brand,
            person=staff.person,
            now=now,
        )
    await record_action(
        conn,
        staff,
        action="batch.issue",
        subject=f"batch:{batch_id}",
        detail={"quantity": order.quantity, "epoch": epoch, "first_serial": first},
        now=now,
    )
    return await get_batch(conn, batch_id, staff)


async def _brand_of(
    conn: AsyncConnection, order: BatchOrder, staff: Staff
) -> str | None:
    if order.gtin is None:
        return staff.brand
    product = await store.find_product(conn, order.gtin)
    if product is None:
        raise InvalidInput.field(
            "/gtin", "unknown_gtin", f"No product has GTIN {order.gtin}."
        )
    if staff.brand is not None and product.brand != staff.brand:
        raise InvalidInput.field(
            "/gtin", "unknown_gtin", f"No product of {staff.brand} has this GTIN."
        )
    return product.brand


async def get_batch(conn: AsyncConnection, batch_id: int, staff: Staff) -> Batch:
    """Find a batch within the caller's scope; raises NotFound."""
    batch = await store.find_batch(conn, batch_id)
    hidden = batch is not None and (
        (staff.brand is not None and batch.brand not in {None, staff.brand})
        or (staff.line is not None and batch.line not in {None, staff.line})
    )
    if batch is None or hidden:
        raise NotFound(f"There is no batch {batch_id}.")
    return batch


# Changes of state ---------------------------------------------------------------------


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
    request.selection.check()
    await store.take_fence(conn)
    batch = await get_batch(conn, request.batch_id, staff)
    binding = await _new_binding(conn, batch, request, staff)
    change_id = await store.next_change_id(conn)
    single_voids = (
        request.selection.codes is not None and request.state is RangeState.VOID
    )
    code_ids: Sequence[int] = ()
    if request.selection.codes is None:
        first, last = request.selection.indexes(batch)
        wanted: list[Interval] = [
            (batch.first_code_id + first, batch.first_code_id + last)
        ]
    else:
        code_ids = _codes_of(batch, keys, request.selection.codes)
        wanted = [(c, c) for c in code_ids]
    ranges = await store.load_ranges(conn, batch.batch_id)
    if binding is not None:
        _refuse_rebinding(batch, ranges, wanted, binding)
    plan = plan_change(
        ranges,
        wanted,
        RangeChange(request.state, change_id, binding, request.instructions),
    )
    changed, unchanged = plan.changed, plan.unchanged
    detail = _change_detail(request)
    if single_voids:
        # Single voids stay out of the interval table, which must not shatter.
        movable = [
            c
            for c in code_ids
            if any(
                r.first_code_id <= c <= r.last_code_id
                and r.state in {RangeState.ISSUED, RangeState.ACTIVATED}
                for r in ranges
            )
        ]
        already = await store.find_void_codes(conn, movable)
        changed = len(set(movable) - already)
        unchanged = len(code_ids) - changed
    await store.record_change(
        conn,
        change_id,
        batch_id=batch.batch_id,
        kind=_KINDS[request.state],
        person=staff.person,
        reason=request.reason,
        detail=detail,
        changed=changed,
    )
    if single_voids:
        await store.insert_void_codes(conn, movable, change_id)
    else:
        await store.apply_plan(conn, plan)
    await record_action(
        conn,
        staff,
        action=f"batch.{_KINDS[request.state]}",
        subject=f"batch:{batch.batch_id}",
        detail=detail | {"changed": changed, "reason": request.reason},
        now=now,
    )
    return ChangeResult(change_id, changed, unchanged)


_KINDS = {
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
    detail |= {name: str(value) for name, value in request.binding.items() if value}
    return {name: value for name, value in detail.items() if value is not None}


async def _new_binding(
    conn: AsyncConnection, batch: Batch, request: ChangeRequest, staff: Staff
) -> Binding | None:
    if request.state is not RangeState.ACTIVATED:
        return None
    given = {k: v for k, v in request.binding.items() if v is not None}
    if "gtin" in given:
        try:
            given["gtin"] = normalise_gtin(given["gtin"])
        except GtinError as fault:
            raise InvalidInput.field("/gtin", "invalid_gtin", str(fault)) from None
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
    if binding.gtin is not None:
        product = await store.find_product(conn, binding.gtin)
        if product is None or staff.brand not in {None, product.brand}:
            raise InvalidInput.field(
                "/gtin", "unknown_gtin", f"No product has GTIN {binding.gtin}."
            )
    return binding


def _refuse_rebinding(
    batch: Batch,
    ranges: Sequence[Any],
    wanted: Sequence[Interval],
    binding: Binding,
) -> None:
    """Refuse to activate again what stands for something else; raises Conflict."""
    for r in ranges:
        if r.state is not RangeState.ACTIVATED or r.binding == binding:
            continue
        for first, last in wanted:
            if first <= r.last_code_id and last >= r.first_code_id:
                index = max(first, r.first_code_id) - batch.first_code_id
                raise Conflict(
                    f"Codes from index {index} on are activated already, with another "
                    "product, lot, plant, region, campaign or start; nothing was done.",
                    code="activated_otherwise",
                )


def _codes_of(batch: Batch, keys: EpochKeys, codes: Sequence[str]) -> list[int]:
    """Open codes and check that they are the batch's; raises InvalidInput for each."""
    code_ids: set[int] = set()
    problems: list[FieldError] = []
    for position, given in enumerate(codes):
        code_text = normalise(given)
        code_id = open_code(keys, code_text) if code_text else None
        if code_id is None:
            problems.append(
                FieldError(
                    f"/codes/{position}", "invalid_code", "Not one of our codes."
                )
            )
        elif not 0 <= code_id - batch.first_code_id < batch.quantity:
            problems.append(
                FieldError(
                    f"/codes/{position}",
                    "other_batch",
                    f"This code is not of batch {batch.batch_id}.",
                )
            )
        else:
            code_ids.add(code_id)
    if problems:
        raise InvalidInput(
            f"{len(problems)} of {len(codes)} codes are wrong; nothing was done.",
            errors=tuple(problems[:100]),
        )
    return sorted(code_ids)


# Recalls ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecallScope:
    """What a recall covers: a batch or part of it, or a lot wherever it is."""

    batch_id: int | None = None
    lot: str | None = None
    from_index: int | None = None
    to_index: int | None = None


async def request_recall(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    reason: str,
    instructions: str,
    staff: Staff,
    now: datetime,
) -> int:
    """Ask for a recall; it takes effect when a second person approves it."""
    if (scope.batch_id is None) == (scope.lot is None):
        raise InvalidInput.field(
            "/batch_id", "one_needed", "Name either a batch or a lot."
        )
    if scope.batch_id is not None:
        batch = await get_batch(conn, scope.batch_id, staff)
        Selection(from_index=scope.from_index, to_index=scope.to_index).indexes(batch)
    elif not await store.find_lot_batches(conn, scope.lot or ""):
        raise InvalidInput.field(
            "/lot", "unknown_lot", f"No code was activated with lot {scope.lot!r}."
        )
    recall_id = await store.insert_recall(
        conn,
        scope=asdict(scope),
        reason=reason,
        instructions=instructions,
        person=staff.person,
        now=now,
    )
    await record_action(
        conn,
        staff,
        action="recall.request",
        subject=f"recall:{recall_id}",
        detail=asdict(scope) | {"reason": reason},
        now=now,
    )
    return recall_id


async def approve_recall(
    conn: AsyncConnection, recall_id: int, staff: Staff, *, now: datetime
) -> int:
    """Put a recall into effect as a second person; returns how many codes it hit."""
    recall = await store.approve_recall(conn, recall_id, person=staff.person, now=now)
    scope = RecallScope(**recall["scope"])
    changed = await recall_scope(
        conn,
        scope,
        reason=recall["reason"],
        instructions=recall["instructions"],
        staff=staff,
        now=now,
    )
    await record_action(
        conn,
        staff,
        action="recall.approve",
        subject=f"recall:{recall_id}",
        detail={"changed": changed},
        now=now,
    )
    return changed


async def recall_scope(
    conn: AsyncConnection,
    scope: RecallScope,
    *,
    reason: str,
    instructions: str,
    staff: Staff,
    now: datetime,
) -> int:
    """Recall a batch, part of it, or every code of a lot; returns how many."""
    await store.take_fence(conn)
    batch_ids = (
        [scope.batch_id]
        if scope.batch_id is not None
        else await store.find_lot_batches(conn, scope.lot or "")
    )
    total = 0
    for batch_id in batch_ids:
        batch = await get_batch(conn, batch_id, staff)
        ranges = await store.load_ranges(conn, batch_id)
        if scope.lot is None:
            first, last = Selection(
                from_index=scope.from_index, to_index=scope.to_index
            ).indexes(batch)
            wanted = [(batch.first_code_id + first, batch.first_code_id + last)]
        else:
            wanted = [
                (r.first_code_id, r.last_code_id)
                for r in ranges
                if r.binding.lot == scope.lot
            ]
        change_id = await store.next_change_id(conn)
        plan = plan_change(
            ranges,
            wanted,
            RangeChange(RangeState.RECALLED, change_id, instructions=instructions),
        )
        await store.record_change(
            conn,
            change_id,
            batch_id=batch_id,
            kind="recall",
            person=staff.person,
            reason=reason,
            detail={k: v for k, v in asdict(scope).items() if v is not None},
            changed=plan.changed,
        )
        await store.apply_plan(conn, plan)
        total += plan.changed
    return total


# Single codes -------------------------------------------------------------------------


async def describe_code(
    conn: AsyncConnection, keys: EpochKeys, given: str
) -> dict[str, Any]:
    """Say what a code is: valid, epoch, serial, batch_id, index, state."""
    code_text = normalise(given)
    code_id = open_code(keys, code_text) if code_text else None
    if code_id is None:
        return {"valid": False}
    answer: dict[str, Any] = {
        "valid": True,
        "epoch": code_id >> SERIAL_BITS,
        "serial": code_id & (SERIALS_PER_EPOCH - 1),
        "batch_id": None,
        "index": None,
        "state": "never_issued",
    }
    table = await store.load_range_table(conn)
    found = table.find(code_id)
    if found is None:
        return answer
    batch = await store.find_batch(conn, found.batch_id)
    assert batch is not None
    voided = code_id in await store.find_void_codes(conn, [code_id])
    return answer | {
        "batch_id": found.batch_id,
        "index": code_id - batch.first_code_id,
        "state": "void" if voided else found.state.value,
    }
