"""The tables of points: the programme; spent, taken back, adjusted and sealed."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    FetchedValue,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rewards.tables.metadata import metadata, shard

# What members spent, each once by its number; origin of the transfers that did it.
spends = Table(
    "spends",
    metadata,
    shard(),
    Column("unit", SmallInteger, nullable=False),
    Column("spend_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
)

# What was taken back, once: origin of transfers, and what those that did it came to;
# of scans also how much room limits were given back, and what others are told.
reversals = Table(
    "reversals",
    metadata,
    shard(),
    Column("origin_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reversal_id", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("debt", BigInteger, nullable=False),
    Column("policy", Text),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("limits", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("takes", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("holders", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("told", JSONB),
)

# Points that one person asks to give or take, and another one posts.
adjustments = Table(
    "adjustments",
    metadata,
    Column("adjustment_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("rejected_by", Text),
    Column("rejected_at", DateTime(timezone=True)),
    Column("rejection", Text),
)

# How points expire and are taken back, in versions.
programme_versions = Table(
    "programme_versions",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("range_version", BigInteger, nullable=False, server_default=FetchedValue()),
)

# Transfers that are committed and not yet sealed, a row for each that posted some.
unsealed = Table(
    "unsealed",
    metadata,
    Column("shard", SmallInteger, primary_key=True, autoincrement=False),
    Column("origin_id", BigInteger, primary_key=True, autoincrement=False),
    Column("transfer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("origins", ARRAY(BigInteger), nullable=False),
    Column("transfers", ARRAY(BigInteger), nullable=False),
)

# Segments of transfers as they were, each chained to the one before.
seals = Table(
    "seals",
    metadata,
    Column("seal_no", BigInteger, primary_key=True, autoincrement=False),
    Column("sealed_at", DateTime(timezone=True), nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("entries", LargeBinary, nullable=False),
)

# One row: each transfer with a number from there on is sealed.
sealing = Table(
    "sealing",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("sealed_from", BigInteger, nullable=False),
)

# How far members were warned of what expires on a day; `next_no` None: all were.
expiry_warnings = Table(
    "expiry_warnings",
    metadata,
    Column("expires_on", Date, primary_key=True),
    Column("unit", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_no", BigInteger),
)
