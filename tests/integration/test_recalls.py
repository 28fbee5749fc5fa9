"""Recalls: within a brand at both steps, and of what was shown."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from codegen.domain.batches import Batch
from codegen.domain.ranges import BatchInterval, RangeState
from codegen.domain.recalls import RecallKind, RecallScope, RecallState
from codegen.pipeline import (
    ShownRecall,
    approve_recall,
    list_recalls,
    request_recall,
    show_recall,
)
from core.auth import Staff
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.fixtures.ground import CLOCK, Ground
from tests.fixtures.keyholders import (
    ADA,
    BEN,
    OTHER,
    change,
    part,
    states,
)


async def nothing_packed(*_args: Any) -> Sequence[BatchInterval]:
    """Find nothing under any SSCC."""
    return ()


async def ask(ledger: Ground, scope: RecallScope, staff: Staff) -> int:
    """Ask for a recall."""
    async with ledger.engine.begin() as conn:
        return await request_recall(
            conn,
            scope,
            reason="glass",
            instructions="Bring it back.",
            find_carton=nothing_packed,
            staff=staff,
            now=utc_datetime(CLOCK.now_ms()),
        )


async def approve(
    ledger: Ground, recall: int, staff: Staff, shown: str | None = None
) -> int:
    """Approve a recall."""
    async with ledger.engine.begin() as conn:
        now = utc_datetime(CLOCK.now_ms())
        return await approve_recall(
            conn, RecallKind.RECALL, recall, staff, shown=shown, now=now
        )


async def look(ledger: Ground, recall: int, staff: Staff) -> ShownRecall:
    """Look at a recall."""
    async with ledger.engine.connect() as conn:
        return await show_recall(conn, RecallKind.RECALL, recall, staff)


@pytest.fixture
async def brands(ledger: Ground) -> tuple[Batch, Batch]:
    """Make one lot of two brands: what one calls L1 is not what the other does."""
    await ledger.product(OTHER)
    await ledger.rows("UPDATE products SET brand = 'Tea' WHERE name = 'Tea'")
    dairy = await ledger.issue(10, lot="L1")
    tea = await ledger.issue(20, gtin=OTHER, lot="L1")
    for batch in (dairy, tea):
        await change(ledger, OPERATOR, batch, RangeState.ACTIVATED)
    return dairy, tea


async def test_a_recall_of_a_lot_stays_within_its_brand(
    ledger: Ground, brands: tuple[Batch, Batch]
) -> None:
    """Its text for consumers reaches nobody else's shoppers."""
    dairy, tea = brands
    recall = await ask(ledger, RecallScope(lot="L1"), replace(ADA, brand="Dairy"))
    shown = await look(ledger, recall, BEN)
    assert [each.batch.batch_id for each in shown.covered] == [dairy.batch_id]
    stranger = replace(BEN, brand="Tea")
    with pytest.raises(NotFound):
        await look(ledger, recall, stranger)
    with pytest.raises(NotFound):
        await approve(ledger, recall, stranger, shown.digest)
    async with ledger.engine.connect() as conn:
        for staff, seen in ((stranger, []), (BEN, [recall])):
            found = await list_recalls(conn, RecallKind.RECALL, staff, limit=10)
            assert [each.recall_id for each in found] == seen
    assert await approve(ledger, recall, BEN, shown.digest) == 10
    assert (await states(ledger, tea))["activated"] == 20


async def test_no_brand_asks_for_a_recall_of_anothers_goods(
    ledger: Ground, brands: tuple[Batch, Batch]
) -> None:
    """By lot, by batch, and in a batch that was nobody's when it was issued."""
    _, tea = brands
    ours = replace(ADA, brand="Dairy")
    with pytest.raises(NotFound):
        await ask(ledger, RecallScope(batch_id=tea.batch_id), ours)
    shared = await ledger.issue(10, gtin=None)
    await change(
        ledger, OPERATOR, shared, RangeState.ACTIVATED, part(0, 4), gtin=OTHER, lot="L2"
    )
    with pytest.raises(Forbidden):
        await ask(ledger, RecallScope(batch_id=shared.batch_id), ours)
    with pytest.raises(InvalidInput):
        await ask(ledger, RecallScope(lot="L2"), ours)
    with pytest.raises(Forbidden):
        await change(ledger, ours, shared, RangeState.VOID, part(0, 9))
    assert await ask(ledger, RecallScope(lot="L2"), replace(ADA, brand="Tea"))


async def test_an_approval_is_of_what_was_shown(ledger: Ground) -> None:
    """What became more since is looked at again; without a word, it is as asked for."""
    batch = await ledger.issue(30, lot="L1")
    await change(ledger, OPERATOR, batch, RangeState.ACTIVATED, part(0, 9), lot="L9")
    recall = await ask(ledger, RecallScope(lot="L9"), ADA)
    shown = await look(ledger, recall, BEN)
    assert (shown.preview.would_change, shown.recall.state) == (
        10,
        RecallState.REQUESTED,
    )
    await change(ledger, OPERATOR, batch, RangeState.ACTIVATED, part(10, 19), lot="L9")
    for named in (shown.digest, None, "0" * 32):
        with pytest.raises(Conflict) as caught:
            await approve(ledger, recall, BEN, named)
        assert caught.value.code == "changed_since_shown"
    assert (await states(ledger, batch))["activated"] == 20
    again = await look(ledger, recall, BEN)
    assert await approve(ledger, recall, BEN, again.digest) == 20
    done = await look(ledger, recall, BEN)
    assert (done.recall.state, done.recall.changed) == (RecallState.IN_EFFECT, 20)
    unheard = await ask(
        ledger, RecallScope(batch_id=batch.batch_id, from_index=25), ADA
    )
    assert await approve(ledger, unheard, BEN) == 5
    assert not await ledger.audit()
