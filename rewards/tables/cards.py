"""The tables of cards to collect."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    FetchedValue,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from rewards.tables.metadata import metadata, shard

# Cards to collect; a card's unit is its account unit.
card_sets = Table(
    "card_sets",
    metadata,
    Column(
        "set_no",
        BigInteger,
        primary_key=True,
        server_default=FetchedValue(),
    ),
    Column("set_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("brand", Text),
    Column("completes", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

cards = Table(
    "cards",
    metadata,
    Column("unit", SmallInteger, primary_key=True, autoincrement=False),
    Column("set_no", BigInteger, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("card_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("per_million", Integer, nullable=False),
    UniqueConstraint("set_no", "card_id", name="one_card_of_a_name"),
    UniqueConstraint("set_no", "place", name="one_card_of_a_place"),
)

# What members have cards of; written by the SQL function complete_sets, and once more
# when a set is paid.
collected_sets = Table(
    "collected_sets",
    metadata,
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("set_no", BigInteger, primary_key=True, autoincrement=False),
    Column("transfer_id", BigInteger),
    Column("completed_at", DateTime(timezone=True)),
    Column("award_id", BigInteger),
    Column("awarded_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True)),
    shard(),
)
