"""What a scan tells by itself."""

import pytest

from anti_fraud.domain.places import cell_of
from codegen.domain.ranges import Binding
from core.clock import utc_datetime
from core.ids import first_id_at
from scan_api.pipeline.scan_facts import ScanFacts, is_outside, read_scan

AT_MS = 1_800_000_000_000
DAY_MS = 86_400_000
SHANGHAI, CHENGDU = cell_of(31.23, 121.47), cell_of(30.66, 104.06)
EAST = ("CN-31", "CN-32")


def test_who_says_nothing_is_known_for_nothing() -> None:
    nothing = ScanFacts(None, None, None, None, None, outside_sale_region=False)
    assert read_scan(Binding(), None, member_no=0, at_ms=AT_MS) == nothing


def test_an_app_tells_where_it_runs_and_what_it_was_told_of_risk() -> None:
    told = read_scan(
        Binding(),
        {"environment": "emulator", "risk_rank": 4},
        member_no=0,
        at_ms=AT_MS,
    )
    assert (told.environment, told.risk_rank) == ("emulator", 4)


def test_a_member_is_as_old_as_their_number_at_the_time_of_the_scan() -> None:
    """One that came after it was scanned, as a late scan's may, is new."""
    ages = {
        days: read_scan(
            Binding(),
            None,
            member_no=first_id_at(AT_MS - days * DAY_MS - 1) + 1,
            at_ms=AT_MS,
        ).member_days
        for days in (-2, 0, 6, 7)
    }
    assert ages == {-2: 0, 0: 0, 6: 6, 7: 7}


def test_a_code_is_active_since_the_moment_that_was_told() -> None:
    """Also one in the past."""
    binding = Binding(effective_at=utc_datetime(AT_MS - DAY_MS))
    told = {
        after: read_scan(
            binding, None, member_no=0, at_ms=AT_MS + after * DAY_MS
        ).hours_active
        for after in (-3, 0, 1)
    }
    assert told == {-3: 0, 0: 24, 1: 48}


@pytest.mark.parametrize(
    ("sold_in", "region", "cell", "province", "outside"),
    [
        (EAST, None, None, None, False),
        (EAST, "CN-31", CHENGDU, "CN-51", False),
        (EAST, "CN-51", SHANGHAI, "CN-31", True),
        # A country says too little of a province, and nothing of another country.
        (EAST, "CN", None, None, False),
        (("CN",), "CN-51", None, None, False),
        (("CN",), "US-CA", None, None, True),
        (EAST, None, SHANGHAI, "CN-51", False),
        (EAST, None, CHENGDU, "CN-31", True),
        (EAST, None, None, "CN-51", True),
        (EAST, None, None, "CN-32", False),
        # Whose sale is not by divisions of China, has no places.
        (("US-CA",), None, SHANGHAI, None, False),
        (("US-CA",), None, SHANGHAI, "CN-31", True),
    ],
)
def test_who_is_known_to_be_outside(
    sold_in: tuple[str, ...],
    region: str | None,
    cell: int | None,
    province: str | None,
    outside: bool,  # noqa: FBT001 - what is expected
) -> None:
    assert is_outside(sold_in, region, cell, province) is outside
