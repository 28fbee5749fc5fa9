"""The tables of webhooks; the outbox is core's."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    FetchedValue,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("endpoint_id", Integer, Identity(always=True), primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("old_secret", LargeBinary),
    Column("old_until", DateTime(timezone=True)),
    Column("created_by", Text, nullable=False),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=FetchedValue(),
    ),
    Column("ended_at", DateTime(timezone=True)),
)

webhook_cursor = Table(
    "webhook_cursor",
    metadata,
    Column("only_row", Boolean, primary_key=True, server_default="true"),
    Column("after", Text),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column(
        "endpoint_id", ForeignKey("webhook_endpoints.endpoint_id"), primary_key=True
    ),
    Column("event_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("next_at", DateTime(timezone=True), nullable=False),
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    Column("status", SmallInteger),
    Column("fault", Text),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
