"""Members who are linked, against a plain model; and how a worker is asked."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.clusters import (
    HUB,
    Clusters,
    Link,
    Linked,
    find_clusters,
    key_of,
    without_hubs,
)

SMALL = st.integers(min_value=0, max_value=12)
WIDE = st.integers(min_value=-(2**63), max_value=2**63 - 1)
LINKS = st.lists(st.builds(Link, SMALL | WIDE, SMALL))


def group_plainly(links: list[Link]) -> set[tuple[int, ...]]:
    """Group by merging sets until nothing changes."""
    groups: list[tuple[set[int], set[int]]] = []
    for key, member in links:
        keys, members = {key}, {member}
        apart = []
        for other in groups:
            if other[0] & keys or other[1] & members:
                keys, members = keys | other[0], members | other[1]
            else:
                apart.append(other)
        groups = [*apart, (keys, members)]
    return {tuple(sorted(members)) for _, members in groups if len(members) > 1}


@given(LINKS)
def test_clusters_are_those_of_a_plain_model(links: list[Link]) -> None:
    found = find_clusters(links)
    assert set(found) == group_plainly(links)
    assert len(found) == len(set(found))


def test_a_long_chain_is_one_cluster() -> None:
    """In whichever order its links come."""
    chain = [Link(key, key + step) for key in range(2_000) for step in (0, 1)]
    assert find_clusters(chain) == [tuple(range(2_001))]
    assert find_clusters(chain[::-1]) == [tuple(range(2_001))]
    assert find_clusters([]) == []


def test_a_hub_links_nobody() -> None:
    sharers = {1: range(HUB), 2: range(HUB + 1), 3: [7]}
    links = without_hubs(sharers)
    assert {link.key for link in links} == {1, 3}
    assert len(links) == HUB + 1


@given(st.sets(WIDE, max_size=40), SMALL)
def test_a_worker_knows_who_belongs_to_which(members: set[int], other: int) -> None:
    ordered = sorted(members)
    parts = [tuple(ordered[at : at + 7]) for at in range(0, len(ordered), 7)]
    now = datetime(2027, 1, 1, tzinfo=UTC)
    rows = [(m, len(part), place) for place, part in enumerate(parts) for m in part]
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    clusters = Clusters(3, now, *columns.copy())
    for place, part in enumerate(parts):
        for member in part:
            assert clusters.find(member) == Linked(len(part), place)
    if other not in members:
        assert clusters.find(other) is None


def test_a_key_says_of_what_it_is() -> None:
    """So that an account of the same bytes as a device links nobody."""
    assert key_of("device", b"a") == key_of("device", b"a")
    assert len({key_of("device", b"a"), key_of("device", b"b"), key_of("x", b"a")}) == 3
