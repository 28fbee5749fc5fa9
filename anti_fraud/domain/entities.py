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
_IPV4_BYTES: Final = 4
_IPV6_NETWORK_BYTES: Final = 8
_IPV6_SITE_BYTES: Final = 6


class Entity(StrEnum):
    """What scans and guesses are counted by.

    Scans by the first four and by cells; wrong guesses by all but codes and cells.
    """

    MEMBER = "member"
    DEVICE = "device"
    NETWORK = "network"
    CODE = "code"
    # An IPv6 /48, of which one subscriber may hold all 65,536 networks (RFC 6177).
    SITE = "site"
    # Guesses of a network that links on other sites led to.
    LINKED = "linked"
    # The token of an app whose scan names nobody else.
    APP = "app"
    # Where a phone says that it is, half a kilometre wide.
    CELL = "cell"


class Distinct(StrEnum):
    """What counters tell apart among the scans of an entity."""

    MEMBER = "member"
    DEVICE = "device"
    NETWORK = "network"
    CODE = "code"
    # Who scans: a device, else a member, else a network.
    SESSION = "session"


# What scans are counted by; of the others only wrong guesses are.
SCANNED: Final = frozenset(
    {Entity.MEMBER, Entity.DEVICE, Entity.NETWORK, Entity.CODE, Entity.CELL}
)

# One person's, or one program's: a limit there hurts nobody else. The others may be
# thousands of people.
STRICT: Final = frozenset({Entity.MEMBER, Entity.DEVICE, Entity.APP})

_ENTITIES: Final = {
    ord("m"): Entity.MEMBER,
    ord("d"): Entity.DEVICE,
    ord("n"): Entity.NETWORK,
    ord("c"): Entity.CODE,
    ord("s"): Entity.SITE,
    ord("l"): Entity.LINKED,
    ord("a"): Entity.APP,
    ord("h"): Entity.CELL,
}


def member_tag(member_id: str) -> bytes:
    """Return the tag of a member."""
    return _hashed_tag(b"m", member_id.encode("utf-8", "surrogatepass"))


def device_tag(device_id: str) -> bytes:
    """Return the tag of a device, by whatever identifier it sends."""
    return _hashed_tag(b"d", device_id.encode("utf-8", "surrogatepass"))


def app_tag(token_id: str) -> bytes:
    """Return the tag of an app's token."""
    return _hashed_tag(b"a", token_id.encode("utf-8", "surrogatepass"))


def network_tag(packed: bytes) -> bytes:
    """Return the tag of an IPv4 address (4 bytes) or an IPv6 address's /64 (16).

    No bytes at all stand for every address that cannot be read.
    """
    return _hashed_tag(b"n", packed[:_IPV6_NETWORK_BYTES])


def site_tag(packed: bytes) -> bytes | None:
    """Return the tag of an IPv6 address's /48; None for what is not IPv6."""
    if len(packed) <= _IPV4_BYTES:
        return None
    return _hashed_tag(b"s", packed[:_IPV6_SITE_BYTES])


def linked_tag(packed: bytes) -> bytes:
    """Return the tag of what other sites' links lead a network to (IPv6: a /48)."""
    return _hashed_tag(b"l", packed[:_IPV6_SITE_BYTES])


def code_tag(code_id: int) -> bytes:
    """Return the tag of a code (uint64)."""
    return b"{c%x}" % code_id


def cell_tag(cell: int) -> bytes:
    """Return the tag of an H3 cell (uint64)."""
    return b"{h%x}" % cell


def who_of(tag: bytes) -> bytes:
    """Return the eight bytes that tell a hashed entity from others in a set.

    42 bits of its hash: of 200 in a set, two are one with a chance of 5 in 10^9.
    """
    return tag[1:9]


def entity_of(tag: bytes) -> Entity:
    """Return what kind of entity a tag names; raises KeyError for other bytes."""
    return _ENTITIES[tag[1]]


def tally_key(tag: bytes) -> bytes:
    """Return the key of all that is counted of an entity's scans."""
    return b"t" + tag


def guess_key(tag: bytes) -> bytes:
    """Return the key of an entity's counter of wrong guesses."""
    return b"i" + tag


def opened_key(tag: bytes) -> bytes:
    """Return the key of an entity's counter of codes opened while it is blocked."""
    return b"o" + tag


def block_key(tag: bytes) -> bytes:
    """Return the key that holds until when an entity is blocked."""
    return b"b" + tag


def place_key(tag: bytes) -> bytes:
    """Return the key of the place where a code was scanned last."""
    return b"p" + tag


def _hashed_tag(letter: bytes, identity: bytes) -> bytes:
    digest = blake2b(identity, digest_size=_DIGEST_BYTES).digest()
    return b"{%b%b}" % (letter, b2a_base64(digest, newline=False))
