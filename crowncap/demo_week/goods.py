"""The goods of the demo's week: issued, printed, reported, packed, and asked back.

Everything goes through the pipelines that the API and the console call.
"""

import asyncio
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store as codes
from codegen.domain.batches import Batch, BatchOrder, Selection, Unit
from codegen.domain.code_text import LinkForm
from codegen.domain.gtin import check_digit
from codegen.domain.ranges import ActivationTerms, RangeState
from codegen.domain.recalls import RecallScope
from codegen.pipeline import BulkChange, issue_batch, request_recall, request_void
from core.auth import Staff
from crowncap.demo import GTIN
from crowncap.demo_week.calendar import Week
from crowncap.demo_week.past import Past
from crowncap.demo_week.people import People
from crowncap.demo_week.printed import (
    BEGUN,
    GOING_ON,
    GOOD,
    POOR,
    ROLL,
    ROLLS,
    Row,
    write_report,
)
from printer_export.domain.aggregation.pack import Span, UnitOrder
from printer_export.domain.aggregation.units import Moment, offset_of
from printer_export.domain.packages.byte_range import ByteRange
from printer_export.domain.packages.orders import Encryption, PackageOrder
from printer_export.domain.packages.rows import Preset
from printer_export.domain.reports.taking import ReportOrder
from printer_export.files.package_content import PackagePart
from printer_export.pipeline.aggregation.pack import pack_units
from printer_export.pipeline.aggregation.shipments import activate_ranges, ship_units
from printer_export.pipeline.aggregation.units import find_packed_codes
from printer_export.pipeline.packages.downloads import (
    content_of,
    find_open_package,
    grant_part,
)
from printer_export.pipeline.packages.orders import (
    Packaging,
    approve_package,
    order_package,
    tell_password,
)
from printer_export.pipeline.reports.taking import take_report
from printer_export.pipeline.reports.text import ReportText
from printer_export.store.packages.downloads import note_part

