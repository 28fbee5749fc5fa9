"""Where what incidents are of has its page, and where its goods are sold."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.incidents import Incident, IncidentKind
from codegen.domain.batches import Batch
from codegen.pipeline.batches import get_batch
from console.frame.caps import find_caps
from console.frame.context import ConsoleContext
from console.frame.navigation import HOME
from console.fraud.incident_words import split_subject
from console.fraud.maps import TileMap, lay_out_tiles
from console.fraud.provinces import COUNTRY
from core.auth import Staff
from core.bounds import read_id
from core.errors import NotFound
from printer_export.pipeline.packages.orders import get_package

_CASES: Final = f"{HOME}/cases"


class Placed(NamedTuple):
    """An incident; the pages of its subject and of its case; the batch that it is of.

    What is missing is None: dealers, campaigns and tokens are of many batches.
    """

    incident: Incident
    path: str | None
    case_path: str | None
    batch: Batch | None


async def place_incidents(
    conn: AsyncConnection,
    context: ConsoleContext,
    staff: Staff,
    incidents: Sequence[Incident],
) -> list[Placed]:
    """Find the pages and batches of a page of incidents."""
    subjects = [split_subject(each) for each in incidents]
    # A code that nobody issued is of no batch, and asking for it counts as a guess.
    code_ids = [
        read_id(number)
        if kind == "code" and incident.kind is not IncidentKind.KEY_LEAK
        else None
        for incident, (kind, number) in zip(incidents, subjects, strict=True)
    ]
    asked = [each for each in code_ids if each is not None]
    caps = dict(zip(asked, await find_caps(conn, context, staff, asked), strict=True))
    placed = []
    for incident, (kind, number), code_id in zip(
        incidents, subjects, code_ids, strict=True
    ):
        path: str | None
        batch: Batch | None
        if code_id is not None:
            path, batch = caps[code_id]
        else:
            path, batch = await _find(conn, staff, kind, number)
        case_id = read_id(str(incident.detail.get("case_id", "")))
        case_path = None if case_id is None else f"{_CASES}/{case_id}"
        placed.append(Placed(incident, path, case_path, batch))
    return placed


async def _find(
    conn: AsyncConnection, staff: Staff, kind: str, number: str
) -> tuple[str | None, Batch | None]:
    """Find the page and the batch of what is no code; what is gone has neither."""
    if kind == "campaign":
        return f"{HOME}/campaigns/{number}", None
    # A roll is named by its batch first.
    wanted = read_id(number.partition("/")[0])
    if wanted is None:
        return None, None
    try:
        if kind in {"batch", "roll"}:
            batch = await get_batch(conn, wanted, staff)
            return f"{HOME}/batches/{wanted}", batch
        if kind == "package":
            record = await get_package(conn, wanted, staff)
            return f"{HOME}/packages/{wanted}", record.package.batch
    except NotFound:
        pass
    return None, None


class SoldMap(NamedTuple):
    """Where the goods of incidents are sold; `anywhere` and `unplaced` are no squares.

    One whose goods are sold in several provinces is counted in each.
    """

    tiles: TileMap
    anywhere: int
    unplaced: int


def lay_out_incidents(placed: Sequence[Placed]) -> SoldMap | None:
    """Count incidents by the provinces where their goods are sold; None without any."""
    counts = Counter[str | None]()
    anywhere = 0
    batches = [each.batch for each in placed if each.batch is not None]
    for batch in batches:
        regions = set(batch.sale_regions)
        if not regions or COUNTRY in regions:
            anywhere += 1
        else:
            counts.update(regions)
    if not batches:
        return None
    return SoldMap(lay_out_tiles(counts), anywhere, len(placed) - len(batches))
