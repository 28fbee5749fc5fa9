"""The till in the console: look, redeem with one tap, undo the same day."""

import re

import httpx
import pytest

from tests.fixtures.colleague import at_work, title_of
from tests.fixtures.shop import Shop
from tests.fixtures.visitor import hidden_fields

TILL = "/console/till"
REDEEM = f"{TILL}/redemptions"
UNDO = f"{TILL}/reversals"


def worth_of(answer: httpx.Response) -> str:
    """Give what stands in large figures."""
    found = re.search(r'class="worth">(.*?)<', answer.text)
    assert found is not None, answer.text
    return found[1]


def test_a_cashier_looks_redeems_and_takes_back(shop: Shop) -> None:
    """Signing in leads to the till; a second tap of the same button does nothing."""
    code = shop.issue(shop.pool(name="Spring", valid_days=1))["coupon_code"]
    with at_work(shop.service, shop.cashier) as carl:
        assert carl.get("/console").headers["location"] == TILL
        seen = carl.press(TILL, TILL, code=code, basket="3.5")
        assert title_of(seen) == "Good to use"
        assert worth_of(seen) == "¥3.50 off"
        form = hidden_fields(seen.text, REDEEM)
        done, again = (carl.post(REDEEM, form) for _ in range(2))
        assert done.status_code == again.status_code == 200
        assert title_of(done) == title_of(again) == "✓ Redeemed"
        assert worth_of(again) == "¥3.50 off"
        late = carl.press(TILL, TILL, code=code)
        assert late.status_code == 409
        assert title_of(late) == "✕ Not to be used"
        assert "Nanjing Road" in late.text
        undone = carl.post(UNDO, hidden_fields(done.text, UNDO))
        assert "Taken back" in undone.text
        assert title_of(carl.press(TILL, TILL, code=code)) == "Good to use"
        assert carl.post(UNDO, hidden_fields(done.text, UNDO)).status_code == 409


def test_a_till_speaks_chinese(shop: Shop) -> None:
    """Why a coupon is not used is told in the page's language too."""
    code = shop.issue(shop.pool(min_basket_minor=2_000))["coupon_code"]
    with at_work(shop.service, shop.cashier, language="zh-CN") as carl:
        told = carl.press(TILL, TILL, code=code, basket="19.99")
        assert title_of(told) == "✕ 不能使用"
        assert "订单金额不足" in told.text
        # What was typed is still there, so that the amount can be mended.
        assert f'value="{code}"' in told.text
        assert "立减 ¥5.00" in carl.press(TILL, TILL, code=code, basket="20").text


def test_a_forged_code_is_no_coupon_and_counts_as_a_guess(shop: Shop) -> None:
    with at_work(shop.service, shop.cashier) as carl:
        told = carl.press(TILL, TILL, code="0" * 16)
        assert told.status_code == 404
        assert "There is no such coupon." in told.text
    token = shop.cashier.split("_")[2]
    counted = "SELECT wrong FROM wrong_codes WHERE token_id = %s"
    assert shop.service.query(counted, token) == [(1,)]


def test_a_code_that_is_unknown_when_it_is_redeemed_counts_as_a_guess(
    shop: Shop,
) -> None:
    """A coupon of another brand, in the form of one that was looked at."""
    dora = shop.service.staff_token("cashier", name="dora", brand="Demo Dairy")
    good = shop.issue(shop.pool())["coupon_code"]
    with at_work(shop.service, dora) as till:
        form = hidden_fields(till.press(TILL, TILL, code=good).text, REDEEM)
        told = till.post(REDEEM, form | {"code": shop.rivals_code()})
        assert told.status_code == 404
        assert "There is no such coupon." in told.text
    counted = "SELECT wrong FROM wrong_codes WHERE token_id = %s"
    assert shop.service.query(counted, dora.split("_")[2]) == [(1,)]


@pytest.mark.parametrize("basket", ["x", "1.234", "-1", "1e3"])
def test_what_is_no_amount_is_said_to_be_none(shop: Shop, basket: str) -> None:
    with at_work(shop.service, shop.cashier) as carl:
        told = carl.press(TILL, TILL, code="0" * 16, basket=basket)
        assert told.status_code == 422
        assert "is not an amount" in told.text


def test_only_the_till_has_a_script_and_it_is_its_own(shop: Shop) -> None:
    """From this site, from no other, and nothing that stands in the page."""
    with at_work(shop.service, shop.cashier) as carl:
        page = carl.get(TILL)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert policy.endswith("script-src 'self'")
        assert "camera=(self)" in page.headers["permissions-policy"]
        assert re.findall(r"<script[^>]*>", page.text) == [
            '<script src="/console/till/camera.js" defer>'
        ]
        script = carl.get(f"{TILL}/camera.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert "BarcodeDetector" in script.text
