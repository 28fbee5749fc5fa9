"""How to break what was taken back, and which sentence of the audit must name it."""

import pytest

from tests.fixtures.claims import Claims, gift, points, scan_id, working
from tests.fixtures.ground import Ground

BREAKS = {
    "more taken back than there was": (
        (
            "INSERT INTO transfers (shard, origin_id, transfer_id, kind, debit_account,"
            " credit_account, unit, amount) SELECT 0, origin_id, transfer_id + 1,"
            " 'reversal', debit_account, credit_account, unit, 1 FROM transfers"
            " WHERE kind = 'reversal' AND unit <> 1"
        ),
        "no more of a reward was taken back than it was",
    ),
    "a reversal by nobody": (
        "DELETE FROM audit_log WHERE action = 'scan.reverse'",
        "each scan whose rewards were taken back is in the audit log, by whom",
    ),
    "room that nobody gave back": (
        "UPDATE limit_uses SET used = 1 WHERE period = date 'epoch' AND used = 0",
        "what was taken of a budget or stock equals its transfers and fits",
    ),
    "room of a day that nobody gave back": (
        "UPDATE limit_uses SET used = 1 WHERE period > date 'epoch'",
        "what was taken of a day's limit equals the transfers of that day",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
async def test_the_audit_names_what_is_broken_of_a_reversal(
    ledger: Ground, redis_url: str, name: str
) -> None:
    claims = Claims(ledger)
    caps = [{"per": "day", "of": "claims", "most": 3}]
    budget = {"points": 50}
    await claims.campaign("all", points(), gift(stock=3), budget=budget, caps=caps)
    async with working(claims, redis_url) as [worker]:
        [code] = await ledger.live(1)
        await claims.reverse(scan_id(await worker.scan(code, "ann")))
    assert await ledger.audit() == []
    statement, sentence = BREAKS[name]
    # As somebody would who goes behind the service's back.
    await ledger.conn.execute("SET session_replication_role = replica")
    await ledger.conn.execute(statement.encode())
    assert sentence in {each.sentence for each in await ledger.audit()}
