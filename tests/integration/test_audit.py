"""`crowncap audit` names each invariant when it is broken by hand."""

import json

import msgspec
import pytest

from anti_fraud.default_rules import shipped_rule_set
from anti_fraud.domain.decision import decide
from codegen.domain.batches import Selection
from codegen.domain.ranges import RangeState
from core.clock import business_day, utc_datetime
from crowncap.audit.run import CHECKS
from crowncap.audit.totals import CHECKS as TOTALS
from rewards.domain.holds import Resolution
from rewards.store.holds import load_open_holds, resolve_holds
from scan_api.domain.scans import Outcome
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.integration.test_audit_cards import BREAKS as OF_CARDS
from tests.integration.test_audit_cases import BREAKS as OF_CASES
from tests.integration.test_audit_coupons import BREAKS as OF_COUPONS
from tests.integration.test_audit_draws import BREAKS as OF_DRAWS
from tests.integration.test_audit_gifts import BREAKS as OF_GIFTS
from tests.integration.test_audit_limits import BREAKS as OF_LIMITS
from tests.integration.test_audit_payouts import NAMED as OF_PAYOUTS
from tests.integration.test_audit_reversals import BREAKS as OF_REVERSALS
from tests.integration.test_audit_tickets import BREAKS as OF_TICKETS
from tests.integration.test_figures import BREAKS as OF_FIGURES

