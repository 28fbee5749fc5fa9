"""Which rules an installation judges by, and who put them there."""

import asyncio
from typing import Any

import psycopg
import pytest

from anti_fraud.default_rules import shipped_rules
from anti_fraud.domain.rule_set_versions import RuleSetState
from anti_fraud.pipeline import rule_sets as pipeline
from anti_fraud.store.rule_sets import load_rules
from core.auth import Role
from core.auth.principal import Staff
from core.clock import business_day, utc_datetime
from core.errors import Conflict
from crowncap.startup import install_rules
from tests.fixtures.ground import CLOCK, TIMEZONE, Ground
from tests.fixtures.worker import store_rules

SHIPPED = shipped_rules()["version"]
LI, WANG = (Staff("", name, Role.ANALYST) for name in ("li", "wang"))


async def store(ledger: Ground, version: int, author: str) -> None:
    """Store a rule set as somebody made it, and let it judge."""
    document = shipped_rules() | {"version": version, "throttles": []}
    await store_rules(ledger, version, document, author)


async def start(ledger: Ground) -> None:
    """Do what each start does, twice, as two programs would."""
    for _ in range(2):
        async with ledger.engine.begin() as conn:
            await install_rules(conn, now=utc_datetime(CLOCK.now_ms()))


async def write(ledger: Ground, author: Staff = LI) -> int:
    """Write a draft of a person; gives its version."""
    now_ms = CLOCK.now_ms()
    async with ledger.engine.begin() as conn:
        draft = await pipeline.write_rule_set(
            conn,
            shipped_rules(),
            "",
            author,
            now=utc_datetime(now_ms),
            today=business_day(now_ms, TIMEZONE),
        )
    return draft.version


async def commit(ledger: Ground, version: int) -> None:
    """Commit a draft."""
    async with ledger.engine.begin() as conn:
        now = utc_datetime(CLOCK.now_ms())
        await pipeline.commit_rule_set(conn, version, LI, now=now)


async def activate(ledger: Ground, version: int, expected: int) -> None:
    """Activate a version, as somebody else than its author."""
    async with ledger.engine.begin() as conn:
        await pipeline.activate_rule_set(
            conn,
            version,
            WANG,
            expected_active=expected,
            reason="",
            now=utc_datetime(CLOCK.now_ms()),
        )


async def roll_back(ledger: Ground) -> int:
    """Roll back; gives what is active then."""
    async with ledger.engine.begin() as conn:
        version = await pipeline.roll_rules_back(
            conn,
            LI,
            expected_active=None,
            reason="worse",
            now=utc_datetime(CLOCK.now_ms()),
        )
    return version.version


async def versions(ledger: Ground) -> list[tuple[int, str]]:
    """List who made which version."""
    rows = await ledger.rows(
        "SELECT version, created_by FROM rule_sets ORDER BY version"
    )
    return [(version, author) for version, author in rows]


async def states(ledger: Ground) -> dict[int, RuleSetState]:
    """Tell where each version stands."""
    async with ledger.engine.connect() as conn:
        found = await pipeline.list_rule_sets(conn, LI, before=None, limit=100)
    return {each.version: each.state for each in found}


async def judging(ledger: Ground) -> int:
    """Tell which version judges."""
    async with ledger.engine.connect() as conn:
        return (await load_rules(conn)).version


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
    assert await states(ledger) == {SHIPPED: "active"}


async def test_newer_rules_reach_who_has_made_none(ledger: Ground) -> None:
    await store(ledger, SHIPPED - 1, "crowncap")
    await start(ledger)
    assert await versions(ledger) == [
        (SHIPPED - 1, "crowncap"),
        (SHIPPED, "crowncap"),
    ]
    assert await audited(ledger) == [("system", f"rule_set:{SHIPPED}", SHIPPED - 1)]
    assert await judging(ledger) == SHIPPED


async def test_rules_that_a_person_made_are_never_replaced(ledger: Ground) -> None:
    """What ships comes beside them under a number of its own, to be activated."""
    await store(ledger, SHIPPED + 5, "li")
    await start(ledger)
    assert await judging(ledger) == SHIPPED + 5
    assert await states(ledger) == {SHIPPED + 5: "active", SHIPPED + 6: "committed"}
    await activate(ledger, SHIPPED + 6, SHIPPED + 5)
    assert await judging(ledger) == SHIPPED + 6


async def test_what_a_person_rolled_back_to_is_not_replaced(ledger: Ground) -> None:
    await store(ledger, SHIPPED - 1, "crowncap")
    version = await write(ledger)
    await commit(ledger, version)
    await activate(ledger, version, SHIPPED - 1)
    assert await roll_back(ledger) == SHIPPED - 1
    await start(ledger)
    assert await judging(ledger) == SHIPPED - 1


async def test_an_older_program_does_not_bring_its_rules_back(ledger: Ground) -> None:
    await store(ledger, SHIPPED + 1, "crowncap")
    await start(ledger)
    assert await versions(ledger) == [(SHIPPED + 1, "crowncap")]


async def test_two_who_write_at_once_get_a_number_each(ledger: Ground) -> None:
    await start(ledger)
    numbers = await asyncio.gather(*(write(ledger) for _ in range(6)))
    assert sorted(numbers) == list(range(SHIPPED + 1, SHIPPED + 7))


async def test_of_two_activations_at_once_one_wins(ledger: Ground) -> None:
    """The other is told that what it saw is active no longer."""
    await start(ledger)
    ready = [await write(ledger) for _ in range(2)]
    for version in ready:
        await commit(ledger, version)
    done = await asyncio.gather(
        *(activate(ledger, version, SHIPPED) for version in ready),
        return_exceptions=True,
    )
    [fault] = [each for each in done if each is not None]
    assert isinstance(fault, Conflict)
    assert fault.code == "stale"
    assert await judging(ledger) == ready[done.index(None)]


async def test_a_set_that_nobody_can_read_leaves_the_one_before(
    ledger: Ground,
) -> None:
    """As when an older program meets what a newer one wrote."""
    await start(ledger)
    await store_rules(ledger, SHIPPED + 1, {"rules": "of tomorrow"}, "li")
    assert await judging(ledger) == SHIPPED


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            f"UPDATE rule_set_slots SET version = {SHIPPED + 1} WHERE slot = 'active'",
            "slot_of_a_committed",
        ),
        ("INSERT INTO rule_set_slots (slot) VALUES ('second')", "slot_of_a_kind"),
        ("INSERT INTO rule_set_slots (slot) VALUES ('active')", "rule_set_slots_pkey"),
        (
            (
                f"UPDATE rule_set_slots SET version = {SHIPPED},"
                " until = CASE slot WHEN 'shadow' THEN now() END"
            ),
            "one_slot_of_a_version",
        ),
    ],
)
async def test_the_database_lets_one_committed_version_at_most_into_each_slot(
    ledger: Ground, statement: str, constraint: str
) -> None:
    await start(ledger)
    await write(ledger)
    with pytest.raises(psycopg.errors.IntegrityError) as caught:
        await ledger.conn.execute(statement)
    assert caught.value.diag.constraint_name == constraint


@pytest.mark.parametrize(
    "table", ["rule_set_commits", "rule_set_changes", "rule_sets", "rule_set_slots"]
)
async def test_what_was_done_to_rules_stays_written(ledger: Ground, table: str) -> None:
    await start(ledger)
    statements: list[Any] = [f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"]
    for statement in statements:
        with pytest.raises(psycopg.errors.DatabaseError, match="append-only"):
            await ledger.conn.execute(statement)
