"""What follows from what a payer says, and what of it is believed."""

from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MisconfiguredError
from crowncap.payout_simulator.dice import FAULTS, Dice, read_odds
from crowncap.payout_simulator.keys import make_keys, write_terms
from crowncap.wechat_pay.client import read_answer
from crowncap.wechat_pay.terms import load_wechat_pay
from rewards.domain.payouts import (
    ENDED,
    MAX_BILL_NO,
    UNDER_WAY,
    Answer,
    Bill,
    Heard,
    Patience,
    PayoutState,
    bill_no_of,
    contradicts,
    next_state,
    payout_of,
)
from rewards.pipeline.payouts.texts import STATE_NAMES

BILL = Bill(bill_no_of(7), "openid", 100, "CNY")
GOOD = b'{"out_bill_no": "%s", "state": "%s", "transfer_amount": %d}'


@given(st.integers(0, (1 << 63) - 1))
def test_a_bill_has_the_number_of_its_payout_and_fits(payout_id: int) -> None:
    number = bill_no_of(payout_id)
    assert payout_of(number) == payout_id
    assert len(number) <= MAX_BILL_NO
    assert number.isalnum()


@pytest.mark.parametrize("number", ["", "CROWNCAP", "CROWNCAP7", "7", "X" * 27, "²"])
def test_a_bill_of_somebody_else_is_no_payout(number: str) -> None:
    assert payout_of(number) is None


@given(heard=st.lists(st.sampled_from(Heard), max_size=20), is_known=st.booleans())
def test_a_payout_only_goes_forward_whatever_is_heard(
    *, heard: list[Heard], is_known: bool
) -> None:
    """It ends by what is said of its end alone, and once."""
    order = [{PayoutState.SENT, PayoutState.UNKNOWN}, {PayoutState.CONFIRMED}, ENDED]
    state = PayoutState.SENT
    for each in heard:
        then = next_state(state, each, is_known=is_known)
        ranks = [
            next(n for n, alike in enumerate(order) if s in alike)
            for s in (state, then)
        ]
        assert ranks == sorted(ranks)
        if then in ENDED and then is not state:
            assert each.value == then.value
        if state in ENDED:
            assert then is state
        state = then


def test_nothing_is_heard_of_what_was_never_sent() -> None:
    for state in set(PayoutState) - UNDER_WAY - ENDED:
        with pytest.raises(ValueError, match="nothing is heard"):
            next_state(state, Heard.PAID)


def test_silence_makes_only_what_nobody_knows_of_unknown() -> None:
    sent, confirmed = PayoutState.SENT, PayoutState.CONFIRMED
    assert next_state(sent, Heard.SILENT) is PayoutState.UNKNOWN
    assert next_state(sent, Heard.SILENT, is_known=True) is sent
    assert next_state(confirmed, Heard.MISSING) is confirmed


def test_only_another_end_contradicts_an_end() -> None:
    found = {
        (state, heard)
        for state, heard in product(PayoutState, Heard)
        if contradicts(state, heard)
    }
    assert len(found) == 6
    assert all(state in ENDED and state.value != heard.value for state, heard in found)


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_waits_grow_to_their_longest_and_never_come_together(
    attempts: int, dice: float
) -> None:
    patience = Patience()
    wait = patience.wait(Heard.SILENT, attempts, dice)
    assert patience.first * 0.75 <= wait <= patience.longest * 1.25
    assert patience.wait(Heard.REFUSED, 1, dice) >= timedelta(minutes=7)
    if attempts < 8:
        assert wait < patience.wait(Heard.SILENT, attempts + 2, dice)


def answer(status: int, content: bytes, *, genuine: bool = True) -> Answer:
    """Read an answer about the bill."""
    return read_answer(BILL, status, content, genuine=genuine)


@pytest.mark.parametrize(
    ("state", "heard"),
    [
        ("ACCEPTED", Heard.ACCEPTED),
        ("PROCESSING", Heard.ACCEPTED),
        ("WAIT_USER_CONFIRM", Heard.AWAITING_USER),
        ("TRANSFERING", Heard.CONFIRMED),
        ("SUCCESS", Heard.PAID),
        ("FAIL", Heard.FAILED),
        ("CANCELING", Heard.CANCELLING),
        ("CANCELLED", Heard.CANCELLED),
    ],
)
def test_each_state_of_a_transfer_is_understood(state: str, heard: Heard) -> None:
    content = GOOD % (BILL.bill_no.encode(), state.encode(), 100)
    assert answer(200, content).heard is heard
    assert answer(200, content, genuine=False).heard is Heard.SILENT
    other = GOOD % (bill_no_of(8).encode(), state.encode(), 100)
    assert answer(200, other) == Answer(Heard.SILENT, fault="of_another_bill")
    dearer = GOOD % (BILL.bill_no.encode(), state.encode(), 101)
    assert answer(200, dearer) == Answer(Heard.SILENT, fault="of_another_bill")


