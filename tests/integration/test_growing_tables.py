"""PostgreSQL's catalogue against the rules by which tables can be spread over machines.

Each table is listed here as one of three kinds, with what it is kept by: whoever adds a
table decides what it is. docs/decisions/0011 says what the rules are for.
"""

import re

import pytest

from tests.fixtures.ground import Ground
from tests.integration.test_sql_functions import STEPS

# Rows come with scans, members and their keys. By which key, and how it is parted: by
# RANGE or HASH of a column, or None while all of it fits where it lies.
# About codes: bucket(code_id >> 20).
OF_CODES = {
    "claims": ("code_id", "RANGE"),
    "sightings": ("code_id", "RANGE"),
    "scans": ("scan_id", "RANGE"),
    "scan_traces": ("scan_id", "RANGE"),
    "void_codes": ("code_id", None),
    "forgotten_claims": ("code_id", None),
    "released_claims": ("code_id", None),
}
# About members: bucket(member_no).
OF_MEMBERS = {
    "members": ("member_no", "RANGE"),
    "transfers": ("origin_id", "RANGE"),
    "holds": ("transfer_id", "RANGE"),
    "balances": ("member_no", None),
    "limit_uses": ("limit_no", None),
    "coupons": ("coupon_no", None),
    "payees": ("member_no", None),
    "payouts": ("payout_id", None),
    "redemptions": ("redemption_id", None),
    "draw_tickets": ("draw_no", None),
    "redemption_reversals": ("redemption_id", None),
    "spends": ("spend_id", None),
    "unsealed": ("origin_id", None),
    "reversals": ("origin_id", None),
    "member_gifts": ("transfer_id", None),
    "campaign_members": ("member_no", None),
    "collected_sets": ("member_no", None),
}
# Unique things of another kind: bucket(key); and what happened, forgotten soon.
OF_KEYS = {
    "identities": ("member_id", "HASH"),
    "idempotency_keys": ("key_hash", "HASH"),
    "suspected_fakes": ("report_id", None),
    "strong_links": ("link_key", None),
    "outbox": ("xid", None),
    "shadow_differences": ("scan_id", None),
}
GROWING = OF_CODES | OF_MEMBERS | OF_KEYS
# Traces have no key, since nothing looks one up but by a stretch of scans.
WITHOUT_KEY = {"scan_traces"}
# Small, read by every batch, and the same on every node.
REFERENCE = {
    *("batch_units", "batches", "brand_kits", "campaigns", "epochs", "limits"),
    *("products", "range_version", "ranges", "recalls", "rule_sets"),
    *("campaign_versions", "coupon_pools", "offers", "stores", "units"),
    *("card_sets", "cards", "gifts"),
    *("programme_versions", "rule_set_commits", "rule_set_slots", "list_entries"),
    *("campaign_versions", "coupon_pools", "stores", "draws", "draw_prizes"),
}
# One writer each, far fewer rows than there are scans: they stay on one node.
LOCAL = {
    "fraud_days": "some hundred rows a day, which one job writes",
    "fraud_days_counted": "one row",
    "range_changes": "a row a change that a person makes",
    "audit_log": "a row an action of staff",
    "audits": "a row an audit",
    "awaiting_shipment": "a row a batch",
    "sample_batches": "a row a product and epoch",
    "captured_events": "a row an event that another system tells",
    "epcis_captures": "a row a request of another system",
    "carton_contents": "a row a stretch of a carton",
    "logistic_events": "a row an event of a carton or pallet",
    "logistic_event_units": "a row a unit of such an event",
    "logistic_units": "a row a carton or pallet",
    "code_exports": "a row an export",
    "coupon_numbers": "a row an epoch",
    "seals": "a row for some thousands of transfers, or a minute",
    "sealing": "one row",
    "adjustments": "a row a gift or fine that two persons make",
    "expiry_warnings": "a row a day on which points expire",
    "draw_counters": "a row a draw",
    "draw_publications": "a row for 50,000 tickets that took part in a draw",
    "draw_winners": "a row a prize, 10,000 a draw at most",
    "draw_claims": "a row a prize that was claimed",
    "package_downloads": "a row a download",
    "packages": "a row a package",
    "code_statuses": "a byte a code, in rows of many: one line writes a batch",
    "line_counts": "a row a batch",
    "line_reports": "a row a report of a line",
    "line_report_blocks": "rows of thousands of codes each",
    "line_report_tallies": "a few rows a report",
    "unit_accounts": "a row a roll or box",
    "unit_quantities": "a few rows a roll or box",
    "invalid_reports": "a row a second and worker to which wrong codes came, a month",
    "offer_days": "a row an offer and day; one job counts",
    "campaign_days": "a row a campaign and day; one job counts",
    "figures_counted": "one row",
    "rule_set_changes": "a row a rule set that is put into force",
    "cases": "a row an attack that rules held",
    "case_scans": "a row a scan that rules held: one in a thousand",
    "case_entries": "a few rows a case",
    "case_actions": "a row an action that an analyst takes beyond a case",
    "case_settings": "a row a change that two persons make",
    "backtests": "a row a backtest that a person asks for",
    "background_marks": "a row a job that reads scans",
    "dealer_days": "a row a dealer and day; one job counts",
    "tier_days": "a row a tier, region and day of a fortnight; one job counts",
    "watched_dealers": "a row a dealer, 500 at most; one job writes",
    "clusters": "a row for five or more members who are linked",
    "shadow_runs": "a row a version that runs in the shadow",
    "shadow_outcomes": "a few rows a day of a shadow",
    "shadow_rules": "a row a rule and day of a shadow",
    "incidents": "a row a kind of incident and subject",
    "refusal_minutes": "a row a minute in which rules refused anything",
    "honey_codes": "a row a code that an analyst watches, 1,000 a batch at most",
    "early_codes": "a row a code that was seen too early, 1,000 a package at most",
    "installation": "one row",
    "outbox_state": "one row",
    "webhook_cursor": "one row",
    "webhook_endpoints": "a row an endpoint",
    "deliveries": "a row an event and endpoint, forgotten soon; one pump writes them",
    "staff_sessions": "a row a person who is signed in",
    "staff_tokens": "a row a token",
    "wrong_codes": "a row a token",
    "worker_leases": "a row a start of a worker",
    "alembic_version": "one row",
}

