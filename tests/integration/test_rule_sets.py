"""Which rules an installation judges by, and who put them there."""

from sqlalchemy import insert

from anti_fraud.default_rules import shipped_rules
from anti_fraud.tables import rule_sets
from core.clock import utc_datetime
from crowncap.startup import install_rules
from tests.fixtures.ground import CLOCK, Ground

SHIPPED = shipped_rules()["version"]


async def store(ledger: Ground, version: int, author: str) -> None:
    """Store a rule set as somebody made it."""
    async with ledger.engine.begin() as conn:
        await conn.execute(
            insert(rule_sets).values(
                version=version,
                document=shipped_rules() | {"version": version, "throttles": []},
                created_by=author,
                created_at=utc_datetime(CLOCK.now_ms()),
            )
        )


async def start(ledger: Ground) -> None:
    """Do what each start does, twice, as two programs would."""
    for _ in range(2):
        async with ledger.engine.begin() as conn:
            await install_rules(conn, now=utc_datetime(CLOCK.now_ms()))


async def versions(ledger: Ground) -> list[tuple[int, str]]:
    """List who made which version."""
    rows = await ledger.rows(
        "SELECT version, created_by FROM rule_sets ORDER BY version"
    )
    return [(version, author) for version, author in rows]


async def audited(ledger: Ground) -> list[tuple[str, str, int | None]]:
    """List what the audit log says of rules."""
    rows = await ledger.rows(
        "SELECT person, subject, (detail->>'before')::int FROM audit_log"
        " WHERE action = 'rule_set.install' ORDER BY audit_id"
    )
    return [(person, subject, before) for person, subject, before in rows]


async def test_a_new_installation_has_the_rules_that_ship(ledger: Ground) -> None:
    await start(ledger)
    assert await versions(ledger) == [(SHIPPED, "crowncap")]
    assert await audited(ledger) == [("system", f"rule_set:{SHIPPED}", None)]


async def test_newer_rules_reach_who_has_made_none(ledger: Ground) -> None:
    await store(ledger, SHIPPED - 1, "crowncap")
    await start(ledger)
    assert await versions(ledger) == [
        (SHIPPED - 1, "crowncap"),
        (SHIPPED, "crowncap"),
    ]
    assert await audited(ledger) == [("system", f"rule_set:{SHIPPED}", SHIPPED - 1)]


async def test_rules_that_a_person_made_are_never_replaced(ledger: Ground) -> None:
    await store(ledger, 1, "li")
    await start(ledger)
    assert await versions(ledger) == [(1, "li")]
    assert await audited(ledger) == []


async def test_an_older_program_does_not_bring_its_rules_back(ledger: Ground) -> None:
    await store(ledger, SHIPPED + 1, "crowncap")
    await start(ledger)
    assert await versions(ledger) == [(SHIPPED + 1, "crowncap")]
