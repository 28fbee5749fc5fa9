"""What happened to one code between its issue and the road."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch
from core.errors import NotFound
from printer_export.domain.messages import message
from printer_export.domain.packages.package_state import Download
from printer_export.domain.reports.statuses import ReportedStatus
from printer_export.store.aggregation.events import CartonHistory, find_cartons_of
from printer_export.store.packages import downloads as download_store
from printer_export.store.packages import orders as package_store
from printer_export.store.reports import taking as report_store


@dataclass(frozen=True, slots=True)
class PackagedIn:
    """A package that holds the code, and who took it."""

    package_id: int
    from_index: int
    to_index: int
    ordered_by: str
    ordered_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    cancelled_by: str | None
    cancelled_at: datetime | None
    printhouse: str | None
    downloads: tuple[Download, ...]


@dataclass(frozen=True, slots=True)
class ProductionHistory:
    """What happened to a code on its way to paper and onto the road, in order."""

    batch_id: int
    index: int
    issued_by: str
    issued_at: datetime
    packages: tuple[PackagedIn, ...]
    reports: tuple[ReportedStatus, ...]
    cartons: tuple[CartonHistory, ...]


async def load_production_history(
    conn: AsyncConnection, batch: Batch, index: int
) -> ProductionHistory:
    """Tell when a code was packaged, who took it, and what lines said of it.

    Raises NotFound for an index that the batch does not have.
    """
    if not 0 <= index < batch.quantity:
        raise NotFound(
            message("no_such_index", batch_id=batch.batch_id, quantity=batch.quantity)
        )
    code_id = batch.first_code_id + index
    return ProductionHistory(
        batch.batch_id,
        index,
        batch.issued_by,
        batch.issued_at,
        tuple(await find_packages_of(conn, code_id, code_id)),
        tuple(await report_store.find_reports_of(conn, batch.batch_id, index)),
        tuple(await find_cartons_of(conn, code_id)),
    )


async def find_packages_of(
    conn: AsyncConnection, first_code_id: int, last_code_id: int
) -> list[PackagedIn]:
    """Find the packages that hold any of these codes, the cancelled ones too.

    A package that was taken before it was cancelled may be where a code leaked.
    """
    found = []
    for package_id in await package_store.find_holders(
        conn, first_code_id, last_code_id
    ):
        record = await package_store.find_package(conn, package_id)
        assert record is not None
        order = record.package.order
        found.append(
            PackagedIn(
                package_id,
                order.from_index,
                order.to_index,
                record.package.ordered_by,
                record.package.ordered_at,
                record.approved_by,
                record.approved_at,
                record.cancelled_by,
                record.cancelled_at,
                order.printhouse,
                tuple(await download_store.list_downloads(conn, package_id)),
            )
        )
    return found
