"""The tables of draws; tickets are written by SQL functions, the rest by the store."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from rewards.tables.metadata import account_numbers, metadata, shard

draws = Table(
    "draws",
    metadata,
    Column(
        "draw_no",
        Integer,
        primary_key=True,
        server_default=account_numbers.next_value(),
    ),
    Column("draw_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("brand", Text),
    Column("opens_at", DateTime(timezone=True), nullable=False),
    Column("closes_at", DateTime(timezone=True), nullable=False),
    Column("draws_at", DateTime(timezone=True), nullable=False),
    Column("entry", Text, nullable=False),
    Column("most_tickets", Integer),
    Column("claim_days", Integer, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("sealed_seed", LargeBinary, nullable=False),
    Column("sealed_ticket_key", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("seed", LargeBinary),
    Column("tickets", BigInteger),
    Column("tickets_digest", LargeBinary),
    Column("drawn_at", DateTime(timezone=True)),
    Column("claims_until", DateTime(timezone=True)),
)

draw_prizes = Table(
    "draw_prizes",
    metadata,
    Column("draw_no", Integer, primary_key=True, autoincrement=False),
    Column("prize_no", SmallInteger, primary_key=True, autoincrement=False),
    Column("prize_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("gives", JSONB(none_as_null=True)),
    UniqueConstraint("draw_no", "prize_id", name="one_prize_of_a_name"),
)

# Written by the SQL functions add_tickets and release_tickets, and when a draw is made
# and frozen.
draw_counters = Table(
    "draw_counters",
    metadata,
    Column("draw_no", Integer, primary_key=True, autoincrement=False),
    Column("next_no", BigInteger, nullable=False, server_default="1"),
    Column("tickets", BigInteger, nullable=False, server_default="0"),
    Column("frozen_at", DateTime(timezone=True)),
)

# Written by the SQL functions add_tickets and release_tickets.
draw_tickets = Table(
    "draw_tickets",
    metadata,
    Column("first_no", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, nullable=False),
    Column("transfer_id", BigInteger, nullable=False),
    Column("origin_id", BigInteger),
    Column("added_at", DateTime(timezone=True), nullable=False),
    Column("draw_no", Integer, primary_key=True, autoincrement=False),
    Column("amount", Integer, nullable=False),
    shard(),
    Column("state", Text, nullable=False),
)

draw_publications = Table(
    "draw_publications",
    metadata,
    Column("draw_no", Integer, primary_key=True, autoincrement=False),
    Column("part_no", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

draw_winners = Table(
    "draw_winners",
    metadata,
    Column("draw_no", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("ticket_no", BigInteger, nullable=False),
    Column("member_no", BigInteger, nullable=False),
    UniqueConstraint("draw_no", "ticket_no", name="a_ticket_wins_once"),
)

draw_claims = Table(
    "draw_claims",
    metadata,
    Column("draw_no", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("claimed_at", DateTime(timezone=True), nullable=False),
    Column("address", LargeBinary),
    Column("award_id", BigInteger),
)
