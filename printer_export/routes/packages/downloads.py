"""The bytes of a package over HTTP: counted, logged, streamed, and continued."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, head
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, require_role
from core.auth.addresses import client_address
from core.clock import Clock
from core.errors import Unsatisfiable, problem_of
from core.openapi import BINARY
from printer_export.domain.packages.byte_range import read_range
from printer_export.files.package_content import PackageContent
from printer_export.pipeline.packages.streams import find_content, open_stream
from printer_export.routes.packages.orders import PackagingContext

_PATH: Final = "/v1/packages/{package_id:int}/content"
_TAKERS: Final = (Role.LINE, Role.ISSUER, Role.PRINTHOUSE)


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
    stream = await open_stream(engine, clock, content, wanted, staff, address=address)
    headers = _headers_of(content) | {"content-length": str(stream.size)}
    if wanted is not None:
        headers["content-range"] = (
            f"bytes {wanted.start}-{wanted.end - 1}/{content.length}"
        )
    return Stream(
        stream.pieces,
        status_code=200 if wanted is None else 206,
        media_type=content.media_type,
        headers=headers,
    )


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


def _headers_of(content: PackageContent) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{content.file_name}"',
        "cache-control": "no-store",
        "accept-ranges": "bytes",
        "etag": content.etag,
    }


@get("/.well-known/crowncap-signing-key.pem", include_in_schema=False)
async def show_signing_key(packaging: PackagingContext) -> Response[bytes]:
    """Show the key that manifests are verified with; print houses pin it."""
    return Response(
        packaging.signing_key.load().public_pem(),
        media_type="application/x-pem-file",
        headers={"cache-control": "public, max-age=300"},
    )
