"""The tables of anti_fraud."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    FetchedValue,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

rule_sets = Table(
    "rule_sets",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
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
