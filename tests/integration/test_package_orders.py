"""Packages outside the demo: always encrypted, and never beside an open export."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.batches import Batch, BatchOrder
from codegen.domain.code_text import LinkForm
from codegen.pipeline import issue_batch
from core.auth.principal import OPERATOR
from core.clock import utc_datetime
from core.errors import Conflict, InvalidInput
from core.networks import Networks
from printer_export.domain.packages.orders import Encryption, PackageOrder
from printer_export.domain.packages.rows import Preset
from printer_export.files.signing import SigningKeyFile
from printer_export.pipeline.packages.exports import ExportOrder, export_batch
from printer_export.pipeline.packages.orders import Packaging, order_package
from tests.fixtures.ground import CLOCK, GTIN, Ground

LINK_HOSTS = frozenset({"cap.cn"})
ORDER = PackageOrder(Preset.CSV, 0, 49, encryption=Encryption.PASSWORD)
NOW = utc_datetime(CLOCK.now_ms())


def packaging_of(ledger: Ground, directory: Path) -> Packaging:
    """Package as an installation that is no demo."""
    key = SigningKeyFile(directory / "keys" / "signing.pem")
    key.create()
    return Packaging(ledger.issuance, key, demo=False, trusted_proxies=Networks())


async def issue(conn: AsyncConnection, ledger: Ground) -> Batch:
    """Issue a hundred codes."""
    order = BatchOrder.check(
        quantity=100, gtin=GTIN, link_base="HTTPS://CAP.CN", link_form=LinkForm.SHORT
    )
    return await issue_batch(conn, ledger.issuance, order, OPERATOR, now=NOW)


async def export(
    conn: AsyncConnection, ledger: Ground, batch: Batch, directory: Path
) -> None:
    """Export a batch in the clear."""
    await export_batch(
        conn,
        ledger.issuance.key_file.load(),
        ExportOrder(batch.batch_id, Preset.LINES, directory),
        OPERATOR,
        now=NOW,
        link_hosts=LINK_HOSTS,
        may_repeat=False,
        progress=lambda _rows, _total: None,
    )


async def test_codes_leave_encrypted(ledger: Ground, tmp_path: Path) -> None:
    """An order without encryption is refused where it is no demo."""
    packaging = packaging_of(ledger, tmp_path)
    open_order = replace(ORDER, encryption=Encryption.NONE)
    async with ledger.engine.begin() as conn:
        batch = await issue(conn, ledger)
        with pytest.raises(InvalidInput, match="leave encrypted"):
            await order_package(
                conn, packaging, batch.batch_id, open_order, OPERATOR, now=NOW
            )


async def test_a_packaged_batch_is_not_exported(ledger: Ground, tmp_path: Path) -> None:
    """The sentence names the package."""
    packaging = packaging_of(ledger, tmp_path)
    async with ledger.engine.begin() as conn:
        batch = await issue(conn, ledger)
        record, _ = await order_package(
            conn, packaging, batch.batch_id, ORDER, OPERATOR, now=NOW
        )
        named = f"in package {record.package.package_id};"
        with pytest.raises(Conflict, match=named):
            await export(conn, ledger, batch, tmp_path)


async def test_an_exported_batch_is_not_packaged(
    ledger: Ground, tmp_path: Path
) -> None:
    """Nor exported a second time."""
    packaging = packaging_of(ledger, tmp_path)
    async with ledger.engine.begin() as conn:
        batch = await issue(conn, ledger)
        await export(conn, ledger, batch, tmp_path)
        with pytest.raises(Conflict, match="exported in the clear"):
            await order_package(
                conn, packaging, batch.batch_id, ORDER, OPERATOR, now=NOW
            )
        with pytest.raises(Conflict, match="exported before"):
            await export(conn, ledger, batch, tmp_path)


async def test_an_export_that_cannot_be_written_down_leaves_no_file(
    ledger: Ground, tmp_path: Path
) -> None:
    """Cancelled once the rows are made, and without the epoch's key."""
    out = tmp_path / "out"
    async with ledger.engine.connect() as conn:
        batch = await issue(conn, ledger)

        async def run(export_keys: EpochKeys) -> None:
            task = asyncio.current_task()
            assert task is not None

            def cancel(_rows: int, _total: int) -> None:
                task.cancel()

            await export_batch(
                conn,
                export_keys,
                ExportOrder(batch.batch_id, Preset.LINES, out),
                OPERATOR,
                now=NOW,
                link_hosts=LINK_HOSTS,
                may_repeat=False,
                progress=cancel,
            )

        with pytest.raises(Conflict, match="no master key for epoch"):
            await run(EpochKeys.from_masters({}))
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(run(ledger.issuance.key_file.load()))
    assert [*out.iterdir()] == []
