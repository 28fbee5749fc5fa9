"""The audit of red packets: sound as they end, and names what somebody broke."""

import pytest

from crowncap.audit import Finding
from crowncap.audit.payouts import CHECKS
from crowncap.audit.totals import BUDGETS_AGREE
from rewards.domain.payouts import Answer, Heard
from tests.fixtures.payouts import RedPackets
from tests.integration.test_payouts import Scripted, cancel, look


@pytest.fixture
async def ended(packets: RedPackets) -> dict[str, int]:
    """Let payouts end in each way; gives them by it."""
    names = ("paid", "failed", "waiting", "cancelled")
    payouts = dict(zip(names, await packets.award(*names), strict=True))
    await packets.pay_to("paid", "failed")
    answers = [Answer(Heard.PAID), Answer(Heard.FAILED, fault="ACCOUNT_FROZEN")]
    await look(packets, Scripted(answers))
    await cancel(packets, payouts["cancelled"])
    states = dict(zip(names, names, strict=True))
    assert await packets.states() == {payouts[n]: s for n, s in states.items()}
    return payouts


OF_PAYOUTS = {each.sentence for each in (*CHECKS, BUDGETS_AGREE)} | {
    "each transfer is from an offer to a member, or ends one that was",
    "each balance equals what its transfers add up to",
}


async def audit(packets: RedPackets) -> list[Finding]:
    """Audit payouts and limits; these rewards are of no scan, and in no figures."""
    found = await packets.ground.audit()
    return [each for each in found if each.sentence in OF_PAYOUTS]


async def test_the_audit_is_sound_however_they_end(
    packets: RedPackets, ended: dict[str, int]
) -> None:
    assert len(ended) == 4
    assert await audit(packets) == []


BREAKS = (
    "UPDATE payouts SET minor = 101, cancelling = true WHERE payout_id = {paid}",
    "UPDATE payouts SET state = 'held', next_at = NULL WHERE payout_id = {waiting}",
    "DELETE FROM transfers WHERE kind = 'reversal' AND origin_id = {failed}",
    (
        "INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,"
        " credit_account, unit, amount) SELECT 0, origin_id, payout_id + 1, 'reversal',"
        " member_no, offer_no, 1, minor FROM payouts WHERE payout_id = {cancelled}"
    ),
)
NAMED = {
    "each payout is of a reward of the same money, and waits while its hold does": {
        *("paid", "waiting")
    },
    "what ended unpaid was taken back, once, and nothing else was": {
        *("failed", "cancelled")
    },
    "each payout that support cancelled is in the audit log": {"paid"},
}


async def test_the_audit_names_what_is_broken(
    packets: RedPackets, ended: dict[str, int]
) -> None:
    for each in BREAKS:
        await packets.ground.rows(each.format(**ended))
    names = {str(payout): name for name, payout in ended.items()}
    found = {
        each.sentence: {names[example] for example in each.examples}
        for each in await audit(packets)
    }
    assert found == NAMED


async def test_the_audit_sees_what_was_not_given_back(
    packets: RedPackets, ended: dict[str, int]
) -> None:
    """A budget that is taken from for what nobody was paid."""
    assert ended
    await packets.ground.rows("UPDATE limit_uses SET used = used + 100")
    [found] = await audit(packets)
    assert found.sentence == (
        "what was taken of a budget or stock equals its transfers and fits"
    )
