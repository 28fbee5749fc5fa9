"""Seals by themselves: trees, chains, and what is packed."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.domain.seals import (
    FIRST_CHAIN,
    find_root,
    hash_leaf,
    seal,
    unpack,
    verify,
)
from rewards.domain.transfers import Transfer, TransferKind

NOW = datetime(2027, 3, 1, tzinfo=UTC)
NUMBER = st.integers(0, 2**62)
TRANSFERS = st.lists(
    st.builds(
        Transfer,
        origin_id=NUMBER,
        transfer_id=NUMBER,
        kind=st.sampled_from(TransferKind),
        debit=st.integers(-(2**62), 2**62),
        credit=NUMBER,
        unit=st.integers(0, 300),
        amount=st.integers(1, 2**40),
        expires_on=st.none() | st.dates(),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda each: (each.origin_id, each.transfer_id),
).map(lambda some: sorted(some, key=lambda each: (each.origin_id, each.transfer_id)))


def rfc6962(leaves: list[bytes]) -> bytes:
    """Hash a tree as RFC 6962 says it: split at the largest power of two below."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    parts = rfc6962(leaves[:half]) + rfc6962(leaves[half:])
    return hashlib.sha256(b"\1" + parts).digest()


@given(st.integers(1, 70))
def test_the_root_is_that_of_the_rfc(count: int) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(count)]
    assert find_root(leaves) == rfc6962(leaves)


@given(TRANSFERS)
def test_what_was_sealed_verifies_and_names_its_transfers(
    transfers: list[Transfer],
) -> None:
    made = seal(transfers, seal_no=1, chain=FIRST_CHAIN, now=NOW)
    named = unpack(made.entries, made.transfers)
    assert named.origins.tolist() == [each.origin_id for each in transfers]
    assert named.transfers.tolist() == [each.transfer_id for each in transfers]
    broken, _ = verify(made, transfers, chain=FIRST_CHAIN)
    assert (broken.touched, broken.removed, broken.seal) == ((), (), False)


CHANGES = {
    "amount": 3,
    "kind": TransferKind.VOID,
    "debit": -5,
    "credit": 5,
    "unit": 301,
    "expires_on": date(9999, 12, 31),
}


@given(TRANSFERS, st.data())
def test_what_is_touched_or_removed_is_named(
    transfers: list[Transfer], data: st.DataObject
) -> None:
    made = seal(transfers, seal_no=7, chain=FIRST_CHAIN, now=NOW)
    place = data.draw(st.integers(0, len(transfers) - 1))
    field = data.draw(st.sampled_from(sorted(CHANGES)))
    before = transfers[place]
    change = {field: CHANGES[field]}
    if field == "amount":
        change = {field: before.amount + 1}
    touched = msgspec.structs.replace(before, **change)
    name = (before.origin_id, before.transfer_id)
    if touched != before:
        now = [*transfers[:place], touched, *transfers[place + 1 :]]
        assert verify(made, now, chain=FIRST_CHAIN)[0].touched == (name,)
    gone = [*transfers[:place], *transfers[place + 1 :]]
    assert verify(made, gone, chain=FIRST_CHAIN)[0].removed == (name,)


@pytest.mark.parametrize("field", ["root", "chain", "entries", "transfers", "seal_no"])
def test_a_seal_that_was_changed_is_found(field: str) -> None:
    """Whichever part of it, and so is one whose predecessor was."""
    transfers = [Transfer(n, n, TransferKind.POSTED, 1, 2, 0, 5) for n in range(9, 18)]
    made = seal(transfers, seal_no=1, chain=FIRST_CHAIN, now=NOW)
    changes: dict[str, Any] = {
        "root": hash_leaf(transfers[0]),
        "chain": hash_leaf(transfers[0]),
        "entries": made.entries[:-1],
        "transfers": 8,
        "seal_no": 2,
    }
    changed = replace(made, **{field: changes[field]})
    assert verify(changed, transfers, chain=FIRST_CHAIN)[0].seal
    assert verify(made, transfers, chain=bytes(31) + b"\1")[0].seal
