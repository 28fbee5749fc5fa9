"""Regions of sale are those that exist, each under one code."""

import pytest

from codegen.domain.regions import read_regions
from core.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (("CN-31",), ("CN-31",)),
        (("CN-SH",), ("CN-31",)),
        (("cn-sh", "CN-31"), ("CN-31",)),
        ((" cn ",), ("CN",)),
        (("US-CA", "DE-BY", "FR-75C"), ("US-CA", "DE-BY", "FR-75C")),
        (("CN-HK", "CN-MO", "CN-TW"), ("CN-81", "CN-82", "CN-71")),
        (("HK",), ("HK",)),
        ((), ()),
    ],
)
def test_a_region_has_one_code(given: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """Letters and digits of a Chinese province are the same province."""
    assert read_regions(given, "/sale_regions") == kept


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("CN-99", "did you mean CN-"),
        ("shanghai", "did you mean CN-31 (Shanghai)?"),
        ("Guangdon", "did you mean CN-44 (Guangdong)?"),
        ("CN-Shanghai", "did you mean CN-31 (Shanghai)?"),
        ("us-california", "did you mean US-CA (California)?"),
        ("CHN", "did you mean CN (China)?"),
        ("UK", "did you mean GB (United Kingdom)?"),
        ("ZZ", "There is no region 'ZZ'"),
        ("", "a region is a code of ISO 3166"),
        ("CN_31", "did you mean CN-31"),
        ("\x00" * 300, "a region is a code of ISO 3166"),
    ],
)
def test_what_is_no_region_is_told_with_the_nearest(told: str, said: str) -> None:
    """At the place where it stands, and with nothing about patterns."""
    with pytest.raises(InvalidInput) as refused:
        read_regions(("CN", told), "/sale_regions")
    [error] = refused.value.errors
    assert error.pointer == "/sale_regions/1"
    assert said in error.detail


def test_the_nearest_is_sought_for_the_first_few_only() -> None:
    """A hundred wrong ones would hold up everybody else's scans for seconds."""
    with pytest.raises(InvalidInput) as refused:
        read_regions(["shanghai"] * 100, "/sale_regions")
    found = ["did you mean" in error.detail for error in refused.value.errors]
    assert found == [True] * 3 + [False] * 97
