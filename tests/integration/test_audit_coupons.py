"""`crowncap audit` names each invariant of coupons when it is broken by hand."""

import json

import pytest

from tests.fixtures.coupons import Counter, read_redeemed

_LIMITS = "what was taken of each limit of a pool equals its coupons, and fits"
_USED = "each coupon is used by the one redemption of it that was not reversed"
_REVERSED = "each reversal is of a redemption, and in the audit log, by the same person"
# Each: what to do to a sound database, and the sentence that must name it.
BREAKS = {
    "a stock that forgot what was issued": (
        "UPDATE limit_uses SET used = used - 1 WHERE holder = 0",
        _LIMITS,
    ),
    "a stock of which nothing is known": (
        "DELETE FROM limit_uses WHERE holder = 0 AND period = 'epoch'",
        _LIMITS,
    ),
    "a stock that was passed": (
        "UPDATE limits SET most = 2 WHERE per = 'total'",
        _LIMITS,
    ),
    "a member who had more": (
        "UPDATE limit_uses SET used = 2, most = 2 WHERE holder > 0",
        _LIMITS,
    ),
    "a coupon of nobody": (
        "UPDATE coupons SET member_no = 1",
        "each coupon is of a pool and of a member",
    ),
    "a coupon of no pool": (
        "UPDATE coupons SET pool_no = 99",
        "each coupon is of a pool and of a member",
    ),
    "a coupon that was used without a trace": ("DELETE FROM redemptions", _USED),
    "a coupon that was used and does not know it": (
        "UPDATE coupons SET state = 'issued', redemption_id = NULL",
        _USED,
    ),
    "a coupon that was used twice": (
        "DELETE FROM redemption_reversals",
        _USED,
    ),
    "a redemption of nothing": (
        "UPDATE redemptions SET coupon_no = 7",
        "each redemption is of a coupon",
    ),
    "a reversal of nothing": ("DELETE FROM redemptions", _REVERSED),
    "a reversal that nobody audited": (
        "DELETE FROM audit_log WHERE action = 'redemption.reverse'",
        _REVERSED,
    ),
    "a coupon with a number that comes again": (
        "UPDATE coupon_numbers SET next_no = 2",
        "no coupon has a number that was not taken",
    ),
}


@pytest.fixture
async def sound(counter: Counter) -> Counter:
    """Give a database in which coupons were issued, used, taken back and voided."""
    pool = await counter.pool(stock=4, daily_stock=4, per_member=1)
    first, second, _ = await counter.issue(pool, "a", "b", "c")
    once = read_redeemed((await counter.redeem(first))[0])
    await counter.reverse(int(once.redemption_id))
    await counter.redeem(first)
    await counter.void(second)
    assert await counter.ground.audit() == []
    return counter


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: Counter, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statement, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await sound.ground.conn.execute("SET session_replication_role = replica")
    await sound.ground.conn.execute(statement.encode())
    findings = {found.sentence: found for found in await sound.ground.audit()}
    assert sentence in findings
    assert findings[sentence].examples


async def test_the_audit_names_a_mark_of_coupons_that_is_behind(
    sound: Counter,
) -> None:
    """A restored database would give numbers again."""
    sound.ground.issuance.high_water.path.write_text(json.dumps({"coupons of 0": 1}))
    [finding] = await sound.ground.audit()
    assert finding.invariant == 10
    assert finding.examples == ("epoch coupons of 0",)
