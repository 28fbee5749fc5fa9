"""Bounds in the tables: old rows are brought within them, new ones are held to them."""

from pathlib import Path

import psycopg
import pytest

import migrations
from codegen.domain.batches import Selection
from codegen.domain.ranges import RangeState
from codegen.store import find_batch
from tests.fixtures.ground import Ground

VERSIONS = Path(migrations.__file__).with_name("versions")
NAMED = (
    "SELECT conrelid::regclass, conname FROM pg_constraint"
    " WHERE conname LIKE '%_in_bounds'"
)
LAST = "2199-12-31 23:59:59.999999+00"
# Each: a statement that writes a value out of bounds, and the constraint that says no.
WRONG = {
    "UPDATE products SET shelf_life_days = 36501": "products_shelf_life",
    "UPDATE products SET name = repeat('x', 65)": "products_names",
    "UPDATE batches SET produced_on = 'infinity'": "batches_produced_on",
    "UPDATE batches SET produced_on = '0001-01-01 BC'": "batches_produced_on",
    "UPDATE batches SET lot = ''": "batches_texts",
    "UPDATE ranges SET produced_on = '9999-12-31'": "ranges_produced_on",
    "UPDATE ranges SET effective_at = '0001-01-01T00:00:00+08:00'": (
        "ranges_effective_at"
    ),
    "UPDATE ranges SET effective_at = '294276-12-31'": "ranges_effective_at",
    "UPDATE ranges SET plant = repeat('x', 65)": "ranges_texts",
    "UPDATE campaigns SET starts_at = '-infinity'": "campaigns_times",
    "UPDATE campaigns SET ends_at = 'infinity'": "campaigns_times",
    "UPDATE campaigns SET points = 20000001": "campaigns_points",
    "UPDATE campaigns SET brand = ''": "campaigns_brand",
    "UPDATE limits SET most = 1000000000000001": "limits_most",
    "UPDATE staff_tokens SET expires_at = 'infinity'": "staff_tokens_expiry",
    "UPDATE packages SET download_by = '9999-12-31'": "packages_deadlines",
    (
        "INSERT INTO recalls (scope, reason, instructions, requested_by, requested_at)"
        " VALUES ('{}', '', repeat('x', 501), '', now())"
    ): "recalls_texts",
    (
        "INSERT INTO logistic_events (event_id, kind, happened_at, time_zone_offset,"
        " recorded_at, person) VALUES (gen_random_uuid(), 'packing', '1999-12-31',"
        " '+00:00', now(), '')"
    ): "logistic_events_times",
}


@pytest.fixture
async def furnished(ledger: Ground) -> Ground:
    """Put a row into each table that has bounds; the batch is number 1."""
    await ledger.campaign("old", budget=100)
    await ledger.live(100, lot="L1", campaign_id="old")
    await ledger.rows(
        "INSERT INTO packages (batch_id, first_code_id, last_code_id, document,"
        " sample_code_id, ordered_by, ordered_at, downloads_allowed)"
        " VALUES (1, 1, 1, '{}', 1, 'ben', now(), 3)"
    )
    await ledger.rows(
        "INSERT INTO staff_tokens (token_id, secret_hash, person, role, created_at)"
        " VALUES ('t', decode(repeat('00', 32), 'hex'), 'ann', 'admin', now())"
    )
    return ledger


async def test_a_row_out_of_bounds_is_refused(furnished: Ground) -> None:
    """By the named constraint, in every table that takes values from outside."""
    refused = {}
    for statement in WRONG:
        with pytest.raises(psycopg.errors.CheckViolation) as fault:
            await furnished.conn.execute(statement.encode())
        refused[statement] = fault.value.diag.constraint_name
    assert refused == {s: f"{name}_in_bounds" for s, name in WRONG.items()}
    named = {str(name) for _, name in await furnished.rows(NAMED)}
    assert named == set(refused.values())


async def migrate_again(ground: Ground, *names: str) -> None:
    """Run statements of migrations once more, each file a transaction."""
    for name in names:
        async with ground.conn.transaction():
            await ground.conn.execute((VERSIONS / f"{name}.sql").read_bytes())


