"""`crowncap audit` names each invariant of cases when it is broken by hand."""

import pytest

from anti_fraud.domain.cases import Verb
from anti_fraud.pipeline.cases import deciding
from anti_fraud.pipeline.cases.deciding import Wish
from tests.fixtures.cases import PORTS, Review
from tests.fixtures.ground import Ground

_ONE = "each hold is in one case at most, and both say so"
_ENDED = "what was decided in a case waits no longer"
_FIGURES = "the figures of a case are those of its scans"
_RELEASED = (
    "each claim that ended was held and denied, and is nobody's whom it was denied"
)
# Each: what to do to a sound database, and the sentence that must name it.
BREAKS = {
    "a hold that names another case": (
        "UPDATE holds SET case_id = 7 WHERE resolution IS NULL",
        _ONE,
    ),
    "a scan of a case whose hold knows nothing of it": (
        "UPDATE holds SET case_id = NULL",
        _ONE,
    ),
    "a hold that was sorted too early": (
        "UPDATE holds SET reason = 'signals' WHERE resolution IS NULL",
        _ONE,
    ),
    "a decided scan whose reward waits": (
        "UPDATE holds SET resolution = NULL, resolved_at = NULL",
        _ENDED,
    ),
    "a decided case with a scan that nobody decided": (
        "UPDATE case_scans SET entry_id = NULL",
        _ENDED,
    ),
    "a case of more points than it holds": (
        "UPDATE cases SET points = points + 1 WHERE state = 'open'",
        _FIGURES,
    ),
    "a code that others may claim though its claim was approved": (
        "UPDATE holds SET resolution = 'posted' WHERE resolution = 'voided'",
        _RELEASED,
    ),
    "a claim that ended of somebody else's scan": (
        "UPDATE released_claims SET member_no = member_no + 1",
        _RELEASED,
    ),
    "a case whose scan is gone": (
        "DELETE FROM case_scans WHERE entry_id IS NULL",
        _FIGURES,
    ),
}


@pytest.fixture
async def sound(ledger: Ground) -> Ground:
    """Give a case that was approved, one denied with its code released, one open."""
    await ledger.rules()
    review = Review(ledger, await ledger.campaign("points"))
    for name in ("anna", "ben", "eve"):
        [member] = await ledger.members(name)
        [code] = await ledger.live(1)
        await review.hold(code, member)
    await review.sorting().sort_once()
    cases = await ledger.rows("SELECT case_id FROM cases ORDER BY case_id")
    [[approved], [denied], _] = cases
    for wish in (
        Wish(approved, 1, Verb.APPROVE),
        Wish(denied, 1, Verb.DENY, release_code=True),
    ):
        async with ledger.engine.begin() as conn:
            await deciding.decide_case(review.work(conn), PORTS, wish, note="n")
    return ledger


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: Ground, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statement, sentence = BREAKS[name]
    assert await sound.audit() == []
    # As somebody would who goes behind the service's back.
    await sound.conn.execute("SET session_replication_role = replica")
    await sound.conn.execute(statement.encode())
    findings = {found.sentence: found for found in await sound.audit()}
    assert sentence in findings
    assert findings[sentence].examples
