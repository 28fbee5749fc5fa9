"""HTTP of one code's way from issue to the road; it never shows the code itself."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import get
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.pipeline import get_batch
from core.auth import Principal, Role, require_role
from core.errors import NotFound
from printer_export.domain.life import Download
from printer_export.store import packages as package_store
from printer_export.store import reports as report_store
from printer_export.store.logistic_events import CartonStory, find_cartons_of


class PackagedIn(msgspec.Struct, frozen=True):
    """A package that holds the code, and who took it."""

    package_id: int
    ordered_by: str
    ordered_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    printhouse: str | None
    downloads: tuple[Download, ...]


class Story(msgspec.Struct, frozen=True):
    """What happened to a code on its way to paper and onto the road, in order."""

    batch_id: int
    index: int
    issued_by: str
    issued_at: datetime
    packages: tuple[PackagedIn, ...]
    reports: tuple[dict[str, Any], ...]
    cartons: tuple[CartonStory, ...]


@get(
    "/v1/batches/{batch_id:int}/codes/{index:int}",
    summary="Tell what happened to one code",
    tags=["line reports"],
)
async def show_story(
    batch_id: int, index: int, principal: Principal, engine: AsyncEngine
) -> Story:
    """Tell how a code was issued, packaged, reported, packed and shipped."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.ANALYST, Role.SUPPORT)
    async with engine.connect() as conn:
        batch = await get_batch(conn, batch_id, staff)
        if index >= batch.quantity:
            raise NotFound(f"Batch {batch_id} has {batch.quantity:,} codes from 0 on.")
        code_id = batch.first_code_id + index
        packages = []
        for package_id, _, _ in await package_store.find_overlaps(
            conn, code_id, code_id
        ):
            record = await package_store.find_package(conn, package_id)
            assert record is not None
            packages.append(
                PackagedIn(
                    package_id,
                    record.package.ordered_by,
                    record.package.ordered_at,
                    record.approved_by,
                    record.approved_at,
                    record.package.order.printhouse,
                    tuple(await package_store.list_downloads(conn, package_id)),
                )
            )
        reports = await report_store.find_story(conn, batch_id, index)
        cartons = await find_cartons_of(conn, code_id)
    return Story(
        batch_id,
        index,
        batch.issued_by,
        batch.issued_at,
        tuple(packages),
        tuple(reports),
        tuple(cartons),
    )
