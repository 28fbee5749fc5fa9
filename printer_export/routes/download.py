"""The bytes of a package over HTTP: counted, logged, streamed, and continued."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response, get, head
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, Staff, require_role
from core.auth.addresses import client_address
from core.clock import Clock, utc_datetime
from core.errors import Unsatisfiable, problem_of
from core.openapi import BINARY
from printer_export.domain.packages.byte_range import ByteRange, read_range
from printer_export.files.package_content import PackageContent, PackagePart
from printer_export.pipeline.packages import downloads as pipeline
from printer_export.pipeline.packages.downloads import DownloadPart
from printer_export.pipeline.packages.orders import Packaging
from printer_export.routes.packages import PackagingContext
from printer_export.store.packages import downloads as store

log = structlog.get_logger(logger_name=__name__)

_PATH: Final = "/v1/packages/{package_id:int}/content"
_TAKERS: Final = (Role.LINE, Role.ISSUER, Role.PRINTHOUSE)
# Threads of their own: making content for hours keeps nobody else's work waiting.
_MAKING: Final = ThreadPoolExecutor(4, "package")
_notes: set[asyncio.Task[None]] = set()


@get(
    _PATH,
    summary="Download a package",
    tags=["packages"],
    opt={
        "answers": dict.fromkeys(
            ("application/zip", "application/octet-stream"), BINARY
        ),
        "also": {206: "A part of it"},
        "faults": (409, 416),
    },
)
async def download_package(
    request: Request[Any, Any, Any],
    package_id: int,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    packaging: PackagingContext,
) -> Response[Any]:
    """Stream a package, or the part that `Range` asks for.

    A download counts before its first byte. A part, with a matching `If-Range` or
    without one, goes on with the same person's download of the last 24 hours.
    """
    staff = require_role(principal, *_TAKERS)
    address = client_address(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        packaging.trusted_proxies,
    )
    content = await find_content(engine, clock, packaging, package_id, staff)
    try:
        wanted = read_range(
            request.headers.get("range"),
            request.headers.get("if-range"),
            length=content.length,
            etag=content.etag,
        )
    except Unsatisfiable as fault:
        return Response(
            msgspec.json.encode(problem_of(fault)),
            status_code=fault.status,
            media_type="application/problem+json",
            headers={"content-range": f"bytes */{content.length}"},
        )
    return await stream_content(engine, clock, content, staff, wanted, address=address)


@head(_PATH, include_in_schema=False)
async def measure_package(
    package_id: int,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    packaging: PackagingContext,
) -> Response[None]:
    """Tell the length and the name of a package's bytes; counts nothing."""
    staff = require_role(principal, *_TAKERS)
    content = await find_content(engine, clock, packaging, package_id, staff)
    own = {"content-type": content.media_type, "content-length": str(content.length)}
    return Response(None, headers=_headers_of(content) | own)


async def find_content(
    engine: AsyncEngine,
    clock: Clock,
    packaging: Packaging,
    package_id: int,
    staff: Staff,
) -> PackageContent:
    """Tell all of a content but its bytes; raises Forbidden when it is not given out.

    It is computed apart from any transaction: the row is not held meanwhile.
    """
    async with engine.connect() as conn:
        record = await pipeline.find_open_package(
            conn, package_id, staff, now=utc_datetime(clock.now_ms())
        )
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_MAKING, pipeline.content_of, record, packaging)


async def stream_content(
    engine: AsyncEngine,
    clock: Clock,
    content: PackageContent,
    staff: Staff,
    wanted: ByteRange | None = None,
    *,
    address: str | None,
) -> Stream:
    """Stream all of a content, or a part; raises Forbidden when there is none left."""
    async with engine.begin() as conn:
        part = await pipeline.grant_part(
            conn,
            content,
            wanted,
            staff,
            address=address,
            now=utc_datetime(clock.now_ms()),
        )
    headers = _headers_of(content) | {"content-length": str(part.wanted.size)}
    if wanted is not None:
        headers["content-range"] = (
            f"bytes {wanted.start}-{wanted.end - 1}/{content.length}"
        )
    return Stream(
        _noting_what_was_taken(engine, clock, content, part),
        status_code=200 if wanted is None else 206,
        media_type=content.media_type,
        headers=headers,
    )


def _headers_of(content: PackageContent) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{content.file_name}"',
        "cache-control": "no-store",
        "accept-ranges": "bytes",
        "etag": content.etag,
    }


async def _noting_what_was_taken(
    engine: AsyncEngine, clock: Clock, content: PackageContent, part: DownloadPart
) -> AsyncIterator[bytes]:
    """Make each piece in a thread; note what was taken when it ends, however it ends.

    A piece counts before it is sent: whoever cuts has had it, perhaps. The end is noted
    before the last byte, so that whoever has all of them finds it noted.
    """
    making = PackagePart(content, part.wanted.start, part.wanted.end)
    pieces, sent = making.pieces(), 0
    loop = asyncio.get_running_loop()
    note: asyncio.Task[None] | None = None

    def begin_to_note() -> asyncio.Task[None]:
        # The request may be cancelled; this goes on without it.
        task = loop.create_task(_note(engine, clock, part, making, sent))
        _notes.add(task)
        task.add_done_callback(_notes.discard)
        return task

    def end(_task: object) -> None:
        making.leave()
        if note is None:
            begin_to_note()

    # Not in a `finally` here: of a request that failed nobody closes this iterator, and
    # it would end when garbage is collected.
    task = asyncio.current_task()
    assert task is not None, "a stream is sent by a task"
    task.add_done_callback(end)
    while piece := await loop.run_in_executor(_MAKING, next, pieces, b""):
        sent += len(piece)
        if sent < part.wanted.size:
            yield piece
            continue
        yield piece[:-1]
        note = begin_to_note()
        await asyncio.shield(note)
        yield piece[-1:]


async def _note(
    engine: AsyncEngine,
    clock: Clock,
    part: DownloadPart,
    making: PackagePart,
    sent: int,
) -> None:
    start = part.wanted.start
    try:
        async with engine.begin() as conn:
            await store.note_part(
                conn,
                part.download_id,
                ByteRange(start, start + sent),
                unsent=part.wanted.size - sent,
                sha256=making.sha256,
                now=utc_datetime(clock.now_ms()),
            )
    except Exception as fault:  # noqa: BLE001 - the download has ended, noted or not
        log.warning("download_not_noted", cause=fault)


@get("/.well-known/crowncap-signing-key.pem", include_in_schema=False)
async def show_signing_key(packaging: PackagingContext) -> Response[bytes]:
    """Show the key that manifests are verified with; print houses pin it."""
    return Response(
        packaging.signing_key.load().public_pem(),
        media_type="application/x-pem-file",
        headers={"cache-control": "public, max-age=300"},
    )
