"""The till in the console: look, redeem with one tap, undo the same day."""

import io
import re

import httpx
import pytest

from tests.fixtures.colleague import Colleague, at_work, title_of
from tests.fixtures.pictures import picture_of
from tests.fixtures.shop import Shop
from tests.fixtures.visitor import hidden_fields

TILL = "/console/till"
REDEEM = f"{TILL}/redemptions"
UNDO = f"{TILL}/reversals"
PICTURES = f"{TILL}/pictures"


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


def test_whoever_scans_a_used_coupon_again_may_take_it_back(shop: Shop) -> None:
    """However many came since, at this till and on this day; in no other store."""
    pool = shop.pool()
    code = shop.issue(pool)["coupon_code"]
    assert shop.redeem(code).status_code == 201
    for _ in range(6):
        assert shop.redeem(shop.issue(pool)["coupon_code"]).status_code == 201
    with at_work(shop.service, shop.cashier) as carl:
        seen = carl.press(TILL, TILL, code=code)
        assert title_of(seen) == "✕ Not to be used"
        outcome = seen.text.partition('id="outcome"')[2].partition("</section>")[0]
        form = hidden_fields(outcome, UNDO)
        assert "Taken back" in carl.post(UNDO, form).text
        assert title_of(carl.press(TILL, TILL, code=code)) == "Good to use"
    used = shop.redeem(code).json()["redemption_id"]
    with at_work(shop.service, Shop(shop.service).cashier) as far:
        seen = far.press(TILL, TILL, code=code)
        assert UNDO not in seen.text.partition('id="outcome"')[2]
        told = far.post(UNDO, hidden_fields(seen.text, TILL) | {"redemption_id": used})
        assert told.status_code == 403


@pytest.mark.parametrize("typed", ["{lower}", " {code}\t", "{wide}"])
def test_a_scanner_may_type_in_its_own_way(shop: Shop, typed: str) -> None:
    """Small letters, what stands around a code, full width by an input method."""
    code = shop.issue(shop.pool())["coupon_code"]
    wide = "".join(chr(ord(each) + 0xFEE0) for each in code)
    given = typed.format(code=code, lower=code.lower(), wide=wide)
    with at_work(shop.service, shop.cashier) as carl:
        assert title_of(carl.press(TILL, TILL, code=given)) == "Good to use"


def test_a_scanner_of_another_keyboard_is_shown_what_came_of_it(shop: Shop) -> None:
    with at_work(shop.service, shop.cashier) as carl:
        told = carl.press(TILL, TILL, code="à<&é")
        assert told.status_code == 404
        assert "This was read: “à&lt;&amp;é”." in told.text
        assert "own keyboard layout" in told.text


def send_picture(carl: Colleague, content: bytes, **fields: str) -> httpx.Response:
    """Send a picture by the till's form, as a browser without scripts does."""
    form = hidden_fields(carl.get(TILL).text, TILL) | fields
    return carl.http.post(
        PICTURES,
        data=form,
        files={"file": ("IMG_1.JPG", content, "image/jpeg")},
        headers={"origin": carl.service.base_url},
    )


def jpeg(text: str) -> bytes:
    """Take a picture of a code."""
    file = io.BytesIO()
    picture_of(text, 1_600, 1_200).save(file, "JPEG")
    return file.getvalue()


def test_a_picture_is_read_where_a_browser_reads_none(shop: Shop) -> None:
    """With what the basket is worth; what is no coupon says what to do."""
    code = shop.issue(shop.pool(min_basket_minor=1_000))["coupon_code"]
    with at_work(shop.service, shop.cashier) as carl:
        seen = send_picture(carl, jpeg(code), basket="20")
        assert title_of(seen) == "Good to use"
        form = hidden_fields(seen.text, REDEEM)
        assert (form["code"], form["basket"]) == (code, "20")
        for content, why in (
            (jpeg("4006381333931"), "There is no coupon code in the picture."),
            (b"not a picture", "That file cannot be read here."),
            (b"", "That file cannot be read here."),
        ):
            told = send_picture(carl, content, basket="20")
            assert told.status_code == 422
            assert why in told.text
            assert 'value="20"' in told.text
        assert send_picture(carl, b"x" * (17 << 20)).status_code == 413
        forged = send_picture(carl, jpeg("0" * 16))
        assert forged.status_code == 404
    token = shop.cashier.split("_")[2]
    counted = "SELECT wrong FROM wrong_codes WHERE token_id = %s"
    assert shop.service.query(counted, token) == [(1,)]


def test_only_the_tills_own_form_sends_pictures(shop: Shop) -> None:
    """Not of another site, not without its token, and not by others of the staff."""
    picture = {"file": ("a.jpg", jpeg("0" * 16), "image/jpeg")}
    with at_work(shop.service, shop.cashier) as carl:
        form = hidden_fields(carl.get(TILL).text, TILL)
        evil = {"origin": "https://evil.example"}
        own = {"origin": carl.service.base_url}
        for data, headers in ((form, evil), ({"token": "x"}, own)):
            told = carl.http.post(PICTURES, data=data, files=picture, headers=headers)
            assert told.status_code == 403
    with at_work(shop.service, shop.marketer) as mona:
        told = mona.http.post(PICTURES, data={}, files=picture, headers=own)
        assert told.status_code == 403
