"""The tables of core.auth."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

staff_tokens = Table(
    "staff_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("brand", Text),
    Column("line", Text),
    Column("store", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    Column("session_hash", LargeBinary, primary_key=True),
    Column("token_id", ForeignKey("staff_tokens.token_id"), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)

# The wrong codes of a token on its latest day.
wrong_codes = Table(
    "wrong_codes",
    metadata,
    Column("token_id", ForeignKey("staff_tokens.token_id"), primary_key=True),
    Column("day", Date, nullable=False),
    Column("wrong", BigInteger, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("audit_id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("token_id", Text),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("request_id", Text),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("shard", SmallInteger, primary_key=True, server_default="0"),
    Column("key_hash", LargeBinary, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("status", SmallInteger),
    Column("response", LargeBinary),
    Column("created_at", DateTime(timezone=True), nullable=False),
    postgresql_partition_by="HASH (key_hash)",
)
