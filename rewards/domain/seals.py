"""Seals: what transfers were, in a hash that anybody can compute again; pure.

A segment's root is a Merkle tree's over its transfers in the order of their numbers,
hashed as RFC 6962 (section 2.1) hashes, with a first byte that tells leaves from nodes;
each seal is chained to the one before.
"""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rewards.domain.transfers import Transfer

_LEAF, _NODE, _SEAL = b"\0", b"\1", b"\2"
# Numbers, accounts and amount; unit; the last day, counted in Python's days, 0: never.
_FIELDS: Final = struct.Struct(">qqqqqhi")
_SEALED: Final = struct.Struct(">qq")
_MARK_BYTES: Final = 4
FIRST_CHAIN: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The numbers of a segment's transfers, in order, and the first bytes of hashes.

    origins, transfers: int64 of one length; marks: bytes of it, four each.
    """

    origins: NDArray[np.int64]
    transfers: NDArray[np.int64]
    marks: bytes

    def mark(self, place: int) -> bytes:
        """Give the first bytes of the hash of one."""
        return self.marks[place * _MARK_BYTES : (place + 1) * _MARK_BYTES]


@dataclass(frozen=True, slots=True)
class Seal:
    """A segment of transfers as they were when they were sealed."""

    seal_no: int
    sealed_at: datetime
    transfers: int
    root: bytes
    chain: bytes
    entries: bytes


def hash_leaf(transfer: Transfer) -> bytes:
    """Hash one transfer, whatever it is stored as: 32 bytes."""
    end: date | None = transfer.expires_on
    fields = _FIELDS.pack(
        transfer.origin_id,
        transfer.transfer_id,
        transfer.debit,
        transfer.credit,
        transfer.amount,
        transfer.unit,
        0 if end is None else end.toordinal(),
    )
    return hashlib.sha256(_LEAF + fields + transfer.kind.encode()).digest()


def find_root(leaves: Sequence[bytes]) -> bytes:
    """Hash hashes of leaves, at least one, up to the root of their tree.

    What has no neighbour goes up as it is, which makes RFC 6962's tree.
    """
    level = list(leaves)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(_NODE + one + other).digest() for one, other in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def chain_on(chain: bytes, seal_no: int, transfers: int, root: bytes) -> bytes:
    """Chain a seal to the one before, of which `chain` is given."""
    head = _SEALED.pack(seal_no, transfers)
    return hashlib.sha256(_SEAL + chain + head + root).digest()


def seal(
    transfers: Sequence[Transfer], *, seal_no: int, chain: bytes, now: datetime
) -> Seal:
    """Seal transfers that come in the order of (origin_id, transfer_id)."""
    leaves = [hash_leaf(each) for each in transfers]
    root = find_root(leaves)
    entries = pack(
        Sealed(
            np.array([each.origin_id for each in transfers], np.int64),
            np.array([each.transfer_id for each in transfers], np.int64),
            b"".join(leaf[:_MARK_BYTES] for leaf in leaves),
        )
    )
    following = chain_on(chain, seal_no, len(transfers), root)
    return Seal(seal_no, now, len(transfers), root, following, entries)


def pack(sealed: Sealed) -> bytes:
    """Pack numbers into some four bytes each, and marks after them.

    Differences of ascending numbers, byte by byte of all, so that zeros lie together.
    """
    steps = np.diff(sealed.origins, prepend=np.int64(0))
    offsets = sealed.transfers - sealed.origins
    planes = np.concatenate([steps, offsets]).astype("<i8").view(np.uint8)
    numbers = zlib.compress(planes.reshape(-1, 8).T.tobytes())
    return len(numbers).to_bytes(4, "big") + numbers + sealed.marks


def unpack(entries: bytes, count: int) -> Sealed:
    """Unpack what `pack` packed; raises ValueError for what it cannot have."""
    size = int.from_bytes(entries[:4], "big")
    try:
        planes = zlib.decompress(entries[4 : 4 + size])
    except zlib.error as fault:
        raise ValueError(str(fault)) from None
    marks = entries[4 + size :]
    if len(planes) != 16 * count or len(marks) != _MARK_BYTES * count:
        raise ValueError("not of so many transfers")
    numbers = np.frombuffer(planes, np.uint8).reshape(8, -1).T.copy().view("<i8")
    steps, offsets = numbers[:count, 0], numbers[count:, 0]
    origins = np.cumsum(steps).astype(np.int64)
    return Sealed(origins, origins + offsets, marks)


@dataclass(frozen=True, slots=True)
class Broken:
    """What a seal finds: transfers (origin_id, transfer_id) that are not as sealed."""

    touched: tuple[tuple[int, int], ...] = ()
    removed: tuple[tuple[int, int], ...] = ()
    # The seal itself was changed, or one before it.
    seal: bool = False


def verify(
    kept: Seal, found: Sequence[Transfer], *, chain: bytes
) -> tuple[Broken, Sealed | None]:
    """Hold what there is of a segment's transfers against its seal.

    `chain` is that of the seal before. Gives what was sealed as well, if it reads.
    """
    try:
        sealed = unpack(kept.entries, kept.transfers)
    except ValueError:
        return Broken(seal=True), None
    there = {(each.origin_id, each.transfer_id): each for each in found}
    leaves, touched, removed = [], [], []
    for place, (origin_id, transfer_id) in enumerate(
        zip(sealed.origins.tolist(), sealed.transfers.tolist(), strict=True)
    ):
        transfer = there.get((origin_id, transfer_id))
        if transfer is None:
            removed.append((origin_id, transfer_id))
            continue
        leaf = hash_leaf(transfer)
        leaves.append(leaf)
        if leaf[:_MARK_BYTES] != sealed.mark(place):
            touched.append((origin_id, transfer_id))
    whole = not touched and not removed
    wrong_root = whole and find_root(leaves) != kept.root
    wrong_chain = kept.chain != chain_on(chain, kept.seal_no, kept.transfers, kept.root)
    broken = Broken(tuple(touched), tuple(removed), wrong_root or wrong_chain)
    return broken, sealed
