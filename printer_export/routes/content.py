"""The bytes of a package over HTTP: counted, logged, streamed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from litestar import Request, Response, get
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, Staff, require_role
from core.auth.addresses import client_address
from core.clock import Clock, utc_datetime
from printer_export.domain.life import PackageRecord
from printer_export.domain.order import Encryption
from printer_export.packaging.archive import age_stream
from printer_export.packaging.building import stream_package
from printer_export.pipeline import packages as pipeline
from printer_export.pipeline.packages import Packaging
from printer_export.routes.packages import Desk
from printer_export.store import packages as store


@get(
    "/v1/packages/{package_id:int}/content",
    summary="Download a package",
    tags=["packages"],
)
async def download_package(
    request: Request[Any, Any, Any],
    package_id: int,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    packaging: Desk,
) -> Stream:
    """Stream the package; the download counts from its first byte on."""
    staff = require_role(principal, Role.LINE, Role.ISSUER, Role.PRINTHOUSE)
    address = client_address(
        request.client.host if request.client else None,
        request.headers.get("x-forwarded-for"),
        packaging.trusted_proxies,
    )
    return await stream_content(
        engine, clock, packaging, package_id, staff, address=address
    )


async def stream_content(
    engine: AsyncEngine,
    clock: Clock,
    packaging: Packaging,
    package_id: int,
    staff: Staff,
    *,
    address: str | None,
) -> Stream:
    """Begin a download and stream it; raises Forbidden when there is none to have."""
    async with engine.begin() as conn:
        record, download_id = await pipeline.begin_download(
            conn,
            package_id,
            staff,
            address=address,
            now=utc_datetime(clock.now_ms()),
        )
    return Stream(
        _noting_the_end(engine, clock, download_id, content_of(record, packaging)),
        status_code=200,
        media_type="application/octet-stream"
        if record.package.order.encryption is Encryption.AGE
        else "application/zip",
        headers={
            "content-disposition": f'attachment; filename="{file_name(record)}"',
            "cache-control": "no-store",
        },
    )


def file_name(record: PackageRecord) -> str:
    """Name a package's file."""
    closed = record.package.order.encryption is Encryption.AGE
    return f"package-{record.package.package_id}.zip" + (".age" if closed else "")


def content_of(record: PackageRecord, packaging: Packaging) -> Iterator[bytes]:
    """Yield a package's bytes, closed as was ordered."""
    package, key = record.package, packaging.signing_key.load()
    password = None
    if record.wrapped_password is not None:
        password = key.unwrap(record.wrapped_password, package.package_id)
    keys = packaging.issuance.key_file.load()
    chunks = stream_package(package, keys, key, password)
    if package.order.encryption is Encryption.AGE:
        return age_stream(chunks, package.order.age_recipients)
    return chunks


async def _noting_the_end(
    engine: AsyncEngine, clock: Clock, download_id: int, chunks: Iterator[bytes]
) -> AsyncIterator[bytes]:
    """Make each chunk in a thread; note the end only when all of it was taken."""
    digest, size_bytes = hashlib.sha256(), 0
    while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
        digest.update(chunk)
        size_bytes += len(chunk)
        yield chunk
    async with engine.begin() as conn:
        await store.finish_download(
            conn,
            download_id,
            now=utc_datetime(clock.now_ms()),
            size_bytes=size_bytes,
            sha256=digest.hexdigest(),
        )


@get("/.well-known/crowncap-signing-key.pem", include_in_schema=False)
async def show_signing_key(packaging: Desk) -> Response[bytes]:
    """Show the key that manifests are verified with; print houses pin it."""
    return Response(
        packaging.signing_key.load().public_pem(),
        media_type="application/x-pem-file",
        headers={"cache-control": "public, max-age=300"},
    )