CAMPAIGN: Final = "demo-week"
LOTS: Final = ("DEMO-3", "DEMO-4")
# Where the print house downloaded from; a network for documentation (RFC 5737).
_PRINTHOUSE_ADDRESS: Final = "203.0.113.24"
_CARTON: Final = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line, the plant that it stands in, and who reports for it."""

    batch: Batch
    plant: str
    reporter: Staff


@dataclass(frozen=True, slots=True)
class Goods:
    """Makes a week's past of goods, in the order in which things happened."""

    past: Past
    packaging: Packaging
    week: Week
    people: People

    async def make(self, *, now: datetime) -> None:
        """Issue, print and report two batches; `now` is when the last report came."""
        east, west = await self._issue()
        await self._package(east, west)
        await self._take(east, GOOD, 0, at=self.week.at(2, 16, 10))
        carton = await self._ship(east)
        await self._activate(east, 0, day=2)
        await self._report(east, GOOD, 1, day=3)
        await self._report(west, POOR, 0, day=3)
        await self._report(east, GOOD, 2, day=4)
        await self._report(west, POOR, 1, day=5)
        await self._ask_back(carton, west)
        await self._take(east, BEGUN, 3, at=self.week.at(7, 17, 20))
        await self._take(east, GOING_ON, 3, at=now - timedelta(minutes=25))

    # Codes to paper -----------------------------------------------------------------

    async def _issue(self) -> tuple[Line, Line]:
        orders = [
            self._order(LOTS[0], "L1", ("CN-31", "CN-32", "CN-33")),
            self._order(LOTS[1], "L2", ("CN-50", "CN-51")),
        ]
        batches = []
        for number, order in enumerate(orders):
            now = await self.past.go_to(self.week.at(0, 9, 20 * number))
            batches.append(
                await issue_batch(
                    self.past.conn,
                    self.packaging.issuance,
                    order,
                    self.people.orders,
                    now=now,
                )
            )
        east, west = batches
        return (
            Line(east, "Shanghai", self.people.line_1),
            Line(west, "Chengdu", self.people.line_2),
        )

    def _order(self, lot: str, line: str, regions: tuple[str, ...]) -> BatchOrder:
        return BatchOrder.check(
            quantity=ROLLS * ROLL,
            link_base=self.packaging.issuance.link_base,
            link_form=LinkForm.SHORT,
            gtin=GTIN,
            campaign_id=CAMPAIGN,
            lot=lot,
            produced_on=self.week.first_day,
            line=line,
            sale_regions=regions,
            units=tuple(
                Unit(f"roll-{roll + 1}", roll * ROLL, (roll + 1) * ROLL - 1)
                for roll in range(ROLLS)
            ),
        )

    async def _package(self, east: Line, west: Line) -> None:
        """Have three packages printed or taken late, and let a fourth wait."""
        printed = [
            await self._order_package(east.batch, 0, 4, self.week.at(0, 10, 5)),
            await self._order_package(west.batch, 0, 2, self.week.at(0, 10, 12)),
        ]
        for number, package_id in enumerate(printed):
            await self._approve(package_id, self.week.at(0, 15, 30 + 4 * number))
        for number, package_id in enumerate(printed):
            await self._download(package_id, self.week.at(1, 9, 40 + 6 * number))
        late = await self._order_package(
            west.batch, 2, 3, self.week.at(4, 9, 15), due=self.week.at(6, 18)
        )
        await self._approve(late, self.week.at(4, 11, 2))
        await self._order_package(west.batch, 3, 4, self.week.at(7, 16, 45))

    async def _order_package(
        self,
        batch: Batch,
        first_roll: int,
        end_roll: int,
        at: datetime,
        due: datetime | None = None,
    ) -> int:
        order = PackageOrder(
            Preset.CSV,
            first_roll * ROLL,
            end_roll * ROLL - 1,
            codes_per_roll=ROLL,
            encryption=Encryption.PASSWORD,
            printhouse=self.people.printhouse.person,
            download_by=due,
        )
        record, _ = await order_package(
            self.past.conn,
            self.packaging,
            batch.batch_id,
            order,
            self.people.orders,
            now=await self.past.go_to(at),
        )
        return record.package.package_id

    async def _approve(self, package_id: int, at: datetime) -> None:
        now = await self.past.go_to(at)
        conn, second = self.past.conn, self.people.approves
        await approve_package(conn, self.packaging, package_id, second, now=now)
        await tell_password(conn, self.packaging, package_id, second, now=now)

    async def _download(self, package_id: int, at: datetime) -> None:
        now = await self.past.go_to(at)
        conn, house = self.past.conn, self.people.printhouse
        record = await find_open_package(conn, package_id, house, now=now)
        content = content_of(record, self.packaging)
        part = await grant_part(
            conn, content, None, house, address=_PRINTHOUSE_ADDRESS, now=now
        )
        whole = PackagePart(content, 0, content.length)
        await asyncio.to_thread(lambda: sum(map(len, whole.pieces())))
        await note_part(
            conn,
            part.download_id,
            ByteRange(0, content.length),
            unsent=0,
            sha256=whole.sha256,
            now=now + timedelta(seconds=4),
        )

    # Paper to shops -----------------------------------------------------------------

    async def _report(
        self, line: Line, rows: tuple[Row, ...], roll: int, *, day: int
    ) -> None:
        """Report a roll in the afternoon, and activate what was printed of it."""
        await self._take(line, rows, roll, at=self.week.at(day, 16, 10 + 7 * roll))
        await self._activate(line, roll, day=day)

    async def _activate(self, line: Line, roll: int, *, day: int) -> None:
        first = line.batch.first_code_id + roll * ROLL
        change = BulkChange(
            line.batch,
            RangeState.ACTIVATED,
            [(first, first + ROLL - 1)],
            reason=f"roll-{roll + 1} is on its way",
            terms=ActivationTerms(plant=line.plant),
        )
        now = await self.past.go_to(self.week.at(day, 17, 30))
        await activate_ranges(self.past.conn, [change], line.reporter, now=now)

    async def _take(
        self, line: Line, rows: tuple[Row, ...], roll: int, *, at: datetime
    ) -> None:
        now = await self.past.go_to(at)
        await take_report(
            self.past.conn,
            self.packaging.issuance.key_file.load(),
            ReportOrder(line.batch),
            ReportText.of(io.BytesIO(write_report(rows, roll))),
            line.reporter,
            now=now,
        )

    async def _ship(self, line: Line) -> str:
        """Pack two cartons onto a pallet and ship it; gives the second carton."""
        cartons, pallet = (_sscc(1), _sscc(2)), _sscc(3)
        units = [
            UnitOrder(
                sscc,
                (Span(line.batch.batch_id, n * _CARTON, (n + 1) * _CARTON - 1),),
            )
            for n, sscc in enumerate(cartons)
        ]
        units.append(UnitOrder(pallet, children=cartons))
        keys = self.packaging.issuance.key_file.load()
        packed = self._moment(await self.past.go_to(self.week.at(2, 16, 35)), line)
        moments = [packed] * len(units)
        await pack_units(self.past.conn, keys, units, moments, line.reporter)
        left = self._moment(await self.past.go_to(self.week.at(2, 17, 10)), line)
        await ship_units(self.past.conn, [pallet], left, line.reporter)
        return cartons[1]

    def _moment(self, at: datetime, line: Line) -> Moment:
        offset = offset_of(at.astimezone(self.week.timezone))
        return Moment(at, offset, at, line.reporter.person)

    # And back -----------------------------------------------------------------------

    async def _ask_back(self, carton: str, west: Line) -> None:
        """Ask for a recall and for a void; both wait for a second person."""
        await request_recall(
            self.past.conn,
            RecallScope(carton=carton),
            reason="Two consumers report an off taste; the carton's seal was broken.",
            instructions="请勿饮用，凭瓶盖到购买门店退款。 Do not drink it; "
            "the shop where you bought it gives your money back for the cap.",
            find_carton=find_packed_codes,
            staff=self.people.orders,
            now=await self.past.go_to(self.week.at(7, 11, 20)),
        )
        await request_void(
            self.past.conn,
            self.packaging.issuance.key_file.load(),
            west.batch.batch_id,
            Selection(unit="roll-2"),
            reason="Half of roll-2 is missing from the store room.",
            staff=west.reporter,
            now=await self.past.go_to(self.week.at(7, 14, 5)),
        )


def _sscc(number: int) -> str:
    """Make the SSCC of a number, under the prefix of the demo's GTIN."""
    digits = f"36901234{number:09}"
    return digits + check_digit(digits)


async def find_goods(conn: AsyncConnection) -> list[Batch]:
    """Find the two batches, by their lots and campaign; none before they are made."""
    found = []
    for lot in LOTS:
        for batch_id in await codes.find_lot_batches(conn, lot):
            batch = await codes.find_batch(conn, batch_id)
            if batch is not None and batch.campaign_id == CAMPAIGN:
                found.append(batch)
    return found