@pytest.mark.parametrize(
    ("status", "code", "heard"),
    [
        (404, "NOT_FOUND", Heard.MISSING),
        (429, "FREQUENCY_LIMITED", Heard.BUSY),
        (429, "", Heard.BUSY),
        (403, "NOT_ENOUGH", Heard.REFUSED),
        (400, "PARAM_ERROR", Heard.REFUSED),
        (401, "SIGN_ERROR", Heard.REFUSED),
        (400, "A_NEW_ONE", Heard.REFUSED),
        (500, "SYSTEM_ERROR", Heard.SILENT),
        (502, "", Heard.SILENT),
        (301, "", Heard.REFUSED),
    ],
)
def test_no_error_ends_a_payout(status: int, code: str, heard: Heard) -> None:
    """That a bill is unknown is believed where it is signed."""
    content = b'{"code": "%s"}' % code.encode()
    read = answer(status, content)
    assert read.heard is heard
    assert read.fault == (None if heard is Heard.MISSING else code or f"http_{status}")
    forged = answer(status, content, genuine=False).heard
    assert forged is (Heard.SILENT if heard is Heard.MISSING else heard)
    for state in UNDER_WAY:
        assert not next_state(state, heard).is_over


@given(
    status=st.integers(100, 599), content=st.binary(max_size=80), genuine=st.booleans()
)
def test_whatever_comes_back_is_read(
    *, status: int, content: bytes, genuine: bool
) -> None:
    read = answer(status, content, genuine=genuine)
    assert read.heard not in {Heard.PAID, Heard.FAILED, Heard.CANCELLED}


def test_the_file_of_terms_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    make_keys(tmp_path)
    good = write_terms(tmp_path, "http://127.0.0.1:9").read_text()
    path = tmp_path / "terms.toml"
    for wrong, told in (
        (good.replace('app_id = "wxsimulated"', ""), "app_id"),
        (good.replace("http://127.0.0.1:9", "http://pay.example"), "https"),
        (good.replace("http://127.0.0.1:9", "ftp://127.0.0.1"), "https"),
        (good.replace('"merchant.pem"', '"nowhere.pem"'), "No such file"),
        (good.replace('"merchant.pem"', '"platform.pub"'), "PEM"),
        (good.replace('"api-v3-key"', '"platform.pub"'), "32 characters"),
        ("strange = 1\n" + good, "strange"),
        ("=", "Invalid"),
    ):
        path.write_text(wrong)
        with pytest.raises(MisconfiguredError, match=told):
            load_wechat_pay(path)
    path.write_text(good)
    pay = load_wechat_pay(path)
    assert "RSA" not in repr(pay)
    assert (tmp_path / "api-v3-key").read_text() not in repr(pay)
    (tmp_path / "merchant.pem").chmod(0o644)
    with pytest.raises(MisconfiguredError):
        load_wechat_pay(path)


def test_dice_fall_alike_for_one_seed_and_as_often_as_told() -> None:
    odds = read_odds(("all=0.2", "late=0", "mute"))
    assert odds == dict.fromkeys(FAULTS, 0.2) | {"late": 0.0, "mute": 0.1}
    dice, again, other = (Dice(seed, odds) for seed in (1, 1, 2))
    fallen = [dice.happens("slow", n) for n in range(5_000)]
    assert fallen == [again.happens("slow", n) for n in range(5_000)]
    assert fallen != [other.happens("slow", n) for n in range(5_000)]
    assert 800 < sum(fallen) < 1_200
    assert not any(dice.happens("late", n) for n in range(1_000))
    for wrong in ("slow=2", "slow=x", "unheard=0.1", "slow=-1", "slow=nan"):
        with pytest.raises(MisconfiguredError, match="KIND=ODDS"):
            read_odds((wrong,))


def test_each_state_that_is_shown_has_a_name() -> None:
    assert STATE_NAMES.keys() == {each.shown for each in PayoutState}
