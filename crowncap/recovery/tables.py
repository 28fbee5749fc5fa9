"""The tables of recovery; only crowncap.recovery.store writes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

metadata = MetaData()

installation = Table(
    "installation",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("signing_key_id", Text),
    Column("member_key_id", Text),
    Column("frozen_at", DateTime(timezone=True)),
    Column("frozen_why", Text),
    Column("forgets_from", DateTime(timezone=True)),
    Column("forgets_until", DateTime(timezone=True)),
    Column("change_mark", BigInteger, nullable=False, server_default="0"),
    Column("batch_mark", BigInteger, nullable=False, server_default="0"),
    Column("audit_mark", BigInteger, nullable=False, server_default="0"),
    Column("scan_mark", BigInteger, nullable=False, server_default="0"),
)

forgotten_claims = Table(
    "forgotten_claims",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("shard", SmallInteger, primary_key=True, server_default="0"),
)
