"""Limits, and what was taken of them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
)

from rewards.tables.metadata import metadata, shard

# What may be taken at most, of a campaign (offer 0: all offers together) or of a pool.
limits = Table(
    "limits",
    metadata,
    Column("limit_no", Integer, Identity(), primary_key=True),
    Column("campaign_no", BigInteger),
    Column("offer_no", BigInteger, nullable=False, server_default="0"),
    Column("unit", SmallInteger, nullable=False, server_default="0"),
    Column("per", Text, nullable=False),
    Column("most", BigInteger, nullable=False),
    Column("since", Date, nullable=False),
    Column("pool_no", Integer),
    Column("gift_no", Integer),
    Column("draw_no", Integer),
    Column("in_force", Boolean, nullable=False, server_default="true"),
    Column("counts", Text, nullable=False, server_default="points"),
    UniqueConstraint(
        *("campaign_no", "offer_no", "unit", "per", "counts"),
        name="one_limit_of_a_kind",
    ),
    UniqueConstraint("pool_no", "per", name="one_limit_of_a_kind_of_a_pool"),
    UniqueConstraint("gift_no", "per", name="one_limit_of_a_kind_of_a_gift"),
    UniqueConstraint("draw_no", "per", name="one_limit_of_a_kind_of_a_draw"),
)

# Nobody's is the limit that counts claims of members; there is one at a time.
Index(
    "one_count_of_claims",
    limits.c.per,
    unique=True,
    postgresql_where=and_(
        limits.c.in_force,
        func.num_nonnulls(
            limits.c.campaign_no, limits.c.pool_no, limits.c.gift_no, limits.c.draw_no
        )
        == 0,
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
    shard(),
)