# Each: what to do to a sound database, and the sentence that must name it.
PACKAGE = (
    "INSERT INTO packages (batch_id, first_code_id, last_code_id, document,"
    " sample_code_id, ordered_by, ordered_at, downloads_allowed, approved_by,"
    " approved_at, expires_at) VALUES (1, 1, 1, '{}', 1, 'ben', now(), 3"
)
UNIT = "INSERT INTO logistic_units (sscc, kind, state, pallet_sscc) VALUES"
BREAKS = {
    "a claim without its scan": (
        "DELETE FROM scans WHERE outcome = 'rewarded'",
        "each claim has the scan that made it",
    ),
    "a claim of another member": (
        "UPDATE claims SET member_no = member_no + 1",
        "each claim has the scan that made it",
    ),
    "a claiming scan without its claim": (
        "DELETE FROM claims WHERE code_id = (SELECT min(code_id) FROM claims)",
        "each scan that claims has its claim",
    ),
    "two claiming scans of a code": (
        (
            "INSERT INTO scans SELECT scan_id + 1, code_id, member_no, outcome, 0,"
            " campaign_no, available, NULL, 1, facts FROM scans WHERE points > 4"
        ),
        "no code is claimed by two scans",
    ),
    "a scan that says more than was paid": (
        "UPDATE scans SET points = 6 WHERE outcome = 'rewarded'",
        "what a scan earned is what offers transferred to its member",
    ),
    "a reward without a scan": (
        (
            "INSERT INTO transfers SELECT 0, 1, 1, 'posted', debit_account,"
            " credit_account, 5"
            " FROM transfers WHERE kind = 'posted' LIMIT 1"
        ),
        "what a scan earned is what offers transferred to its member",
    ),
    "a campaign of another brand's": (
        "UPDATE campaigns SET brand = 'Another'",
        "no code stands for a campaign of another brand",
    ),
    "a campaign that pays more than anybody approved": (
        "UPDATE campaigns SET points = points + 1",
        "each campaign pays by the version of it that is active, what that says",
    ),
    "a campaign that pays by no version": (
        "UPDATE campaign_versions SET state = 'retired'",
        "each campaign pays by the version of it that is active, what that says",
    ),
    "a number that two workers had": (
        (
            "INSERT INTO worker_leases (worker_no, host, pid, started_at, seen_at,"
            " last_id) SELECT 9, 'a', n, now() - n * interval '1 s', now(), 0"
            " FROM generate_series(1, 2) AS n"
        ),
        "no two workers had one number at the same time",
    ),
    "a scan of a worker that had given its number up": (
        (
            "INSERT INTO worker_leases (worker_no, host, pid, started_at, seen_at,"
            " last_id, ended_at) VALUES (1, 'a', 1, now() - interval '1 day',"
            " now() - interval '1 hour', 0, now() - interval '1 hour')"
        ),
        "no scan has the number of a worker that had given it up",
    ),
    "a key without an answer": (
        (
            "INSERT INTO idempotency_keys VALUES (0, decode(repeat('ab', 16), 'hex'),"
            " decode(repeat('ab', 16), 'hex'), 0, NULL, NULL, now())"
        ),
        "each idempotency key has its recorded answer",
    ),
    "a transfer from nowhere": (
        "UPDATE transfers SET debit_account = 999999 WHERE kind = 'posted'",
        "each transfer is from an offer to a member, or ends one that was",
    ),
    "an end of what never began": (
        (
            "INSERT INTO transfers SELECT 0, 1, 2, 'post', debit_account,"
            " credit_account, 5 FROM transfers LIMIT 1"
        ),
        "each transfer is from an offer to a member, or ends one that was",
    ),
    "a hold of nothing": (
        (
            "INSERT INTO holds SELECT 0, 1, code_id, member_no, campaign_no, amount,"
            " day, reason FROM holds LIMIT 1"
        ),
        "each pending transfer has its hold, resolved as the ledger says",
    ),
    "a member whom nobody finds": (
        "UPDATE identities SET member_no = 7 WHERE member_id = 'ann'",
        "each member is found by its identity",
    ),
    "a balance that was raised": (
        "UPDATE balances SET available = available + 1",
        "each balance equals what its transfers add up to",
    ),
    "a balance that is gone": (
        "DELETE FROM balances",
        "each balance equals what its transfers add up to",
    ),
    "a negative balance": (
        (
            "ALTER TABLE balances DROP CONSTRAINT balances_available_check;"
            "UPDATE balances SET available = -1"
        ),
        "no balance is negative",
    ),
    "a hold that was lost": (
        "DELETE FROM holds WHERE resolution IS NULL",
        "each pending transfer has its hold, resolved as the ledger says",
    ),
    "a hold that ended without a transfer": (
        (
            "UPDATE holds SET resolution = 'posted', resolved_at = now()"
            " WHERE resolution IS NULL"
        ),
        "each pending transfer has its hold, resolved as the ledger says",
    ),
    "a budget that forgot what it spent": (
        "UPDATE limit_uses SET used = 0 WHERE holder = 0",
        "what was taken of a budget or stock equals its transfers and fits",
    ),
    "a cap that was passed": (
        "UPDATE limits SET most = 4 WHERE per = 'member_day'",
        "no more was earned in a day than its limit lets",
    ),
    "a day's cap that was forgotten": (
        "UPDATE limit_uses SET used = 0 WHERE holder > 0",
        "what was taken of a day's limit equals the transfers of that day",
    ),
    "a batch with a hole": (
        "DELETE FROM ranges WHERE state = 'void'",
        "the ranges of each batch tile it",
    ),
    "a change that nobody audited": (
        "DELETE FROM audit_log WHERE action = 'batch.activate'",
        "each change of a batch is in the audit log, by the same person",
    ),
    "a change that somebody else audited": (
        "UPDATE audit_log SET person = 'mallory'",
        "each change of a batch is in the audit log, by the same person",
    ),
    "an epoch that forgot its batches": (
        "UPDATE epochs SET next_serial = 0",
        "no epoch has issued past its next serial",
    ),
    "a claim of a code that was never activated": (
        "UPDATE ranges SET state = 'issued'",
        "no code was claimed that was not activated, or after its range was ended",
    ),
    "a claim after the void of its range": (
        (
            "UPDATE ranges SET state = 'void';"
            "UPDATE range_changes SET at = at - interval '1 day'"
        ),
        "no code was claimed that was not activated, or after its range was ended",
    ),
    "a claim after the void of its code": (
        (
            "INSERT INTO void_codes SELECT code_id, (SELECT min(change_id)"
            " FROM range_changes) FROM claims"
        ),
        "no code was claimed after it was voided",
    ),
    "a package that nobody else approved": (
        f"{PACKAGE}, 'ada', now(), now())",
        "each package that was approved was approved by a second person, and audited",
    ),
    "a download that was not counted": (
        (
            f"{PACKAGE}, NULL, NULL, NULL);"
            "INSERT INTO package_downloads (package_id, at, person, token_id)"
            " SELECT package_id, now(), 'eve', 't' FROM packages"
        ),
        "each download of a package was counted",
    ),
    "a honey code that is on sale": (
        (
            "INSERT INTO honey_codes (code_id, batch_id, added_by, added_at)"
            " SELECT min(code_id), 1, 'ann', now() FROM claims"
        ),
        "each honey code is void, and in no package",
    ),
    "a count that is not that of its codes": (
        (
            "INSERT INTO line_counts (batch_id, issued, printed)"
            " SELECT batch_id, quantity, 1 FROM batches LIMIT 1"
        ),
        "the counts of each batch are those of its codes and units",
    ),
    "a carton that came from nowhere": (
        f"{UNIT} ('069012340000000016', 'carton', 'packed', NULL)",
        "each logistic unit stands as its latest event left it",
    ),
    "a shipment that nobody audited": (
        (
            "INSERT INTO logistic_events VALUES (gen_random_uuid(), 'shipping',"
            " DEFAULT, now(), '+08:00', now(), 'mallory')"
        ),
        "each event of logistic units is in the audit log, by the same person",
    ),
    "a carton that its pallet left behind": (
        (
            f"{UNIT} ('069012340000000023', 'pallet', 'shipped', NULL),"
            " ('069012340000000016', 'carton', 'packed', '069012340000000023')"
        ),
        "each carton on a pallet is where the pallet is",
    ),
    "a carton of nothing": (
        f"{UNIT} ('069012340000000016', 'carton', 'packed', NULL)",
        "each carton holds caps of its batches until it is unpacked",
    ),
    "a carton of caps that nobody ordered": (
        (
            f"{UNIT} ('069012340000000016', 'carton', 'packed', NULL);"
            "INSERT INTO carton_contents SELECT '069012340000000016', 1 << 30, 1 << 30,"
            " min(batch_id) FROM batches"
        ),
        "each carton holds caps of its batches until it is unpacked",
    ),
    "a judged scan that ended otherwise": (
        "UPDATE scans SET outcome = 'refused' WHERE facts <> ''",
        "each scan that was judged is judged alike again",
    ),
    # By version 2: a member's third scan in ten minutes, which scored 7.
    "a score of nothing": (
        "UPDATE scans SET facts = '\\x82a16a920203a573636f726507' WHERE facts <> ''",
        "each scan that was judged is judged alike again",
    ),
    "rules that nobody has any more": (
        "DELETE FROM rule_sets",
        "each scan that was judged is judged alike again",
    ),
    "a day that no calendar has with a shelf life": (
        (
            "ALTER TABLE ranges DROP CONSTRAINT ranges_produced_on_in_bounds;"
            "UPDATE ranges SET produced_on = 'infinity'"
        ),
        "each stored day, time and number lies within its bounds",
    ),
}


