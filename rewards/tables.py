"""The tables of rewards.

A scan's own postings are written by the steps of the SQL function commit_scans_2;
everything else by rewards.store. `daily_cap` is for workers of before alone.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    FetchedValue,
    Identity,
    Integer,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()
# Counts campaigns; members' numbers tell time, and share the space of accounts.
account_numbers = Sequence("account_numbers", metadata=metadata, data_type=BigInteger)


def _shard() -> Column[int]:
    """Come first in each key of a growing table; one machine has one shard, 0."""
    return Column("shard", SmallInteger, primary_key=True, server_default="0")


members = Table(
    "members",
    metadata,
    _shard(),
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    postgresql_partition_by="RANGE (member_no)",
)

# By which name the world knows a member: looked up by the name, and unique by it.
identities = Table(
    "identities",
    metadata,
    _shard(),
    Column("member_id", Text, primary_key=True),
    Column("member_no", BigInteger, nullable=False),
    postgresql_partition_by="HASH (member_id)",
)

campaigns = Table(
    "campaigns",
    metadata,
    Column(
        "campaign_no",
        BigInteger,
        primary_key=True,
        server_default=account_numbers.next_value(),
    ),
    Column("campaign_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("ends_at", DateTime(timezone=True)),
    Column("daily_cap", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False, server_default=FetchedValue()),
    Column("brand", Text),
)

# What may be taken at most; offer 0 is all offers of the campaign together.
limits = Table(
    "limits",
    metadata,
    Column("limit_no", Integer, Identity(), primary_key=True),
    Column("campaign_no", BigInteger, nullable=False),
    Column("offer_no", SmallInteger, nullable=False, server_default="0"),
    Column("unit", SmallInteger, nullable=False, server_default="0"),
    Column("per", Text, nullable=False),
    Column("most", BigInteger, nullable=False),
    Column("since", Date, nullable=False),
    UniqueConstraint(
        "campaign_no", "offer_no", "unit", "per", name="one_limit_of_a_kind"
    ),
)

# What was taken, by whom (0: everybody) and in which period (1970-01-01: always).
limit_uses = Table(
    "limit_uses",
    metadata,
    Column("holder", BigInteger, primary_key=True, autoincrement=False),
    Column("used", BigInteger, nullable=False),
    Column("most", BigInteger, nullable=False),
    Column("limit_no", Integer, primary_key=True, autoincrement=False),
    Column("period", Date, primary_key=True),
    _shard(),
)

balances = Table(
    "balances",
    metadata,
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("available", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
    _shard(),
    Column("unit", SmallInteger, primary_key=True, server_default="0"),
)

transfers = Table(
    "transfers",
    metadata,
    _shard(),
    Column("origin_id", BigInteger, primary_key=True, autoincrement=False),
    Column("transfer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("debit_account", BigInteger, nullable=False),
    Column("credit_account", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("unit", SmallInteger, nullable=False, server_default="0"),
    postgresql_partition_by="RANGE (origin_id)",
)

holds = Table(
    "holds",
    metadata,
    _shard(),
    Column("transfer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("code_id", BigInteger, nullable=False),
    Column("member_no", BigInteger, nullable=False),
    Column("campaign_no", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("resolution", Text),
    Column("resolved_at", DateTime(timezone=True)),
    Column("unit", SmallInteger, nullable=False, server_default="0"),
    Column("limits", ARRAY(Integer), nullable=False, server_default="{}"),
    postgresql_partition_by="RANGE (transfer_id)",
)
