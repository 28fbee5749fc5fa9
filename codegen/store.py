"""The only SQL of codegen: epochs, products, batches, ranges, voids, recalls."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import tables as t
from codegen.domain.batch import Batch, BatchOrder, Placement, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.ranges import (
    SERIAL_BITS,
    Binding,
    CodeRange,
    EpochState,
    Interval,
    Product,
    RangePlan,
    RangeState,
    RangeTable,
)
from core.db import FENCE_EXCLUSIVE
from core.errors import Conflict, InvalidInput, NotFound

# How a constraint's name reads to the person who ran into it.
_CONSTRAINTS = {
    "products_pkey": ("/gtin", "already_exists", "This GTIN is a product already."),
    "batches_gtin_fkey": ("/gtin", "unknown_gtin", "No product has this GTIN."),
    "ranges_gtin_fkey": ("/gtin", "unknown_gtin", "No product has this GTIN."),
    "batches_campaign_id_fkey": (
        "/campaign_id",
        "unknown_campaign",
        "No campaign has this id.",
    ),
    "ranges_campaign_id_fkey": (
        "/campaign_id",
        "unknown_campaign",
        "No campaign has this id.",
    ),
}


def explain(fault: IntegrityError) -> Exception:
    """Turn a violated constraint into a sentence, or give the fault back."""
    diagnostics = getattr(fault.orig, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or ""
    if name in _CONSTRAINTS:
        pointer, code, detail = _CONSTRAINTS[name]
        if code == "already_exists":
            return Conflict(detail, code=code)
        return InvalidInput.field(pointer, code, detail)
    if name in {"batches_never_overlap", "ranges_never_overlap"}:
        return Conflict("These serials are taken already.", code="overlapping_range")
    return fault


# Versions -----------------------------------------------------------------------------


async def take_fence(conn: AsyncConnection) -> None:
    """Shut scans out until this transaction ends; raises the version for them."""
    await conn.execute(text(FENCE_EXCLUSIVE))
    await conn.execute(
        update(t.range_version).values(version=t.range_version.c.version + 1)
    )


async def current_version(conn: AsyncConnection) -> int:
    """Read the version that a scan's range table must have."""
    return int((await conn.execute(select(t.range_version.c.version))).scalar_one())


async def load_range_table(conn: AsyncConnection) -> RangeTable:
    """Load all ranges; `conn` must be in a REPEATABLE READ transaction."""
    version = await current_version(conn)
    ranges = [_code_range(row) for row in await conn.execute(select(t.ranges))]
    placements: dict[int, str] = {}
    gtins: dict[int, str | None] = {}
    for row in await conn.execute(
        select(t.batches.c.batch_id, t.batches.c.placement, t.batches.c.gtin)
    ):
        placements[row.batch_id] = row.placement
        gtins[row.batch_id] = row.gtin
    products = {
        row.gtin: Product(row.gtin, row.name, row.brand)
        for row in await conn.execute(select(t.products))
    }
    return RangeTable.build(
        version,
        ranges,
        placements=placements,
        batch_gtins=gtins,
        products=products,
        epochs=await load_epoch_states(conn),
    )


# Epochs -------------------------------------------------------------------------------


async def load_epoch_states(conn: AsyncConnection) -> dict[int, EpochState]:
    """Read the state of every epoch."""
    rows = await conn.execute(select(t.epochs.c.epoch, t.epochs.c.state))
    return {row.epoch: EpochState(row.state) for row in rows}


async def load_key_checks(conn: AsyncConnection) -> dict[int, bytes]:
    """Read the check value of every epoch's key."""
    rows = await conn.execute(select(t.epochs.c.epoch, t.epochs.c.key_check))
    return {row.epoch: bytes(row.key_check) for row in rows}


async def load_epochs(conn: AsyncConnection) -> list[dict[str, Any]]:
    """Read epochs, their states and how far each has issued, oldest first."""
    rows = await conn.execute(
        select(
            t.epochs.c.epoch,
            t.epochs.c.state,
            t.epochs.c.next_serial,
            t.epochs.c.created_at,
        ).order_by(t.epochs.c.epoch)
    )
    return [dict(row._mapping) for row in rows]  # noqa: SLF001 - its public spelling


