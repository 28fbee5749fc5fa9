"""The tables of anti_fraud."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # Read by nobody: scans that began before slots may still ask it.
    Column("range_version", BigInteger, nullable=False, server_default=FetchedValue()),
    Column("note", Text, nullable=False, server_default=FetchedValue()),
)

rule_set_commits = Table(
    "rule_set_commits",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("committed_by", Text, nullable=False),
    Column("committed_at", DateTime(timezone=True), nullable=False),
)

# What put a version into force, or beside it, one after the other.
rule_set_changes = Table(
    "rule_set_changes",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("action", Text, nullable=False),
    Column("before", Integer),
    Column("after", Integer),
    # The change that had put into force what this one replaced: the way back.
    Column("below", BigInteger),
    Column("reason", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

# Two rows for ever: what is in force, and what runs beside it.
rule_set_slots = Table(
    "rule_set_slots",
    metadata,
    Column("slot", Text, primary_key=True),
    Column("version", Integer),
    Column("until", DateTime(timezone=True)),
    Column("change_id", BigInteger),
    # The fence's, under which a trigger lets it be written.
    Column("range_version", BigInteger, nullable=False, server_default=FetchedValue()),
    UniqueConstraint("version", name="one_slot_of_a_version"),
)

# Entries stay when they are removed, with who removed them.
list_entries = Table(
    "list_entries",
    metadata,
    Column("entry_id", BigInteger, Identity(always=True), primary_key=True),
    Column("list", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("first_code_id", BigInteger),
    Column("last_code_id", BigInteger),
    Column("until", DateTime(timezone=True)),
    Column("reason", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("removed_by", Text),
    Column("removed_at", DateTime(timezone=True)),
    # The fence's, under which a trigger lets it be written.
    Column("range_version", BigInteger, nullable=False, server_default=FetchedValue()),
)

incidents = Table(
    "incidents",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("incident_id", BigInteger, Identity(always=True), nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("openings", BigInteger, nullable=False, server_default="1"),
    Column("detail", JSONB, nullable=False, server_default="{}"),
    Column("dismissed", BigInteger, nullable=False, server_default="0"),
    Column("first_code_id", BigInteger),
    Column("last_code_id", BigInteger),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", DateTime(timezone=True)),
    Column("closed_by", Text),
    Column("closed_at", DateTime(timezone=True)),
    Column("finding", Text),
    Column("note", Text, nullable=False, server_default=""),
)

early_codes = Table(
    "early_codes",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("first_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("looks", BigInteger, nullable=False),
    Column("scans", BigInteger, nullable=False),
)

honey_codes = Table(
    "honey_codes",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("looks", BigInteger, nullable=False, server_default="0"),
    Column("scans", BigInteger, nullable=False, server_default="0"),
    Column("first_seen_at", DateTime(timezone=True)),
    Column("last_seen_at", DateTime(timezone=True)),
)

refusal_minutes = Table(
    "refusal_minutes",
    metadata,
    Column("minute", DateTime(timezone=True), primary_key=True),
    Column("refused", BigInteger, nullable=False),
)

invalid_reports = Table(
    "invalid_reports",
    metadata,
    Column("report_id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("throttled", BigInteger, nullable=False),
    Column("samples", JSONB, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", BigInteger, primary_key=True, autoincrement=False),
    Column("points", BigInteger, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("worth", BigInteger, Computed("points + minor"), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    Column("assigned_until", DateTime(timezone=True)),
    Column("snoozed_until", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("others", Integer, nullable=False),
    Column("scans", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("unexplained", Integer, nullable=False),
    Column("score", Integer, nullable=False),
    Column("heaviest", Integer, nullable=False),
    Column("is_over", Boolean, Computed("state = 'decided'"), nullable=False),
    Column("collects", Boolean, nullable=False, server_default="true"),
    Column("kind", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_name", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="open"),
    Column("queue", Text, nullable=False, server_default="first"),
    Column("assignee", Text),
    Column("decision", Text),
    Column("decided_by", Text),
    Column("proposed_by", Text),
    Column("proposal", JSONB),
    Column("rules", ARRAY(Text), nullable=False),
)

case_scans = Table(
    "case_scans",
    metadata,
    Column("scan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", BigInteger, ForeignKey("cases.case_id"), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("entry_id", BigInteger),
    Column("others", Integer, nullable=False),
    Column("score", Integer, nullable=False),
    Column("held", Boolean, nullable=False, server_default="true"),
)
case_entries = Table(
    "case_entries",
    metadata,
    Column("entry_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", BigInteger, ForeignKey("cases.case_id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
)

# How far jobs have read the scans, a row a job; workers look at the version.
background_marks = Table(
    "background_marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scan_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("counted_at", DateTime(timezone=True)),
)

# Who has used what links people, by its hash.
strong_links = Table(
    "strong_links",
    metadata,
    Column("shard", SmallInteger, primary_key=True),
    Column("link_key", BigInteger, primary_key=True),
    Column("member_no", BigInteger, primary_key=True),
    Column("seen_on", Date, nullable=False),
)

dealer_days = Table(
    "dealer_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("dealer", Text, primary_key=True),
    Column("codes", BigInteger, nullable=False),
    Column("outside", BigInteger, nullable=False),
)

tier_days = Table(
    "tier_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("campaign_id", Text, primary_key=True),
    Column("offer_id", Text, primary_key=True),
    Column("tier_id", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("claims", BigInteger, nullable=False),
    Column("wins", BigInteger, nullable=False),
    Column("promised", BigInteger, nullable=False),
)

watched_dealers = Table(
    "watched_dealers",
    metadata,
    Column("dealer", Text, primary_key=True),
    Column("codes", BigInteger, nullable=False),
    Column("outside", BigInteger, nullable=False),
    # The first codes of its stretches and their last, in ascending order.
    Column("firsts", ARRAY(BigInteger), nullable=False),
    Column("lasts", ARRAY(BigInteger), nullable=False),
    # As of which logistic event.
    Column("event_no", BigInteger, nullable=False),
)

clusters = Table(
    "clusters",
    metadata,
    Column("cluster_no", BigInteger, primary_key=True, autoincrement=False),
    Column("members", ARRAY(BigInteger), nullable=False),
    Column("flagged", Integer, nullable=False),
    Column("computed_at", DateTime(timezone=True), nullable=False),
)

case_actions = Table(
    "case_actions",
    metadata,
    Column("action_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", BigInteger, ForeignKey("cases.case_id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("undone_at", DateTime(timezone=True)),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("undone_by", Text),
    Column("asked", JSONB, nullable=False),
    Column("made", Text, nullable=False),
)

case_settings = Table(
    "case_settings",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("terms", JSONB, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
)

# A version of the rules on scans of the past; `trial` is what it has counted.
backtests = Table(
    "backtests",
    metadata,
    Column("backtest_id", BigInteger, primary_key=True, autoincrement=False),
    Column("first_scan", BigInteger, nullable=False),
    Column("after_scan", BigInteger, nullable=False),
    Column("upto_scan", BigInteger, nullable=False),
    Column("from_at", DateTime(timezone=True), nullable=False),
    Column("to_at", DateTime(timezone=True), nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", Integer, ForeignKey("rule_sets.version"), nullable=False),
    Column("live_version", Integer, ForeignKey("rule_sets.version"), nullable=False),
    Column("parts", Integer, nullable=False),
    Column("place", SmallInteger, unique=True),
    Column("state", Text, nullable=False),
    Column("fault", Text),
    Column("asked_by", Text, nullable=False),
    Column("trial", JSONB, nullable=False),
)

# A version's time in the shadow, and what was counted of it.
shadow_runs = Table(
    "shadow_runs",
    metadata,
    Column(
        "run",
        BigInteger,
        ForeignKey("rule_set_changes.change_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("until", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("version", Integer, ForeignKey("rule_set_commits.version"), nullable=False),
    Column("started_by", Text, nullable=False),
    Column("ended_by", Text),
)

shadow_outcomes = Table(
    "shadow_outcomes",
    metadata,
    Column("run", BigInteger, ForeignKey("shadow_runs.run"), primary_key=True),
    Column("scans", BigInteger, nullable=False),
    Column("day", Date, primary_key=True),
    Column("live", Text, primary_key=True),
    Column("shadow", Text, primary_key=True),
)

shadow_rules = Table(
    "shadow_rules",
    metadata,
    Column("run", BigInteger, ForeignKey("shadow_runs.run"), primary_key=True),
    Column("live_hits", BigInteger, nullable=False),
    Column("shadow_hits", BigInteger, nullable=False),
    Column("both_hits", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("day", Date, primary_key=True),
    Column("rule_id", Text, primary_key=True),
)

shadow_differences = Table(
    "shadow_differences",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("scan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("live_score", Integer, nullable=False),
    Column("shadow_score", Integer, nullable=False),
    Column("shard", SmallInteger, primary_key=True, server_default="0"),
    Column("live", Text, nullable=False),
    Column("shadow", Text, nullable=False),
)

# Some hundred rows a day; `name` is what a figure is of.
fraud_days = Table(
    "fraud_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("figure", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

fraud_days_counted = Table(
    "fraud_days_counted",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("scan_id", BigInteger, nullable=False, server_default="0"),
    Column("entry_id", BigInteger, nullable=False, server_default="0"),
    Column("counted_at", DateTime(timezone=True)),
)
