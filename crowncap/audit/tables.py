"""The table of crowncap.audit."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

# `since_id`: time-ordered ids below were left to an earlier audit, 0 for none.
# `until_id`: carried totals are of transfers below. `turn` counts steps kept.
audits = Table(
    "audits",
    metadata,
    Column("audit_id", BigInteger, Identity(always=True), primary_key=True),
    Column("scope", Text, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    Column("since_id", BigInteger, nullable=False),
    Column("until_id", BigInteger, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("progress", JSONB, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("sound", Boolean),
)
