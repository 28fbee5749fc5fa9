"""The tables of rewards.

A scan's own postings are written by the steps of the SQL function commit_scans_3;
everything else by rewards.store.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    FetchedValue,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from rewards.tables import cards, draws, points
from rewards.tables.limits import limit_uses, limits
from rewards.tables.metadata import account_numbers, metadata, shard

__all__ = ["cards", "draws", "limit_uses", "limits", "metadata", "points"]

members = Table(
    "members",
    metadata,
    shard(),
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("member_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    postgresql_partition_by="RANGE (member_no)",
)

# By which name the world knows a member: looked up by the name, and unique by it.
identities = Table(
    "identities",
    metadata,
    shard(),
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
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False, server_default=FetchedValue()),
    Column("brand", Text),
    Column("state", Text, nullable=False, server_default="active"),
    Column("active_version", Integer),
)

# What a campaign promised when; the columns above are what workers read of it.
campaign_versions = Table(
    "campaign_versions",
    metadata,
    Column("campaign_no", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, server_default="draft"),
    Column("terms", JSONB, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("activated_by", Text),
    Column("activated_at", DateTime(timezone=True)),
)

# What may be taken at most, of a campaign (offer 0: all offers together), a pool or a
# gift.
# What can be owned; what has no balance has a row of its own for each.
units = Table(
    "units",
    metadata,
    Column("unit", SmallInteger, Identity(start=16), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("has_balance", Boolean, nullable=False),
    UniqueConstraint("kind", "name", name="one_unit_of_a_name"),
)

# The accounts that rewards are paid from; the first of a campaign has its number.
offers = Table(
    "offers",
    metadata,
    Column(
        "offer_no",
        BigInteger,
        primary_key=True,
        server_default=account_numbers.next_value(),
    ),
    Column("campaign_no", BigInteger, nullable=False),
    Column("offer_id", Text, nullable=False),
    Column("tier_id", Text, nullable=False, server_default=""),
    Column("kind", Text, nullable=False),
    Column("tier_name", Text, nullable=False, server_default=""),
    Column("is_frozen", Boolean, nullable=False, server_default="false"),
    UniqueConstraint(
        "campaign_no", "offer_id", "tier_id", "kind", name="one_offer_of_a_name"
    ),
)

# Lots: what remains of what is good until a day, `infinity` for what never expires,
# where alone anything is pending or owed. A member has their sum less the debt.
balances = Table(
    "balances",
    metadata,
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("available", BigInteger, nullable=False),
    Column("pending", BigInteger, nullable=False),
    shard(),
    Column("unit", SmallInteger, primary_key=True, server_default="0"),
    Column("expires_on", Date, primary_key=True, server_default="infinity"),
    Column("debt", BigInteger, nullable=False, server_default="0"),
)

transfers = Table(
    "transfers",
    metadata,
    shard(),
    Column("origin_id", BigInteger, primary_key=True, autoincrement=False),
    Column("transfer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("debit_account", BigInteger, nullable=False),
    Column("credit_account", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("unit", SmallInteger, nullable=False, server_default="0"),
    Column("expires_on", Date, nullable=False, server_default="infinity"),
    postgresql_partition_by="RANGE (origin_id)",
)

holds = Table(
    "holds",
    metadata,
    shard(),
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
    Column("takes", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("holders", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("case_id", BigInteger),
    postgresql_partition_by="RANGE (transfer_id)",
)

stores = Table(
    "stores",
    metadata,
    Column("store_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("brand", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

coupon_pools = Table(
    "coupon_pools",
    metadata,
    Column("pool_no", Integer, Identity(), primary_key=True),
    Column("pool_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("brand", Text),
    Column("benefit", Text, nullable=False),
    Column("minor", BigInteger),
    Column("percent", SmallInteger),
    Column("gift", Text),
    Column("min_basket_minor", BigInteger, nullable=False),
    Column("valid_from", DateTime(timezone=True)),
    Column("valid_until", DateTime(timezone=True)),
    Column("valid_days", Integer),
    Column("stores", ARRAY(Text), nullable=False),
    Column("gtins", ARRAY(Text), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

# The next number of each epoch; workers take them in blocks.
coupon_numbers = Table(
    "coupon_numbers",
    metadata,
    Column("epoch", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_no", BigInteger, nullable=False),
)

# Written by the SQL functions issue_coupons and redeem_coupons, and where one is voided
# or its redemption reversed.
coupons = Table(
    "coupons",
    metadata,
    Column("coupon_no", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    Column("valid_until", DateTime(timezone=True)),
    Column("redemption_id", BigInteger),
    Column("pool_no", Integer, nullable=False),
    shard(),
    Column("state", Text, nullable=False, server_default="issued"),
)

redemptions = Table(
    "redemptions",
    metadata,
    Column("redemption_id", BigInteger, primary_key=True, autoincrement=False),
    Column("coupon_no", BigInteger, nullable=False),
    Column("discount_minor", BigInteger, nullable=False),
    Column("basket_minor", BigInteger),
    shard(),
    Column("store_id", Text),
    Column("person", Text, nullable=False),
    Column("order_ref", Text),
)

redemption_reversals = Table(
    "redemption_reversals",
    metadata,
    Column("redemption_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reversed_at", DateTime(timezone=True), nullable=False),
    shard(),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

# What members claim directly, and what campaigns' offers give.
gifts = Table(
    "gifts",
    metadata,
    Column("gift_no", Integer, Identity(), primary_key=True),
    Column("gift_id", Text, unique=True),
    Column("offer_no", BigInteger),
    Column("name", Text, nullable=False),
    Column("brand", Text),
    Column("conditions", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("offer_no", "name", name="one_gift_of_an_offer"),
)

# Written by the SQL functions claim_gifts, add_gifts and release_gifts, and by each
# step on the way to its member.
member_gifts = Table(
    "member_gifts",
    metadata,
    Column("transfer_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, nullable=False),
    Column("origin_id", BigInteger),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("gift_no", Integer, nullable=False),
    shard(),
    Column("state", Text, nullable=False),
    Column("address", LargeBinary),
    Column("carrier", Text),
    Column("tracking_no", Text),
)

payees = Table(
    "payees",
    metadata,
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    shard(),
    Column("provider", Text, nullable=False),
    Column("account", LargeBinary, nullable=False),
)

# Added, released and ended by the SQL functions of those names.
payouts = Table(
    "payouts",
    metadata,
    Column("payout_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, nullable=False),
    Column("origin_id", BigInteger, nullable=False),
    Column("campaign_no", BigInteger, nullable=False),
    Column("offer_no", BigInteger, nullable=False),
    Column("minor", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("lapses_at", DateTime(timezone=True), nullable=False),
    Column("next_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    shard(),
    Column("cancelling", Boolean, nullable=False, server_default="false"),
    Column("disputed", Boolean, nullable=False, server_default="false"),
    Column("currency", Text, nullable=False, server_default="CNY"),
    Column("state", Text, nullable=False),
    Column("provider", Text),
    Column("provider_ref", Text),
    Column("fault", Text),
    Column("confirmation", Text),
    Column("account", LargeBinary),
    Column("limits", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("takes", ARRAY(BigInteger), nullable=False, server_default="{}"),
    Column("holders", ARRAY(BigInteger), nullable=False, server_default="{}"),
)

# What campaigns came to, by the business day of scans; all of it is counted by one job.
offer_days = Table(
    "offer_days",
    metadata,
    Column("offer_no", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("awards", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
)

campaign_days = Table(
    "campaign_days",
    metadata,
    Column("campaign_no", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("claims", BigInteger, nullable=False),
    Column("members", BigInteger, nullable=False),
    Column("unpaid", BigInteger, nullable=False),
)

# Who has ever earned from a campaign, so that each counts once.
campaign_members = Table(
    "campaign_members",
    metadata,
    shard(),
    Column("campaign_no", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
)

# One row: the last row of the outbox that was counted, and the last scan.
figures_counted = Table(
    "figures_counted",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("era", SmallInteger),
    Column("xid", BigInteger),
    Column("place", BigInteger),
    Column("scan_id", BigInteger, nullable=False, server_default="0"),
    Column("counted_at", DateTime(timezone=True)),
)