@pytest.fixture
async def sound(ledger: Ground) -> Ground:
    """Give a database in which everything has happened, and all is well."""
    await ledger.rules()
    points = await ledger.campaign("points", cap=10, budget=100)
    codes = await ledger.live(6, campaign_id="points")
    ann, bob = await ledger.members("ann", "bob")
    held = Outcome.HELD
    for code in codes[:2]:
        await ledger.commit(ledger.wish(code, bob, points, outcome=held))
    async with ledger.engine.begin() as conn:
        [hold, _] = await load_open_holds(conn, frozen=[], limit=2)
        await resolve_holds(
            conn,
            [hold],
            next_id=lambda: ledger.ids.next_id(CLOCK.now_ms()),
            resolution=Resolution.POSTED,
            now=utc_datetime(CLOCK.now_ms()),
        )
    judged = ledger.wish(codes[2], ann, points)
    today = business_day(CLOCK.now_ms(), TIMEZONE)
    decision = decide(shipped_rule_set(), {"member_scans_10m": 3}, today)
    plan = msgspec.structs.replace(judged.plan, decision=decision)
    await ledger.commit(msgspec.structs.replace(judged, plan=plan))
    await ledger.commit(ledger.wish(codes[2], bob, points))
    batch = await ledger.issue(4)
    last = Selection(from_index=3, to_index=3)
    await ledger.change(batch, RangeState.VOID, last)
    assert await ledger.audit() == []
    return ledger


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken(sound: Ground, name: str) -> None:
    """A sound database has no finding; a broken one has this one, with an example."""
    statements, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await sound.conn.execute("SET session_replication_role = replica")
    for statement in statements.split(";"):
        await sound.conn.execute(statement.encode())
    findings = {finding.sentence: finding for finding in await sound.audit()}
    assert sentence in findings
    assert findings[sentence].count >= 1
    assert findings[sentence].examples


async def test_the_audit_names_a_high_water_mark_that_is_behind(
    sound: Ground,
) -> None:
    """The mark outside PostgreSQL has to cover everything that was issued."""
    sound.issuance.high_water.path.write_text(json.dumps({"0": 1}))
    [finding] = await sound.audit()
    assert finding.invariant == 10
    assert finding.examples == ("epoch 0",)


def test_every_check_is_broken_once() -> None:
    """A new check needs a new way to break it here."""
    # By construction of `entries` debits and credits always cancel out.
    beyond_reach = {"debits and credits cancel out"}
    breaks = (
        BREAKS | OF_LIMITS | OF_COUPONS | OF_GIFTS | OF_CARDS | OF_DRAWS | OF_FIGURES
    )
    breaks |= OF_REVERSALS | OF_TICKETS | OF_CASES
    known = {sentence for _, sentence in breaks.values()} | {*OF_PAYOUTS}
    known |= beyond_reach
    assert known == {check.sentence for check in (*CHECKS, *TOTALS)}
