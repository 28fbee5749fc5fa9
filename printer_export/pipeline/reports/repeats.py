"""A report that was taken in before: the same answer, or what its options changed."""

import asyncio
import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict
from printer_export.domain.messages import message
from printer_export.domain.reports.answer import ReportOutcome
from printer_export.domain.reports.taking import (
    Activate,
    OnError,
    ReportOrder,
    TakenReport,
)
from printer_export.pipeline.reports.text import ReportText
from printer_export.store.reports import taking as store


async def find_repeated(
    conn: AsyncConnection, order: ReportOrder, text: ReportText
) -> ReportOutcome | None:
    """Give the answer that the same rows got, with `same_as` as the report's number.

    None for what is new, and for work that is said to be other work. Raises Conflict
    for rows that counted with other options: they cannot count in another way now.
    """
    batch_id = order.batch.batch_id
    found = await store.find_report(conn, batch_id, text.content_hash, order.again)
    if found is None and not order.again and await store.has_older(conn, batch_id):
        found = await _find_older(conn, batch_id, order, text)
    if found is None:
        return None
    if found.options is not None and found.options != order.options:
        named = ", ".join(f"{name}={value}" for name, value in found.options.items())
        raise Conflict(
            message("other_options", report_id=found.report_id, options=named),
            code="other_options",
        )
    return ReportOutcome(found.answer, found.report_id, same_as=found.report_id)


async def _find_older(
    conn: AsyncConnection, batch_id: int, order: ReportOrder, text: ReportText
) -> TakenReport | None:
    """Find a report whose hash has the bytes of its file and its options in it."""
    every = {order.options["activate"], *Activate}
    options = [
        {"on_error": on_error.value, "activate": str(activate)}
        for on_error in OnError
        for activate in sorted(every)
    ]
    hashes = await asyncio.to_thread(_hash_as_before, text, options)
    for content_hash in hashes:
        found = await store.find_report(conn, batch_id, content_hash, "")
        if found is not None:
            return found
    return None


def _hash_as_before(text: ReportText, options: list[dict[str, str]]) -> list[bytes]:
    digests = [
        hashlib.sha256(f"{each['on_error']}\n{each['activate']}\n".encode())
        for each in options
    ]
    text.content.seek(0)
    while octets := text.content.read(1 << 20):
        for digest in digests:
            digest.update(octets)
    return [digest.digest() for digest in digests]
