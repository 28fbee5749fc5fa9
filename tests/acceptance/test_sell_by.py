"""Goods past their date: consumers are told, and the code stays what it is."""

from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import utc_datetime
from crowncap.demo import CAMPAIGN
from scan_api.pipeline.moments import word_day
from tests.fixtures.service import CLOCK, Service
from tests.fixtures.visitor import visiting

FRESH = "06901234567199"
SHELF_LIFE_DAYS = 21


@pytest.fixture(scope="module")
def produced(service: Service) -> Any:
    """Add a product that keeps three weeks; gives what makes a code of some age."""
    product = {"gtin": FRESH, "name": "Fresh Milk", "brand": "Demo Dairy"}
    answer = service.post(
        "/v1/products",
        product | {"shelf_life_days": SHELF_LIFE_DAYS},
        service.issuer,
    )
    assert answer.status_code == 201, answer.text

    def code_of_age(days: int) -> tuple[str, date]:
        # Shanghai's day, as the demo counts; noon is the same day in most of the world.
        today = (utc_datetime(CLOCK.now_ms()) + timedelta(hours=8)).date()
        made = today - timedelta(days=days)
        batch = service.issue(
            1, gtin=FRESH, campaign_id=CAMPAIGN, produced_on=made.isoformat()
        )
        return service.codes(batch)[0], made + timedelta(days=SHELF_LIFE_DAYS)

    return code_of_age


def test_the_last_day_is_still_good(service: Service, produced: Any) -> None:
    """On its sell-by day a product is not past it; the scan names the day."""
    code, sell_by = produced(SHELF_LIFE_DAYS)
    answer = service.scan(code, "eve")
    assert answer["outcome"] == "rewarded"
    assert answer["sell_by"] == sell_by.isoformat()
    assert answer["past_sell_by"] is False
    assert "good until" not in answer["message"]


def test_a_day_later_the_consumer_is_warned_and_still_paid(
    service: Service, produced: Any
) -> None:
    """The code is genuine and pays; the message and the page warn."""
    code, sell_by = produced(SHELF_LIFE_DAYS + 1)
    with visiting(service) as visitor:
        page = visitor.get(f"/C/{code}").text
        assert "Past its date" in page
        assert word_day("en", sell_by) in page
        assert "may still be claimed" in page
    answer = service.scan(code, "eve")
    assert answer["outcome"] == "rewarded"
    assert answer["past_sell_by"] is True
    assert word_day("zh", sell_by) in answer["message"]


def test_goods_without_a_shelf_life_have_no_date(service: Service) -> None:
    """Nothing is made up where nobody said how long a product keeps."""
    answer = service.scan(service.fresh_code(), "eve")
    assert answer["sell_by"] is None
    assert answer["past_sell_by"] is None
