"""Honey codes that are seen: each is a leak, from the first time on."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.early_scans import SeenCode
from anti_fraud.domain.incidents import IncidentKind, Sighting
from anti_fraud.store.early_scans import lock_counting
from anti_fraud.store.honey_codes import (
    add_honey_scans,
    count_honey_scans,
    find_honey_codes,
)
from anti_fraud.store.incidents import report_sightings


async def count_honey(
    conn: AsyncConnection, seen: Sequence[SeenCode], *, now: datetime
) -> None:
    """Raise incidents of batches of which a honey code is among these void ones."""
    honey = await find_honey_codes(conn, [each.code_id for each in seen])
    if not honey:
        return
    await lock_counting(conn)
    found = [each for each in seen if each.code_id in honey]
    sightings = []
    for batch_id, more in (await add_honey_scans(conn, found, now=now)).items():
        counted = await count_honey_scans(conn, batch_id)
        detail = {"batch_id": str(batch_id), **counted._asdict()}
        sightings.append(Sighting(f"batch:{batch_id}", more, detail))
    await report_sightings(conn, IncidentKind.HONEY, sightings, now=now)
