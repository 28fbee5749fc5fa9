"""What a scan's caller sends, read and checked."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec

from anti_fraud.domain.entities import (
    app_tag,
    device_tag,
    linked_tag,
    member_tag,
    network_tag,
    site_tag,
)
from anti_fraud.domain.places import cell_of
from codegen.domain.regions import find_region
from core.auth.addresses import pack_address, read_address, write_address
from core.bodies import tell_wrong
from core.bounds import check_moment, check_text, refuse
from core.errors import FieldError, InvalidInput, Unparsable
from scan_api.domain.messages import message

MAX_BODY = 8_192
# What stands for every address that cannot be read.
NO_ADDRESS = b""


class Position(msgspec.Struct, frozen=True):
    """Where the phone says it is, in degrees; kept as an H3 cell only."""

    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, msgspec.Meta(ge=0)] | None = None


class Environment(StrEnum):
    """What an app found itself to run in."""

    NORMAL = "normal"
    EMULATOR = "emulator"
    CLOUD_PHONE = "cloud_phone"
    AUTOMATION = "automation"
    VIRTUAL_LOCATION = "virtual_location"
    ROOTED = "rooted"


class ScanContext(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a mini-program's backend knows of the scan; believed from `app` only."""

    ip: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    user_agent: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    channel: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    entry: Literal["camera", "album", "long_press", "typed", "link"] | None = None
    scanned_at: datetime | None = None
    risk_rank: Annotated[int, msgspec.Meta(ge=0, le=4)] | None = None
    environment: Environment | None = None
    store_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    region: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class ScanBody(msgspec.Struct, frozen=True):
    """The body of a scan; `code` is a code or the whole printed link."""

    code: Annotated[str, msgspec.Meta(max_length=256)]
    gtin: Annotated[str, msgspec.Meta(max_length=14)] | None = None
    device_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    position: Position | None = None
    member_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None
    context: ScanContext | None = None


_decoder = msgspec.json.Decoder(ScanBody)


def decode_scan(body: bytes) -> ScanBody:
    """Read a scan's body; raises Unparsable or InvalidInput naming the field."""
    try:
        scan = _decoder.decode(body)
    except msgspec.ValidationError as fault:
        said, _, path = str(fault).partition(" - at `$")
        error = tell_wrong(said, path.removesuffix("`"), ScanBody)
        raise InvalidInput(error.detail, errors=(error,)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unparsable(message("not_json")) from None
    # Not by core.bounds.Body, which would look at each field of every scan.
    if scan.member_id is not None:
        refuse(check_text("/member_id", scan.member_id))
    if scan.context is not None:
        refuse(check_moment("/context/scanned_at", scan.context.scanned_at))
        refuse(_check_region(scan.context.region))
        # Stores are looked up for a whole batch: what no text can be fails here, alone.
        refuse(check_text("/context/store_id", scan.context.store_id))
        refuse(check_text("/context/channel", scan.context.channel))
    return scan


def _check_region(told: str | None) -> Iterator[FieldError]:
    if told is not None and find_region(told) is None:
        sentence = message("no_region", region=told)
        yield FieldError("/context/region", "unknown_region", sentence)


def context_facts(context: ScanContext) -> dict[str, Any]:
    """Keep what a decision may need; addresses and times stand apart from it."""
    kept = msgspec.to_builtins(context)
    for name in ("ip", "user_agent", "scanned_at"):
        kept.pop(name, None)
    if context.region is not None:
        kept["region"] = find_region(context.region)
    return dict(kept)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a request came from, and by what it is counted.

    `tags` are signals of a scan; `guess_tags` are those whom a wrong guess counts
    against: `locate` always names one.
    """

    address: str | None
    tags: tuple[bytes, ...]
    guess_tags: tuple[bytes, ...] = ()


def locate(
    *,
    address: str | None,
    device_id: str | None,
    member_id: str | None,
    app_token: str | None = None,
) -> Origin:
    """Name the entities that a caller is counted by.

    All addresses that cannot be read are one network. An app's own address says
    nothing, so that without one its scan has none; who then names nobody at all is
    counted by his token.
    """
    tags: list[bytes] = []
    if member_id is not None:
        tags.append(member_tag(member_id))
    if device_id is not None:
        tags.append(device_tag(device_id))
    packed = read_address(address)
    guess_tags = list(tags)
    if packed is not None:
        network = network_tag(packed)
        site = site_tag(packed)
        tags.append(network)
        guess_tags += (network,) if site is None else (network, site)
        return Origin(write_address(packed), tuple(tags), tuple(guess_tags))
    if app_token is not None and not guess_tags:
        guess_tags.append(app_tag(app_token))
    if app_token is None or address is not None:
        guess_tags.append(network_tag(NO_ADDRESS))
    return Origin(None, tuple(tags), tuple(guess_tags))


def follow_link(origin: Origin) -> Origin:
    """Name whom a guess counts against that a link on another site led to.

    Another site can send its visitors here as often as it likes. So it is neither
    their member's guess nor their network's, but one of all that their network is led
    to, which has a limit of its own.
    """
    packed = pack_address(origin.address) or NO_ADDRESS
    return Origin(origin.address, origin.tags, (linked_tag(packed),))


def position_cell(position: Position | None) -> int | None:
    """Turn a position into its H3 cell."""
    return None if position is None else cell_of(position.lat, position.lon)
