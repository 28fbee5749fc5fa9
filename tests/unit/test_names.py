"""Names that are written differently and mean alike are one."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codegen.domain.batches import BatchOrder, Unit
from codegen.domain.code_text import LinkForm
from core.bounds import Body
from core.errors import InvalidInput
from core.names import ByName, are_one, fold, spelled_as, tidy

# How one name is written: with blanks, other case, width, composition, unseen marks.
WRITTEN = (
    "Zoë Lee",
    " Zoë Lee",
    "Zoë Lee\t",
    "Zoë  Lee",
    "ZOË LEE",
    "zoë\u3000lee",
    "Zo\u200be\u0308 Lee",
    "\u202aZoë\u202c Lee",
    "Zoë\u00a0Lee",
    "Ｚｏë Ｌｅｅ",
    "\ufeffZoë Lee",
    "Zoë\u00ad Lee",
)
TEXTS = st.text(max_size=40)
# What composes, folds and is not seen, close together.
KNOTTED = st.text("aAeıİßᾼιᾳ´¨ˇ \u0301\u0308\u0323\u200b\u00adﬁ…½ǅ각ᄀ", max_size=8)


@pytest.mark.parametrize("written", WRITTEN)
def test_however_it_is_written_a_name_is_one(written: str) -> None:
    """And a name that differs in a letter is another."""
    assert are_one(written, "Zoë Lee")
    assert not are_one(written, "Zoe Lee")
    assert ByName({"Zoë Lee": 7}).find(written) == 7
    assert spelled_as(["Ann", "Zoë Lee"], written) == "Zoë Lee"


@given(TEXTS | KNOTTED)
@example("A´")
@example("e\u200b\u0308")
def test_tidying_and_folding_come_to_rest(name: str) -> None:
    """Done twice they are done once; a tidied name folds as it did before."""
    assert tidy(tidy(name)) == tidy(name)
    assert fold(fold(name)) == fold(name)
    assert fold(tidy(name)) == fold(name)
    assert unicodedata.is_normalized("NFC", tidy(name))


def test_names_of_old_that_are_alike_are_found_as_written_only() -> None:
    """Which of the two is meant cannot be told otherwise."""
    units = ByName({"roll 1": 1, "Roll 1": 2})
    assert (units.find("roll 1"), units.find("Roll 1")) == (1, 2)
    assert units.find("ROLL 1") is None


def test_units_of_a_batch_differ_by_more_than_case_and_blanks() -> None:
    """Or a report would be booked on the wrong roll."""
    units = (Unit("Roll 1 ", 0, 4), Unit("roll1", 5, 9))
    fields = {"link_base": "HTTPS://CAP.CN", "link_form": LinkForm.SHORT}
    with pytest.raises(InvalidInput) as refused:
        BatchOrder.check(quantity=10, units=units, **fields)
    assert refused.value.errors[0].pointer == "/units/1/name"
    order = BatchOrder.check(quantity=10, units=units[:1], **fields)
    assert order.units == (Unit("Roll 1", 0, 4),)


class Told(Body, frozen=True, kw_only=True):
    """A body with a name, and words in which lines and blanks are meant."""

    prose = frozenset({"note"})

    name: str = ""
    note: str = ""
    regions: tuple[str, ...] = ()


def test_a_body_keeps_its_names_tidy_and_its_prose_as_it_is() -> None:
    """At any depth."""
    told = Told(name=" roll\u200b  1 ", note=" a\n b ", regions=(" CN ",))
    assert (told.name, told.note, told.regions) == ("roll 1", " a\n b ", ("CN",))


def test_a_name_of_blanks_is_none() -> None:
    """It says where, and what to do."""
    with pytest.raises(InvalidInput) as refused:
        Told(regions=("CN", " \u3000"))
    [error] = refused.value.errors
    assert (error.pointer, error.code) == ("/regions/1", "blank")
