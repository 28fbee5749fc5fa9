"""What happened to units, as EPCIS and the history of a code read it."""

from collections.abc import Sequence

import pytest
from sqlalchemy.exc import IntegrityError

from codegen.domain.batches import Batch
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from printer_export.domain.aggregation.pack import CapRange, Span, UnitOrder
from printer_export.domain.aggregation.units import EventKind, EventUnit, Load, Moment
from printer_export.pipeline.aggregation.move import unpack_units
from printer_export.pipeline.aggregation.pack import pack_units
from printer_export.pipeline.aggregation.shipments import ship_units
from printer_export.store.aggregation.events import find_cartons_of, page_batch_events
from printer_export.store.aggregation.units import find_contents, insert_contents
from tests.fixtures.cartons import fresh_sscc
from tests.fixtures.ground import CLOCK, Ground


def moment() -> Moment:
    """Give now, at a plant in Shanghai."""
    now = utc_datetime(CLOCK.now_ms())
    return Moment(now, "+08:00", now, OPERATOR.person, "gate 4", "plant 1")


async def pack(ground: Ground, *orders: UnitOrder) -> None:
    """Pack units."""
    keys = ground.issuance.key_file.load()
    async with ground.engine.begin() as conn:
        await pack_units(conn, keys, orders, [moment()] * len(orders), OPERATOR)


def carton(sscc: str, batch: Batch, first: int, last: int) -> UnitOrder:
    """Order a carton of a range."""
    return UnitOrder(sscc, (Span(batch.batch_id, first, last),))


async def test_the_events_of_a_batch_name_its_cartons_and_their_pallets(
    ledger: Ground,
) -> None:
    """Each event whole, with what of other batches went along; theirs alone are not."""
    one, two = await ledger.issue(10), await ledger.issue(10)
    ours, theirs, pallet = (fresh_sscc() for _ in range(3))
    await pack(
        ledger,
        UnitOrder(pallet, children=(ours, theirs)),
        carton(ours, one, 0, 9),
        carton(theirs, two, 0, 9),
    )
    async with ledger.engine.begin() as conn:
        await ship_units(conn, [pallet], moment(), OPERATOR)
    async with ledger.engine.connect() as conn:
        pages = [page async for page in page_batch_events(conn, one, 2)]
    assert [len(page) for page in pages] == [2, 1]
    events = [event for page in pages for event in page]
    both = {EventUnit(pallet), EventUnit(ours, pallet), EventUnit(theirs, pallet)}
    told: list[tuple[EventKind, set[EventUnit]]] = [
        (event.kind, set(event.units)) for event in events
    ]
    assert told == [
        (EventKind.PACKING, {EventUnit(ours)}),
        (EventKind.PACKING, both),
        (EventKind.SHIPPING, both),
    ]
    assert len({event.event_id for event in events}) == 3
    assert await ledger.audit() == []


async def test_a_cap_tells_the_cartons_that_it_was_in(ledger: Ground) -> None:
    """The one it is in now comes last."""
    batch = await ledger.issue(10)
    ssccs: Sequence[str] = [fresh_sscc() for _ in range(3)]
    for sscc in ssccs:
        await pack(ledger, carton(sscc, batch, 0, 9))
        if sscc != ssccs[-1]:
            async with ledger.engine.begin() as conn:
                await unpack_units(conn, [Load((sscc,), moment())], OPERATOR)
    async with ledger.engine.connect() as conn:
        cartons = await find_cartons_of(conn, batch.first_code_id + 3)
        assert len(await find_contents(conn, ssccs)) == 3
    assert [carton.sscc for carton in cartons] == ssccs
    assert [carton.current for carton in cartons] == [False, False, True]
    assert await ledger.audit() == []


async def test_the_database_itself_keeps_a_cap_in_one_carton(ledger: Ground) -> None:
    """Whatever the code above it forgets."""
    batch = await ledger.issue(10)
    first, second = fresh_sscc(), fresh_sscc()
    await pack(ledger, carton(first, batch, 0, 4), carton(second, batch, 5, 9))
    at = batch.first_code_id + 4
    with pytest.raises(IntegrityError, match="a_cap_is_in_one_carton"):
        async with ledger.engine.begin() as conn:
            await insert_contents(conn, [CapRange(second, batch.batch_id, at, at)])