async def insert_epoch(
    conn: AsyncConnection, epoch: int, *, key_check: bytes, now: datetime
) -> None:
    """Add an open epoch."""
    await conn.execute(
        insert(t.epochs).values(
            epoch=epoch,
            state=EpochState.OPEN.value,
            key_check=key_check,
            next_serial=0,
            created_at=now,
        )
    )


async def set_epoch_state(
    conn: AsyncConnection, epoch: int, state: EpochState
) -> EpochState:
    """Set an epoch's state and return what it was; raises NotFound."""
    before = (
        await conn.execute(
            select(t.epochs.c.state).where(t.epochs.c.epoch == epoch).with_for_update()
        )
    ).scalar_one_or_none()
    if before is None:
        raise NotFound(f"There is no epoch {epoch}.")
    await conn.execute(
        update(t.epochs).where(t.epochs.c.epoch == epoch).values(state=state.value)
    )
    return EpochState(before)


async def lock_open_epoch(conn: AsyncConnection) -> tuple[int, int]:
    """Lock the newest open epoch; returns (epoch, next serial), raises Conflict."""
    row = (
        await conn.execute(
            select(t.epochs.c.epoch, t.epochs.c.next_serial)
            .where(t.epochs.c.state == EpochState.OPEN.value)
            .order_by(t.epochs.c.epoch.desc())
            .limit(1)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        raise Conflict(
            "No epoch is open; make one with: crowncap key rotate.",
            code="no_open_epoch",
        )
    return row.epoch, row.next_serial


async def set_next_serial(conn: AsyncConnection, epoch: int, serial: int) -> None:
    """Record how far an epoch has issued."""
    await conn.execute(
        update(t.epochs).where(t.epochs.c.epoch == epoch).values(next_serial=serial)
    )


# Products -----------------------------------------------------------------------------


async def insert_product(
    conn: AsyncConnection,
    *,
    gtin: str,
    name: str,
    brand: str,
    shelf_life_days: int | None,
    now: datetime,
) -> None:
    """Add a product; raises Conflict when its GTIN is taken."""
    try:
        await conn.execute(
            insert(t.products).values(
                gtin=gtin,
                name=name,
                brand=brand,
                shelf_life_days=shelf_life_days,
                created_at=now,
            )
        )
    except IntegrityError as fault:
        raise explain(fault) from None


async def find_product(conn: AsyncConnection, gtin: str) -> Product | None:
    """Find a product by its 14-digit GTIN."""
    row = (
        await conn.execute(select(t.products).where(t.products.c.gtin == gtin))
    ).one_or_none()
    return Product(row.gtin, row.name, row.brand) if row else None


# Batches ------------------------------------------------------------------------------


async def insert_batch(
    conn: AsyncConnection,
    order: BatchOrder,
    *,
    epoch: int,
    first_serial: int,
    brand: str | None,
    person: str,
    now: datetime,
) -> int:
    """Add a batch, its units and its first range; returns batch_id."""
    fields = asdict(order)
    units = fields.pop("units")
    try:
        batch_id = (
            await conn.execute(
                insert(t.batches)
                .values(
                    **fields | {"sale_regions": list(order.sale_regions)},
                    epoch=epoch,
                    first_serial=first_serial,
                    brand=brand,
                    issued_by=person,
                    issued_at=now,
                )
                .returning(t.batches.c.batch_id)
            )
        ).scalar_one()
        if units:
            await conn.execute(
                insert(t.batch_units), [{"batch_id": batch_id} | u for u in units]
            )
    except IntegrityError as fault:
        raise explain(fault) from None
    change_id = await insert_change(
        conn,
        batch_id=batch_id,
        kind="issue",
        person=person,
        reason="",
        detail={},
        changed=order.quantity,
        now=now,
    )
    first = epoch << SERIAL_BITS | first_serial
    issued = CodeRange(
        first,
        first + order.quantity - 1,
        batch_id,
        RangeState.ISSUED,
        Binding(
            gtin=order.gtin,
            lot=order.lot,
            produced_on=order.produced_on,
            line=order.line,
            sale_regions=order.sale_regions,
            campaign_id=order.campaign_id,
        ),
        change_id,
    )
    await _insert_ranges(conn, [issued])
    return int(batch_id)


async def find_batch(conn: AsyncConnection, batch_id: int) -> Batch | None:
    """Find a batch with its units and its codes counted by state."""
    row = (
        await conn.execute(select(t.batches).where(t.batches.c.batch_id == batch_id))
    ).one_or_none()
    if row is None:
        return None
    units = await conn.execute(
        select(t.batch_units)
        .where(t.batch_units.c.batch_id == batch_id)
        .order_by(t.batch_units.c.from_index)
    )
    fields = dict(row._mapping)  # noqa: SLF001 - its public spelling
    fields |= {
        "placement": Placement(row.placement),
        "link_form": LinkForm(row.link_form),
        "sale_regions": tuple(row.sale_regions),
    }
    return Batch(
        **fields,
        units=tuple(Unit(u.name, u.from_index, u.to_index) for u in units),
        counts=await _count_states(conn, batch_id),
    )


async def _count_states(conn: AsyncConnection, batch_id: int) -> dict[str, int]:
    r, v = t.ranges.c, t.void_codes.c
    counts = dict.fromkeys((s.value for s in RangeState), 0)
    for row in await conn.execute(
        select(r.state, func.sum(r.last_code_id - r.first_code_id + 1).label("n"))
        .where(r.batch_id == batch_id)
        .group_by(r.state)
    ):
        counts[row.state] = int(row.n)
    # A code that was voided alone lies in a range of another state.
    for row in await conn.execute(
        select(r.state, func.count().label("n"))
        .join_from(
            t.ranges,
            t.void_codes,
            v.code_id.between(r.first_code_id, r.last_code_id),
        )
        .where(r.batch_id == batch_id, r.state != RangeState.VOID.value)
        .group_by(r.state)
    ):
        counts[row.state] -= row.n
        counts[RangeState.VOID] += row.n
    return counts


# Ranges -------------------------------------------------------------------------------


async def load_ranges(conn: AsyncConnection, batch_id: int) -> list[CodeRange]:
    """Load a batch's ranges in order."""
    rows = await conn.execute(
        select(t.ranges)
        .where(t.ranges.c.batch_id == batch_id)
        .order_by(t.ranges.c.first_code_id)
    )
    return [_code_range(row) for row in rows]


async def find_lot_batches(conn: AsyncConnection, lot: str) -> list[int]:
    """Find the batches that hold codes of a lot."""
    rows = await conn.execute(
        select(t.ranges.c.batch_id).where(t.ranges.c.lot == lot).distinct()
    )
    return sorted(rows.scalars())


async def apply_plan(conn: AsyncConnection, plan: RangePlan) -> None:
    """Replace the ranges that a change cut; the caller holds the fence."""
    if plan.removed:
        await conn.execute(
            delete(t.ranges).where(
                tuple_(t.ranges.c.first_code_id, t.ranges.c.last_code_id).in_(
                    [(r.first_code_id, r.last_code_id) for r in plan.removed]
                )
            )
        )
    await _insert_ranges(conn, plan.added)


async def insert_change(
    conn: AsyncConnection,
    *,
    batch_id: int,
    kind: str,
    person: str,
    reason: str,
    detail: dict[str, Any],
    changed: int,
    now: datetime,
) -> int:
    """Write down a change of a batch; returns change_id."""
    return int(
        (
            await conn.execute(
                insert(t.range_changes)
                .values(
                    batch_id=batch_id,
                    kind=kind,
                    person=person,
                    reason=reason,
                    detail=detail,
                    changed=changed,
                    at=now,
                )
                .returning(t.range_changes.c.change_id)
            )
        ).scalar_one()
    )


async def next_change_id(conn: AsyncConnection) -> int:
    """Draw the id of a change whose size is known only after its ranges are cut."""
    return int(
        (
            await conn.execute(
                text(
                    "SELECT nextval(pg_get_serial_sequence("
                    "'range_changes', 'change_id'))"
                )
            )
        ).scalar_one()
    )


async def record_change(
    conn: AsyncConnection,
    change_id: int,
    **fields: Any,
) -> None:
    """Write down a change under the id that was drawn for it."""
    await conn.execute(
        text(
            "INSERT INTO range_changes (change_id, batch_id, kind, person, reason,"
            " detail, changed, at) OVERRIDING SYSTEM VALUE VALUES (:change_id,"
            " :batch_id, :kind, :person, :reason, :detail, :changed,"
            # The moment of the fence, not of the request: the audit compares claims.
            " clock_timestamp())"
        ).bindparams(bindparam("detail", type_=t.range_changes.c.detail.type)),
        {"change_id": change_id} | fields,
    )


async def _insert_ranges(conn: AsyncConnection, ranges: Iterable[CodeRange]) -> None:
    rows = [
        {
            "first_code_id": r.first_code_id,
            "last_code_id": r.last_code_id,
            "batch_id": r.batch_id,
            "state": r.state.value,
            "change_id": r.change_id,
            "instructions": r.instructions,
            **asdict(r.binding),
            "sale_regions": list(r.binding.sale_regions),
        }
        for r in ranges
    ]
    if not rows:
        return
    try:
        await conn.execute(insert(t.ranges), rows)
    except IntegrityError as fault:
        raise explain(fault) from None


def _code_range(row: Row[Any]) -> CodeRange:
    return CodeRange(
        row.first_code_id,
        row.last_code_id,
        row.batch_id,
        RangeState(row.state),
        Binding(
            row.gtin,
            row.lot,
            row.produced_on,
            row.plant,
            row.line,
            tuple(row.sale_regions),
            row.campaign_id,
            row.effective_at,
        ),
        row.change_id,
        row.instructions,
    )


# Single voids -------------------------------------------------------------------------


async def insert_void_codes(
    conn: AsyncConnection, code_ids: Sequence[int], change_id: int
) -> int:
    """Void single codes; returns how many were not void before."""
    done = await conn.execute(
        text(
            "INSERT INTO void_codes (code_id, change_id)"
            " SELECT c, :change_id FROM unnest(CAST(:code_ids AS bigint[])) AS c"
            " ORDER BY c ON CONFLICT DO NOTHING"
        ),
        {"code_ids": list(code_ids), "change_id": change_id},
    )
    return done.rowcount


async def find_void_codes(
    conn: AsyncConnection, code_ids: Sequence[int]
) -> frozenset[int]:
    """Tell which of these codes were voided one by one."""
    rows = await conn.execute(
        text(
            "SELECT code_id FROM void_codes"
            " WHERE code_id = ANY(CAST(:code_ids AS bigint[]))"
        ),
        {"code_ids": list(code_ids)},
    )
    return frozenset(rows.scalars())


async def load_void_codes(conn: AsyncConnection, interval: Interval) -> list[int]:
    """Load the single voids within an inclusive interval of code_ids."""
    rows = await conn.execute(
        select(t.void_codes.c.code_id).where(t.void_codes.c.code_id.between(*interval))
    )
    return list(rows.scalars())


async def load_voids_since(
    conn: AsyncConnection, change_id: int
) -> list[tuple[int, int]]:
    """Load (code_id, change_id) of single voids after a change."""
    rows = await conn.execute(
        select(t.void_codes.c.code_id, t.void_codes.c.change_id).where(
            t.void_codes.c.change_id > change_id
        )
    )
    return [(row.code_id, row.change_id) for row in rows]


# Recalls ------------------------------------------------------------------------------


async def insert_recall(
    conn: AsyncConnection,
    *,
    scope: dict[str, Any],
    reason: str,
    instructions: str,
    person: str,
    now: datetime,
) -> int:
    """Record a wish to recall; it takes effect when a second person approves."""
    return int(
        (
            await conn.execute(
                insert(t.recalls)
                .values(
                    scope=scope,
                    reason=reason,
                    instructions=instructions,
                    requested_by=person,
                    requested_at=now,
                )
                .returning(t.recalls.c.recall_id)
            )
        ).scalar_one()
    )


async def approve_recall(
    conn: AsyncConnection, recall_id: int, *, person: str, now: datetime
) -> dict[str, Any]:
    """Approve a recall as a second person; raises NotFound or Conflict."""
    row = (
        await conn.execute(
            select(t.recalls)
            .where(t.recalls.c.recall_id == recall_id)
            .with_for_update()
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no recall {recall_id}.")
    if row.approved_by is not None:
        raise Conflict("This recall was approved already.", code="already_approved")
    if row.requested_by == person:
        raise Conflict(
            "A recall is approved by someone other than who asked for it.",
            code="second_person_needed",
        )
    await conn.execute(
        update(t.recalls)
        .where(t.recalls.c.recall_id == recall_id)
        .values(approved_by=person, approved_at=now)
    )
    return dict(row._mapping)  # noqa: SLF001 - its public spelling
