"""Ten codes for the samples of a product's packages: genuine, and void from birth."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.batches import Batch, BatchOrder, Selection
from codegen.domain.ranges import RangeState
from codegen.pipeline import ChangeRequest, Issuance, change_codes, issue_batch
from codegen.store import find_batch
from core.auth import Staff
from core.fence import take_fence
from printer_export.files.building import SAMPLES
from printer_export.store.packages import orders as store

# What is kept as the reason why they are void.
REASON: Final = "samples, void from birth"


async def sample_codes(
    conn: AsyncConnection,
    issuance: Issuance,
    batch: Batch,
    staff: Staff,
    *,
    now: datetime,
) -> int:
    """Give the code_id of the first of ten samples; issues them once a product.

    They are shared by all packages of a GTIN: a sample proves nothing and pays nobody.
    """
    gtin = batch.gtin or ""
    found = await store.find_sample_batch(conn, gtin)
    if found is None:
        await take_fence(conn)
        # Another order may have issued them while this one waited for the fence.
        found = await store.find_sample_batch(conn, gtin)
    if found is None:
        order = BatchOrder.check(
            quantity=SAMPLES,
            gtin=batch.gtin,
            link_base=batch.link_base,
            link_form=batch.link_form,
        )
        # Samples belong to the product, not to the line of who ordered first.
        unscoped = replace(staff, line=None)
        samples = await issue_batch(conn, issuance, order, unscoped, now=now)
        void = ChangeRequest(samples.batch_id, Selection(), RangeState.VOID, REASON)
        await change_codes(conn, issuance.key_file.load(), void, unscoped, now=now)
        await store.keep_sample_batch(
            conn, epoch=samples.epoch, gtin=gtin, batch_id=samples.batch_id
        )
        return samples.first_code_id
    kept = await find_batch(conn, found)
    assert kept is not None
    return kept.first_code_id