async def as_before(ground: Ground) -> None:
    """Take the bounds away, as before there were any; limits were elsewhere then."""
    await ground.rows(
        "ALTER TABLE campaigns ADD COLUMN daily_cap bigint;"
        "CREATE TABLE campaign_budgets AS"
        " SELECT campaign_no, most AS budget, 0 AS spent FROM limits"
    )
    for table, name in await ground.rows(NAMED):
        await ground.rows(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


async def test_old_values_are_brought_within_the_bounds(furnished: Ground) -> None:
    """A start long ago means always; what was there is kept; nothing is stuck."""
    await as_before(furnished)
    for statement in (
        "UPDATE products SET shelf_life_days = 2147483647",
        "UPDATE batches SET produced_on = '0001-01-01'",
        "UPDATE ranges SET produced_on = 'infinity'",
        "UPDATE ranges SET effective_at = '0001-01-01T00:00:00+08:00'",
        "UPDATE campaigns SET starts_at = '-infinity', ends_at = 'infinity'",
        "UPDATE campaign_budgets SET budget = 9223372036854775807",
        "UPDATE packages SET download_by = '9999-12-31T23:59:59-12:00'",
        "UPDATE staff_tokens SET expires_at = 'infinity'",
    ):
        await furnished.rows(statement)
    await migrate_again(furnished, "0017_bounds", "0017b_bounds_hold")
    found = await furnished.rows(
        "SELECT p.shelf_life_days, b.produced_on, r.produced_on, r.effective_at,"
        " c.starts_at::text, c.ends_at, m.budget, k.download_by, t.expires_at::text"
        " FROM products AS p, batches AS b, ranges AS r, campaigns AS c,"
        " campaign_budgets AS m, packages AS k, staff_tokens AS t"
    )
    start = "2000-01-01 00:00:00+00"
    assert found == [(36_500, None, None, None, start, None, 10**15, None, LAST)]
    kept = await furnished.rows(
        "SELECT subject, detail FROM audit_log WHERE action = 'value.bound'"
    )
    assert {str(subject).partition(":")[0] for subject, _ in kept} == {
        *("product", "batch", "campaign", "campaign_no", "package", "token"),
    }
    assert {"shelf_life_days": 2147483647} in [detail for _, detail in kept]
    assert await furnished.rows(NAMED + " AND NOT convalidated") == []
    assert await furnished.audit() == []
    # The pieces of a range that had such values may be cut and recalled.
    async with furnished.engine.connect() as conn:
        batch = await find_batch(conn, 1)
    assert batch is not None
    done = await furnished.change(
        batch, RangeState.VOID, Selection(from_index=10, to_index=19)
    )
    assert done.changed == 10
    assert (await furnished.change(batch, RangeState.RECALLED)).changed == 90


async def test_a_far_start_stays_far(furnished: Ground) -> None:
    """Codes that were not to be active for ever do not become active."""
    await as_before(furnished)
    await furnished.rows("UPDATE ranges SET effective_at = 'infinity'")
    await furnished.rows("UPDATE campaigns SET starts_at = 'infinity'")
    await migrate_again(furnished, "0017_bounds")
    found = await furnished.rows(
        "SELECT effective_at::text, starts_at::text FROM ranges, campaigns"
    )
    assert found == [(LAST, LAST)]


async def test_a_row_that_slips_in_stops_no_migration(furnished: Ground) -> None:
    """It leaves its constraint unvalidated, and the audit names it."""
    await as_before(furnished)
    await migrate_again(furnished, "0017_bounds")
    name = "batches_produced_on_in_bounds"
    await furnished.rows(f"ALTER TABLE batches DROP CONSTRAINT {name}")
    await furnished.rows("UPDATE batches SET produced_on = '9999-12-31'")
    await furnished.rows(
        f"ALTER TABLE batches ADD CONSTRAINT {name}"
        " CHECK (produced_on < '2200-01-01') NOT VALID"
    )
    await migrate_again(furnished, "0017b_bounds_hold")
    left = await furnished.rows(NAMED + " AND NOT convalidated")
    assert [each for _, each in left] == [name]
    [finding] = await furnished.audit()
    assert (finding.invariant, finding.examples) == (13, ("batch 1",))


async def test_old_spellings_of_one_person_become_one(furnished: Ground) -> None:
    """Their tokens are spelled alike; what they did alone as two is called off."""
    await furnished.rows(
        "DROP FUNCTION fold_name CASCADE;"
        "UPDATE packages SET approved_by = E'BEN\u200b ', approved_at = now(),"
        " expires_at = now();"
        "ALTER TABLE packages ADD CONSTRAINT two_persons_package"
        " CHECK (approved_by <> ordered_by);"
        "ALTER TABLE recalls ADD CONSTRAINT two_persons_recall"
        " CHECK (approved_by <> requested_by);"
        "INSERT INTO staff_tokens (token_id, secret_hash, person, role, created_at)"
        " SELECT n, secret_hash, n, role, now() FROM staff_tokens,"
        " (VALUES (' ANN'), ('anne')) AS more (n)"
    )
    await migrate_again(furnished, "0024_names")
    persons = await furnished.rows("SELECT person FROM staff_tokens ORDER BY token_id")
    assert persons == [("ann",), ("anne",), ("ann",)]
    cancelled = "SELECT cancelled_by FROM packages WHERE approved_by IS NOT NULL"
    assert await furnished.rows(cancelled) == [("migration 0024",)]
    told = "SELECT action FROM audit_log WHERE person = 'migration 0024' ORDER BY 1"
    assert await furnished.rows(told) == [("package.cancel",), ("person.respell",)]
