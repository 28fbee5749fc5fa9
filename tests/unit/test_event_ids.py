"""Ids of events: what is written sorts as what happened."""

from hypothesis import given
from hypothesis import strategies as st

from events.domain.events import BEGINNING, EventId

IDS = st.builds(
    EventId,
    era=st.integers(0, 2**15 - 1),
    xid=st.integers(0, 2**48 - 1),
    place=st.integers(0, 2**40 - 1),
    nth=st.integers(0, 2**16 - 1),
)


@given(IDS, IDS)
def test_ids_sort_as_texts_as_their_events_follow_each_other(
    one: EventId, other: EventId
) -> None:
    assert (str(one) < str(other)) == (one < other)
    assert EventId.parse(str(one)) == one >= BEGINNING


@given(st.text(max_size=40))
def test_only_what_was_written_as_an_id_is_read_as_one(text: str) -> None:
    found = EventId.parse(text)
    assert found is None or str(found)[:30] == text[:30]
