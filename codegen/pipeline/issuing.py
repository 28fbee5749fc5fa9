"""Handing out fresh ranges of serials."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch, BatchOrder
from codegen.domain.messages import message
from codegen.domain.ranges import (
    SERIALS_PER_EPOCH,
)
from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.pipeline.batches import get_counted_batch
from codegen.pipeline.changes import refuse_other_campaign
from core.auth import Staff
from core.auth.audit import record_action
from core.errors import (
    Conflict,
    InvalidInput,
)
from core.fence import take_fence
from core.ids import random_below
from core.messages import Message
from core.origin import authority_of

MIN_GAP, MAX_GAP = 16, 1_024

log = structlog.get_logger(logger_name=__name__)


@dataclass(frozen=True, slots=True)
class Issuance:
    """What issuing needs beside the database: the key file and the high-water mark.

    `link_base` is what links begin with unless an order says otherwise; `link_hosts`
    are those that may be printed, each as `host` or `host:port` in small letters.
    """

    key_file: MasterKeyFile
    high_water: HighWaterMark
    link_base: str
    link_hosts: frozenset[str]

    def warnings_of(self, batch: Batch) -> tuple[Message, ...]:
        """Warn of a host that no package of a batch may be printed with."""
        host = authority_of(batch.link_base)
        if host in self.link_hosts:
            return ()
        return (message("host_unlisted", host=host),)


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
    await refuse_other_campaign(conn, order.campaign_id, brand)
    if staff.line is not None and order.line != staff.line:
        order = replace(order, line=staff.line)
    await take_fence(conn)
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
                message(
                    "epoch_exhausted",
                    epoch=epoch,
                    left=max(SERIALS_PER_EPOCH - first, 0),
                    quantity=order.quantity,
                ),
                code="epoch_exhausted",
            )
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
        # Before it is committed, and after all that may refuse it: an order that was
        # refused must not look like a database that is older than its mark.
        mark.raise_to(after)
    return await get_counted_batch(conn, batch_id, staff)


async def _brand_of(
    conn: AsyncConnection, order: BatchOrder, staff: Staff
) -> str | None:
    if order.gtin is None:
        return staff.brand
    product = await store.find_product(conn, order.gtin)
    if product is None:
        raise InvalidInput.field(
            "/gtin", "unknown_gtin", message("no_product", gtin=order.gtin)
        )
    if staff.brand is not None and product.brand != staff.brand:
        raise InvalidInput.field(
            "/gtin", "unknown_gtin", message("no_product_of_brand", brand=staff.brand)
        )
    return product.brand
