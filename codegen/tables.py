"""The tables of codegen; only codegen.store writes them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    FetchedValue,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, INT8MULTIRANGE, JSONB

metadata = MetaData()

epochs = Table(
    "epochs",
    metadata,
    Column("epoch", SmallInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Column("key_check", LargeBinary, nullable=False),
    Column("next_serial", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False, server_default=FetchedValue()),
)

products = Table(
    "products",
    metadata,
    Column("gtin", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("brand", Text, nullable=False),
    Column("shelf_life_days", Integer),
    Column("page_url", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False, server_default=FetchedValue()),
)

brand_kits = Table(
    "brand_kits",
    metadata,
    Column("brand", Text, primary_key=True),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("primary", Text),
    Column("accent", Text),
    Column("hotline", Text),
    Column("contact_url", Text),
    Column("wechat", Text),
    Column("privacy_url", Text),
    Column("rules_url", Text),
    Column("footer", Text),
    Column("logo_digest", Text),
    Column("logo_type", Text),
    Column("logo", LargeBinary),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("version", BigInteger, nullable=False, server_default=FetchedValue()),
)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", BigInteger, Identity(always=True), primary_key=True),
    Column("epoch", SmallInteger, nullable=False),
    Column("first_serial", BigInteger, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("gtin", Text),
    Column("campaign_id", Text),
    Column("brand", Text),
    Column("placement", Text, nullable=False),
    Column("lot", Text),
    Column("produced_on", Date),
    Column("sale_regions", ARRAY(Text), nullable=False),
    Column("line", Text),
    Column("link_base", Text, nullable=False),
    Column("link_form", Text, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
)

batch_units = Table(
    "batch_units",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("from_index", BigInteger, nullable=False),
    Column("to_index", BigInteger, nullable=False),
)

range_changes = Table(
    "range_changes",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Column("moved", INT8MULTIRANGE, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column(
        "event_id",
        Uuid(as_uuid=False),
        nullable=False,
        server_default=FetchedValue(),
    ),
    Column("goods", JSONB, nullable=False, server_default="[]"),
    Column("token_id", Text),
    UniqueConstraint("event_id", name="a_change_is_one_event"),
)

ranges = Table(
    "ranges",
    metadata,
    Column("first_code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("last_code_id", BigInteger, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("gtin", Text),
    Column("lot", Text),
    Column("produced_on", Date),
    Column("plant", Text),
    Column("line", Text),
    Column("sale_regions", ARRAY(Text), nullable=False),
    Column("campaign_id", Text),
    Column("effective_at", DateTime(timezone=True)),
    Column("instructions", Text),
    Column("change_id", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False, server_default=FetchedValue()),
)

void_codes = Table(
    "void_codes",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("change_id", BigInteger, nullable=False),
    Column("shard", SmallInteger, primary_key=True, server_default="0"),
)

recalls = Table(
    "recalls",
    metadata,
    Column("recall_id", BigInteger, Identity(always=True), primary_key=True),
    Column("scope", JSONB, nullable=False),
    Column("reason", Text, nullable=False),
    Column("instructions", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("kind", Text, nullable=False, server_default="recall"),
    Column("shown", Text),
    Column("changed", BigInteger),
)
