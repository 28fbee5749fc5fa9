"""HTTP of EPCIS 2.0: a batch's events told, and those of others captured."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any, Final, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen.pipeline import Issuance, get_batch
from core.auth import Principal, Role, require_role
from core.auth.idempotency import hash_body
from core.auth.requests import Once
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput, UnsupportedMedia
from printer_export.domain.epcis.capture import CaptureJob
from printer_export.domain.epcis.reading import MAX_EVENTS, read_document
from printer_export.domain.messages import message
from printer_export.pipeline.epcis.capture import ErrorBehaviour, get_capture
from printer_export.pipeline.epcis.capture import capture_events as carry_out
from printer_export.pipeline.epcis.query import write_epcis
from printer_export.routes.aggregation import Timezone

MAX_DOCUMENT: Final = 16 << 20
_IN_MEMORY: Final = 1 << 20
_CHUNK: Final = 1 << 16
_MEDIA: Final = frozenset({"application/json", "application/ld+json"})
# What a client of the standard asks for before it sends (EPCIS 2.0, section 12).
_ABOUT_US: Final = {
    "GS1-EPCIS-Version": "2.0.0",
    "GS1-EPCIS-Min": "2.0.0",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Version": "2.0.0",
    "GS1-EPCIS-Capture-Limit": str(MAX_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(MAX_DOCUMENT),
}


class EventDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An EPCISDocument, as the standard's JSON schema describes it."""

    context: Any = msgspec.field(name="@context")
    type: str
    schema_version: str
    creation_date: str
    epcis_body: dict[str, Any]


@get(
    "/v1/batches/{batch_id:int}/epcis",
    summary="Tell a batch's events in EPCIS 2.0",
    tags=["EPCIS"],
    opt={"answers": {"application/ld+json": EventDocument}},
)
async def show_batch_events(
    batch_id: int,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    timezone: Timezone,
) -> Stream:
    """Tell what became of goods and cartons of a batch, as an EPCISDocument.

    It is written to a private file first, so that a slow reader holds no connection.
    """
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    now = utc_datetime(clock.now_ms())
    document = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - _read_out closes
    try:
        async with engine.connect() as conn:
            batch = await get_batch(conn, batch_id, staff)
            await write_epcis(conn, batch, staff, document, timezone=timezone, now=now)
    except BaseException:
        document.close()
        raise
    document.seek(0)
    return Stream(
        _read_out(document),
        status_code=200,
        media_type="application/ld+json",
        headers=_ABOUT_US,
    )


async def _read_out(document: IO[bytes]) -> AsyncIterator[bytes]:
    with document:
        while chunk := await asyncio.to_thread(document.read, _CHUNK):
            yield chunk


@post(
    "/v1/epcis/capture",
    summary="Capture EPCIS 2.0 events",
    tags=["EPCIS"],
    request_max_body_size=MAX_DOCUMENT,
    status_code=202,
    opt={"reads": dict.fromkeys(sorted(_MEDIA), EventDocument)},
)
async def capture_events(
    request: Request[Any, Any, Any],
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
) -> Response[CaptureJob]:
    """Carry out the events of an EPCISDocument, all of them or what is right of them.

    The header GS1-Capture-Error-Behaviour says which: `rollback` (the default) or
    `proceed`. An event that came before is a repeat, and changes nothing.
    """
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _MEDIA:
        raise UnsupportedMedia.but(message("epcis_media"), sorted(_MEDIA))
    behaviour = _behaviour(request.headers.get("gs1-capture-error-behaviour"))
    content = await request.body()
    reading = await asyncio.to_thread(read_document, content)
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> CaptureJob:
        keys = issuance.key_file.load()
        return await carry_out(conn, keys, reading, behaviour, staff, now=now)

    body_hash = hash_body(behaviour.encode() + content)
    answer = await once.perform(request, staff, effect, body_hash=body_hash)
    # It is written already, perhaps by who asked before.
    job = msgspec.json.decode(cast("bytes", answer.content))
    # 202 is what the standard answers, though all is done by now.
    answer.status_code = 202
    answer.headers |= _ABOUT_US | {
        "location": f"/v1/epcis/capture/{job['captureID']}",
        "GS1-Capture-Error-Behaviour": behaviour.value,
    }
    return answer


def _behaviour(given: str | None) -> ErrorBehaviour:
    try:
        return ErrorBehaviour((given or ErrorBehaviour.ROLLBACK).lower())
    except ValueError:
        raise InvalidInput(
            message("error_behaviour"), code="invalid_error_behaviour"
        ) from None


@get(
    "/v1/epcis/capture/{capture_id:uuid}",
    summary="Look at a capture",
    tags=["EPCIS"],
)
async def show_capture(
    capture_id: Any, principal: Principal, engine: AsyncEngine
) -> Response[CaptureJob]:
    """Show what came of a capture, to whoever sent it and to admins."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    async with engine.connect() as conn:
        job = await get_capture(conn, str(capture_id), staff)
    return Response(job, headers=_ABOUT_US)
