"""Stretches of a batch: its units, and what lies between them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.batches import Unit
from codegen.pipeline import stretch_of
from tests.unit.test_package_plan import BATCH

SIZE = 60


@given(st.lists(st.integers(0, SIZE - 1), max_size=8, unique=True))
def test_stretches_tile_a_batch(ends: list[int]) -> None:
    """Each index is in one stretch, whose other indexes say the same."""
    edges = sorted(ends)
    units = tuple(
        Unit(f"roll-{first}", first, last)
        for first, last in zip(edges[::2], edges[1::2], strict=False)
    )
    batch = replace(BATCH, quantity=SIZE, units=units)
    stretches = [stretch_of(batch, index) for index in range(SIZE)]
    for index, (unit, (first, last)) in enumerate(stretches):
        assert 0 <= first <= index <= last < SIZE
        assert all(
            stretches[other] == (unit, (first, last))
            for other in range(first, last + 1)
        )
        assert unit is None or (unit.from_index, unit.to_index) == (first, last)
        assert unit is not None or not any(
            u.from_index <= last and u.to_index >= first for u in units
        )
