"""What one key may do alone, and what takes a second person."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from codegen.domain.batches import Selection
from codegen.domain.ranges import ActivationTerms, RangeState
from codegen.domain.recalls import RecallKind
from codegen.pipeline import (
    BulkChange,
    ChangeRequest,
    ShownRecall,
    approve_recall,
    change_in_bulk,
    preview_codes,
    request_void,
    show_recall,
    void_or_ask,
)
from core.auth import Staff
from core.clock import utc_datetime
from core.errors import InvalidInput
from tests.fixtures.ground import CLOCK, GTIN, Ground
from tests.fixtures.keyholders import (
    ADA,
    BEN,
    LIN,
    LIU,
    OTHER,
    change,
    part,
    refused,
    states,
)


async def test_a_line_voids_what_is_issued_and_what_its_own_key_activated(
    ledger: Ground,
) -> None:
    """Caps are wasted before and after they became active."""
    batch = await ledger.issue(100)
    await change(ledger, LIN, batch, RangeState.ACTIVATED, part(0, 49))
    assert (
        await change(ledger, LIN, batch, RangeState.VOID, part(0, 59))
    ).changed == 60


async def test_a_line_voids_nothing_that_another_key_activated(ledger: Ground) -> None:
    """What is in shops would be worthless for good, by one stolen key."""
    batch = await ledger.issue(100)
    await change(ledger, LIU, batch, RangeState.ACTIVATED, part(0, 49))
    await refused("second_person_needed", change(ledger, LIN, batch, RangeState.VOID))
    assert await states(ledger, batch) == {"activated": 50, "issued": 50, "single": 0}
    async with ledger.engine.connect() as conn:
        keys = ledger.issuance.key_file.load()
        request = ChangeRequest(batch.batch_id, Selection(), RangeState.VOID, "test")
        seen = await preview_codes(conn, keys, request, LIN)
    assert (seen.would_change, seen.unchanged) == (50, 50)
    assert [(s.reason, s.quantity) for s in seen.skipped] == [
        ("second_person_needed", 50)
    ]
    assert (await change(ledger, ADA, batch, RangeState.VOID)).changed == 100


async def test_a_line_voids_nothing_that_it_activated_a_day_ago(ledger: Ground) -> None:
    batch = await ledger.issue(10)
    await change(ledger, LIN, batch, RangeState.ACTIVATED)
    await ledger.rows("ALTER TABLE range_changes DISABLE TRIGGER append_only")
    await ledger.rows("UPDATE range_changes SET at = at - interval '25 hours'")
    await refused("second_person_needed", change(ledger, LIN, batch, RangeState.VOID))


async def test_the_hourly_limit_holds_for_calls_at_once(ledger: Ground) -> None:
    """Two workers count in turn, since whoever voids holds the fence."""
    batch = await ledger.issue(20_000)
    halves = [part(0, 5_999), part(6_000, 11_999)]
    done = await asyncio.gather(
        *(change(ledger, LIN, batch, RangeState.VOID, half) for half in halves),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in done) == ["ChangeResult", "Forbidden"]
    assert (await states(ledger, batch))["void"] == 6_000
    await change(ledger, LIN, batch, RangeState.VOID, part(12_000, 15_999))
    await refused(
        "second_person_needed",
        change(ledger, LIN, batch, RangeState.VOID, part(19_999, 19_999)),
    )
    # Another key has an hour of its own.
    await change(ledger, LIU, batch, RangeState.VOID, part(19_999, 19_999))


async def test_what_a_report_may_not_void_is_asked_for(ledger: Ground) -> None:
    """A true report is taken whole; a second person puts the rest into effect."""
    batch = await ledger.issue(20_000)
    await change(ledger, LIU, batch, RangeState.ACTIVATED, part(0, 999))
    base = batch.first_code_id
    spoilt = BulkChange(
        batch, RangeState.VOID, [(base + 500, base + 19_998)], [base + 3], "report"
    )
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.begin() as conn:
        done = await void_or_ask(conn, spoilt, LIN, now=now)
    assert done.changed == 10_000
    [request] = done.requests
    shown = await show(ledger, request, ADA)
    assert shown.preview.would_change == 500 + 1 + (19_999 - 1_000) - 10_000
    async with ledger.engine.begin() as conn:
        changed = await approve_recall(conn, RecallKind.VOID, request, ADA, now=now)
    assert changed == shown.preview.would_change
    assert await states(ledger, batch) == {
        "activated": 500,
        "issued": 1,
        "void": 19_499,
        "single": 1,
    }
    assert not await ledger.audit()


async def show(ledger: Ground, request: int, staff: Staff) -> ShownRecall:
    """Look at a void request."""
    async with ledger.engine.connect() as conn:
        return await show_recall(conn, RecallKind.VOID, request, staff)


async def test_a_line_asks_for_a_void_and_does_not_approve_it(ledger: Ground) -> None:
    batch = await ledger.issue(10)
    await change(ledger, ADA, batch, RangeState.ACTIVATED)
    now = utc_datetime(CLOCK.now_ms())
    async with ledger.engine.begin() as conn:
        keys = ledger.issuance.key_file.load()
        request = await request_void(
            conn, keys, batch.batch_id, part(2, 4), reason="torn", staff=LIN, now=now
        )
        same = replace(ADA, person="Lin")
        await refused(
            "second_person_needed",
            approve_recall(conn, RecallKind.VOID, request, same, now=now),
        )
        assert (await approve_recall(conn, RecallKind.VOID, request, ADA, now=now)) == 3
        await refused(
            "already_approved",
            approve_recall(conn, RecallKind.VOID, request, BEN, now=now),
        )


@pytest.mark.parametrize(
    "terms",
    [
        {"gtin": OTHER},
        {"campaign_id": "rich"},
        {"sale_regions": ("CN-31",)},
        {"gtin": OTHER, "lot": "L1"},
    ],
)
async def test_a_line_chooses_no_product_campaign_or_region(
    ledger: Ground, terms: dict[str, Any]
) -> None:
    """It gives what it knows of the day; the rest is what an issuer ordered."""
    await ledger.campaign("poor")
    await ledger.campaign("rich")
    await ledger.product(OTHER)
    batch = await ledger.issue(10, campaign_id="poor", sale_regions=("CN",))
    await refused(
        "not_yours_to_change",
        change(ledger, LIN, batch, RangeState.ACTIVATED, **terms),
    )
    bulk = BulkChange(
        batch,
        RangeState.ACTIVATED,
        [(batch.first_code_id, batch.first_code_id + 1)],
        terms=ActivationTerms(**terms),
    )
    async with ledger.engine.begin() as conn:
        now = utc_datetime(CLOCK.now_ms())
        await refused("not_yours_to_change", change_in_bulk(conn, bulk, LIN, now=now))
    await change(ledger, ADA, batch, RangeState.ACTIVATED, part(0, 0), **terms)


async def test_a_line_gives_lot_plant_and_start_and_repeats_what_the_batch_says(
    ledger: Ground,
) -> None:
    await ledger.campaign("poor")
    batch = await ledger.issue(10, campaign_id="poor", sale_regions=("CN", "HK"))
    done = await change(
        ledger,
        LIN,
        batch,
        RangeState.ACTIVATED,
        gtin=GTIN.lstrip("0"),
        campaign_id="poor",
        sale_regions=("HK", "CN"),
        lot="L1",
        plant="P1",
        line="line-1",
        effective_at=utc_datetime(CLOCK.now_ms()),
    )
    assert done.changed == 10


async def test_a_key_of_a_line_changes_nothing_of_no_line(ledger: Ground) -> None:
    """It may look at such batches, which others of the plant work on."""
    key = replace(LIN, line="line-1")
    batch = await ledger.issue(10)
    for state in (RangeState.ACTIVATED, RangeState.VOID):
        await refused("not_yours_to_change", change(ledger, key, batch, state))
    own = await ledger.issue(10, line="line-1")
    await refused(
        "not_yours_to_change",
        change(ledger, key, own, RangeState.ACTIVATED, line="line-2"),
    )
    assert (await change(ledger, key, own, RangeState.ACTIVATED)).changed == 10


async def test_a_campaign_of_a_brand_is_named_by_batches_of_that_brand_only(
    ledger: Ground,
) -> None:
    """Another brand's budget pays nobody; the audit would tell."""
    await ledger.campaign("ours")
    await ledger.campaign("theirs")
    await ledger.rows("UPDATE campaigns SET brand = 'Dairy' WHERE campaign_id = 'ours'")
    await ledger.rows("UPDATE campaigns SET brand = 'Tea' WHERE campaign_id = 'theirs'")
    batch = await ledger.issue(10, campaign_id="ours")
    with pytest.raises(InvalidInput):
        await ledger.issue(10, campaign_id="theirs")
    with pytest.raises(InvalidInput):
        await ledger.issue(10, gtin=None, campaign_id="theirs")
    with pytest.raises(InvalidInput):
        await change(ledger, ADA, batch, RangeState.ACTIVATED, campaign_id="theirs")
    await change(ledger, ADA, batch, RangeState.ACTIVATED)
    assert not await ledger.audit()
    await ledger.rows("UPDATE campaigns SET brand = 'Tea'")
    assert [f.sentence for f in await ledger.audit()] == [
        "no code stands for a campaign of another brand"
    ]
