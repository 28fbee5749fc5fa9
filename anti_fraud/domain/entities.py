"""Entities that are counted, and the Redis keys they have.

A tag is an entity's hash tag, braces included, so that all keys of an entity share a
slot: `{m` + twelve characters + `}` for a member. What people or their devices choose
is hashed: that keeps keys short and free of braces. It does not hide an address from
someone who tries them all; the keys expire within days.
"""

from binascii import b2a_base64
from enum import StrEnum
from hashlib import blake2b
from typing import Final

# Nine bytes are twelve characters of base64, without padding. Two of 10^9 members
# share a tag with a chance of one in ten thousand; they would share counters.
_DIGEST_BYTES: Final = 9
_IPV6_NETWORK_BYTES: Final = 8


class Entity(StrEnum):
    """What scans are counted by."""

    MEMBER = "member"
    DEVICE = "device"
    NETWORK = "network"
    CODE = "code"


_ENTITIES: Final = {
    ord("m"): Entity.MEMBER,
    ord("d"): Entity.DEVICE,
    ord("n"): Entity.NETWORK,
    ord("c"): Entity.CODE,
}


def member_tag(member_id: str) -> bytes:
    """Return the tag of a member."""
    return _hashed_tag(b"m", member_id.encode("utf-8", "surrogatepass"))


def device_tag(device_id: str) -> bytes:
    """Return the tag of a device, by whatever identifier it sends."""
    return _hashed_tag(b"d", device_id.encode("utf-8", "surrogatepass"))


def network_tag(packed: bytes) -> bytes:
    """Return the tag of an IPv4 address (4 bytes) or an IPv6 address's /64 (16)."""
    return _hashed_tag(b"n", packed[:_IPV6_NETWORK_BYTES])


def code_tag(code_id: int) -> bytes:
    """Return the tag of a code (uint64)."""
    return b"{c%x}" % code_id


def entity_of(tag: bytes) -> Entity:
    """Return what kind of entity a tag names; raises KeyError for other bytes."""
    return _ENTITIES[tag[1]]


def velocity_key(tag: bytes) -> bytes:
    """Return the key of an entity's scan counter."""
    return b"v" + tag


def invalid_key(tag: bytes) -> bytes:
    """Return the key of an entity's counter of invalid codes."""
    return b"i" + tag


def block_key(tag: bytes) -> bytes:
    """Return the key that holds until when an entity is blocked."""
    return b"b" + tag


def place_key(tag: bytes) -> bytes:
    """Return the key of the place where a code was scanned last."""
    return b"p" + tag


def _hashed_tag(letter: bytes, identity: bytes) -> bytes:
    digest = blake2b(identity, digest_size=_DIGEST_BYTES).digest()
    return b"{%b%b}" % (letter, b2a_base64(digest, newline=False))
