"""Orders and selections: what is wrong is named, what is right is normalised."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.batches import (
    MAX_CODES_PER_CHANGE,
    MAX_QUANTITY,
    Batch,
    BatchOrder,
    Placement,
    Selection,
    Unit,
)
from codegen.domain.code_text import LinkForm
from core.clock import utc_datetime
from core.errors import InvalidInput

BASE = {"quantity": 10, "link_base": "HTTPS://CAP.CN", "link_form": LinkForm.SHORT}
BATCH = Batch(
    batch_id=1,
    epoch=2,
    first_serial=100,
    quantity=10,
    gtin=None,
    campaign_id=None,
    brand=None,
    placement=Placement.INSIDE,
    lot=None,
    produced_on=None,
    sale_regions=(),
    line=None,
    link_base="HTTPS://CAP.CN",
    link_form=LinkForm.SHORT,
    issued_by="somebody",
    issued_at=utc_datetime(0),
    units=(Unit("roll", 2, 5),),
)


def pointers(**fields: object) -> list[str]:
    """Check an order that is wrong; gives where."""
    with pytest.raises(InvalidInput) as fault:
        BatchOrder.check(**BASE | fields)
    return [error.pointer for error in fault.value.errors]


@pytest.mark.parametrize("quantity", [1, MAX_QUANTITY])
def test_quantities_run_from_one_to_a_billion(quantity: int) -> None:
    """Both ends are fine, and one past either is not."""
    assert BatchOrder.check(**BASE | {"quantity": quantity}).quantity == quantity
    assert pointers(quantity=0) == ["/quantity"]
    assert pointers(quantity=MAX_QUANTITY + 1) == ["/quantity"]


def test_a_gtin_is_kept_as_14_digits() -> None:
    """Whatever its length was."""
    assert BatchOrder.check(**BASE, gtin="6901234567892").gtin == "06901234567892"
    assert pointers(gtin="6901234567893") == ["/gtin"]
    assert pointers(link_form=LinkForm.GS1) == ["/gtin"]


@pytest.mark.parametrize(
    ("link_base", "printed", "symbol"),
    [
        ("HTTPS://CAP.CN", "HTTPS://CAP.CN", (2, 25, "alphanumeric")),
        ("HTTPS://CAP.CN:443/", "HTTPS://CAP.CN", (2, 25, "alphanumeric")),
        ("https://cap.cn", "https://cap.cn", (3, 29, "byte")),
        ("HTTPS://牛奶.cn", "HTTPS://XN--YUS329C.CN", (3, 29, "alphanumeric")),
        ("https://牛奶。cn", "https://xn--yus329c.cn", (3, 29, "byte")),
    ],
)
def test_a_link_base_is_kept_as_it_is_printed(
    link_base: str, printed: str, symbol: tuple[int, int, str]
) -> None:
    """Scheme and host, a name of the world as punycode; the symbol's size is told."""
    order = BatchOrder.check(**BASE | {"link_base": link_base})
    assert order.link_base == printed
    size = replace(BATCH, link_base=order.link_base).symbol
    assert size is not None
    assert (size.version, size.modules, size.mode) == symbol


def test_a_batch_of_a_base_that_is_none_says_so() -> None:
    """Such batches were issued before bases were read closely."""
    old = replace(BATCH, link_base="https://x.cn/a/b?x=1")
    assert old.symbol is None
    assert "Issue a new batch" in str(old.link_fault)
    assert BATCH.link_fault is None


def test_all_that_is_wrong_is_said_at_once() -> None:
    """One answer names every field."""
    wrong = pointers(quantity=0, gtin="x", link_base="nowhere")
    assert wrong == ["/quantity", "/gtin", "/link_base"]


def test_units_lie_within_the_batch_apart_and_have_names() -> None:
    """The pointer is to the unit as it was sent, not as it is sorted."""
    late, early = Unit("late", 5, 9), Unit("early", 0, 5)
    assert pointers(units=(late, early)) == ["/units/0"]
    assert pointers(units=(Unit("a", 0, 10),)) == ["/units/0"]
    assert pointers(units=(Unit("a", 3, 2),)) == ["/units/0"]
    assert pointers(units=(Unit("a", 0, 1), Unit("a", 2, 3))) == ["/units/1/name"]
    assert pointers(units=(Unit("", 0, 1),)) == ["/units/0/name"]
    good = (Unit("b", 5, 9), Unit("a", 0, 4))
    assert BatchOrder.check(**BASE, units=good).units == good


@given(st.none() | st.integers(-2, 12), st.none() | st.integers(-2, 12))
def test_indexes_are_resolved_or_refused(first: int | None, last: int | None) -> None:
    """Left out means the end; outside or backwards means an error."""
    begins, ends = 0 if first is None else first, 9 if last is None else last
    selection = Selection(from_index=first, to_index=last)
    if 0 <= begins <= ends <= 9:
        assert selection.indexes(BATCH) == (begins, ends)
    else:
        with pytest.raises(InvalidInput):
            selection.indexes(BATCH)


def test_a_unit_is_its_indexes() -> None:
    """An unknown one is an error."""
    assert Selection(unit="roll").indexes(BATCH) == (2, 5)
    with pytest.raises(InvalidInput):
        Selection(unit="rolls").indexes(BATCH)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(unit="roll", from_index=0),
        Selection(unit="roll", codes=("x",)),
        Selection(to_index=0, codes=("x",)),
        Selection(codes=()),
        Selection(codes=("x",) * (MAX_CODES_PER_CHANGE + 1)),
    ],
)
def test_codes_are_named_in_one_way(selection: Selection) -> None:
    """Two ways at once could mean two things."""
    with pytest.raises(InvalidInput):
        selection.check()


def test_a_batch_knows_its_codes_and_its_state() -> None:
    """code_id is the epoch above the serial; several states are mixed."""
    assert BATCH.first_code_id == (2 << 36) + 100
    assert BATCH.state == "mixed"
