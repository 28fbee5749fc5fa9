"""What a scan's caller sends, read and checked."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from anti_fraud.domain import cell_of, device_tag, member_tag, network_tag
from core.auth.addresses import pack_address
from core.bounds import check_moment, check_text, refuse
from core.errors import InvalidInput, Unparsable, field_error

MAX_BODY = 8_192


class Position(msgspec.Struct, frozen=True):
    """Where the phone says it is, in degrees; kept as an H3 cell only."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a mini-program's backend knows of the scan; believed from `app` only."""

    ip: Annotated[str, msgspec.Meta(max_length=45)] | None = None
    user_agent: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    channel: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    entry: Literal["camera", "album", "long_press", "typed", "link"] | None = None
    scanned_at: datetime | None = None
    risk_rank: Annotated[int, msgspec.Meta(ge=0, le=4)] | None = None
    environment: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    store_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ScanBody(msgspec.Struct, frozen=True):
    """The body of a scan; `code` is a code or the whole printed link."""

    code: Annotated[str, msgspec.Meta(max_length=256)]
    gtin: Annotated[str, msgspec.Meta(max_length=14)] | None = None
    device_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    position: Position | None = None
    member_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    context: Context | None = None


_decoder = msgspec.json.Decoder(ScanBody)


def decode_scan(body: bytes) -> ScanBody:
    """Read a scan's body; raises Unparsable or InvalidInput naming the field."""
    try:
        scan = _decoder.decode(body)
    except msgspec.ValidationError as fault:
        detail, _, path = str(fault).partition(" - at `$")
        error = field_error(detail, path.rstrip("`"))
        raise InvalidInput(error.detail, errors=(error,)) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unparsable("The body is not JSON.") from None
    # Not by core.bounds.Body, which would look at each field of every scan.
    if scan.member_id is not None:
        refuse(check_text("/member_id", scan.member_id))
    if scan.context is not None:
        refuse(check_moment("/context/scanned_at", scan.context.scanned_at))
    return scan


def context_facts(context: Context) -> dict[str, Any]:
    """Keep what a decision may need; addresses stand apart and are not kept here."""
    kept = msgspec.to_builtins(context)
    for name in ("ip", "user_agent"):
        kept.pop(name, None)
    return dict(kept)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a request came from, and by what it is counted."""

    address: str | None
    tags: tuple[bytes, ...]


def locate(
    *, address: str | None, device_id: str | None, member_id: str | None
) -> Origin:
    """Name the entities that a caller is counted by."""
    tags: list[bytes] = []
    if member_id is not None:
        tags.append(member_tag(member_id))
    if device_id is not None:
        tags.append(device_tag(device_id))
    packed = pack_address(address)
    if packed is None:
        return Origin(None, tuple(tags))
    tags.append(network_tag(packed))
    return Origin(address, tuple(tags))


def position_cell(position: Position | None) -> int | None:
    """Turn a position into its H3 cell."""
    return None if position is None else cell_of(position.lat, position.lon)