TABLES = """
    SELECT c.relname::text FROM pg_class AS c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid)
"""
# A table and what it is parted into.
FAMILY = (
    "SELECT relid::oid FROM pg_partition_tree('{table}')"
    " UNION SELECT '{table}'::regclass"
)
# What a row's own statement can't be spread with.
FORBIDDEN = """
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid IN ({family})
    UNION ALL SELECT 'constraint ' || conname FROM pg_constraint
    WHERE conrelid IN ({family}) AND (contype = 'x' OR contype = 'f'
        AND confrelid::regclass::text <> ALL ('{{{reference}}}'))
    UNION ALL SELECT 'foreign key to it: ' || conname FROM pg_constraint
    WHERE confrelid IN ({family}) AND contype = 'f'
    UNION ALL SELECT 'identity ' || attname FROM pg_attribute
    WHERE attrelid IN ({family}) AND attidentity <> ''
    UNION ALL SELECT 'default ' || pg_get_expr(adbin, adrelid) FROM pg_attrdef
    WHERE adrelid IN ({family}) AND pg_get_expr(adbin, adrelid) ~ 'nextval'
    UNION ALL SELECT 'sequence ' || objid::regclass FROM pg_depend
    WHERE refobjid IN ({family}) AND deptype IN ('a', 'i')
        AND classid = 'pg_class'::regclass
        AND (SELECT relkind FROM pg_class WHERE oid = objid) = 'S'
    UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class IN ({family})
"""


async def test_each_table_is_of_one_kind(ledger: Ground) -> None:
    """Whoever adds a table says whether it grows."""
    kinds = [set(GROWING), REFERENCE, set(LOCAL)]
    known = set().union(*kinds)
    assert sum(map(len, kinds)) == len(known)
    assert {name for (name,) in await ledger.rows(TABLES)} == known


@pytest.mark.parametrize("table", GROWING)
async def test_a_growing_table_can_be_spread(ledger: Ground, table: str) -> None:
    """In the table and in each of its parts."""
    await ledger.live(1)  # claims and sightings have parts only of codes that exist
    key, parted = GROWING[table]
    family = FAMILY.format(table=table)
    [(strategy,)] = await ledger.rows(
        f"SELECT (SELECT partstrat::text || ' ' || attname FROM pg_partitioned_table"
        " JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]"
        f" WHERE partrelid = '{table}'::regclass)"
    )
    assert strategy == (parted and f"{parted[0].lower()} {key}")
    shards = await ledger.rows(
        "SELECT attrelid FROM pg_attribute"
        f" WHERE attrelid IN ({family}) AND attname = 'shard' AND attnotnull"
        " AND atttypid = 'smallint'::regtype"
    )
    members = await ledger.rows(family)
    assert sorted(shards) == sorted(members)
    assert len(members) > (1 if parted else 0)
    keys = await ledger.rows(
        "SELECT i.indrelid, a.attname, i.indisprimary, i.indisvalid"
        " FROM pg_index AS i LEFT JOIN pg_attribute AS a"
        " ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        f" WHERE i.indisunique AND i.indrelid IN ({family})"
    )
    assert {(first, valid) for _, first, _, valid in keys} <= {("shard", True)}
    primary = sorted((of,) for of, _, is_primary, _ in keys if is_primary)
    assert primary == ([] if table in WITHOUT_KEY else sorted(members))
    forbidden = FORBIDDEN.format(family=family, reference=",".join(REFERENCE))
    assert await ledger.rows(forbidden) == []


BODIES = (
    "SELECT proname::text, prosrc FROM pg_proc"
    " WHERE pronamespace = 'public'::regnamespace"
)


async def test_each_statement_of_a_step_is_of_one_shard(ledger: Ground) -> None:
    """It compares, or writes, the shard of each growing table that it touches."""
    bodies = [body for name, body in await ledger.rows(BODIES) if name in STEPS]
    touched = 0
    for body in bodies:
        for statement in re.split(r";|\bLOOP\b", re.sub(r"--.*", "", body)):
            names = re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)", statement)
            growing = [name for name in names if name in GROWING]
            assert statement.count("in_shard") >= len(growing), statement
            touched += len(growing)
    assert touched > len(GROWING)


async def test_no_conflict_is_settled_by_a_query(ledger: Ground) -> None:
    """A subquery in ON CONFLICT can't be sent to where the rows are."""
    for name, body in await ledger.rows(BODIES):
        for action in re.findall(r"ON CONFLICT[^;]*?DO UPDATE([^;]*)", body):
            assert "SELECT" not in action, name
