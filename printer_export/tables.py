"""The tables of printer_export."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

code_exports = Table(
    "code_exports",
    metadata,
    Column("export_id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", BigInteger, nullable=False),
    Column("preset", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

sample_batches = Table(
    "sample_batches",
    metadata,
    Column("epoch", SmallInteger, primary_key=True),
    Column("gtin", Text, primary_key=True),
    Column("batch_id", BigInteger, nullable=False),
)

packages = Table(
    "packages",
    metadata,
    Column("package_id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", BigInteger, nullable=False),
    Column("first_code_id", BigInteger, nullable=False),
    Column("last_code_id", BigInteger, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("sample_code_id", BigInteger, nullable=False),
    Column("printhouse", Text),
    Column("ordered_by", Text, nullable=False),
    Column("ordered_at", DateTime(timezone=True), nullable=False),
    Column("approved_by", Text),
    Column("approved_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("wrapped_password", LargeBinary),
    Column("downloads_allowed", Integer, nullable=False),
    Column("downloads", Integer, nullable=False, server_default="0"),
    Column("download_by", DateTime(timezone=True)),
    Column("activate_by", DateTime(timezone=True)),
    Column("cancelled_by", Text),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("cancel_reason", Text),
)

package_downloads = Table(
    "package_downloads",
    metadata,
    Column("download_id", BigInteger, Identity(always=True), primary_key=True),
    Column("package_id", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("address", Text),
    Column("finished_at", DateTime(timezone=True)),
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
)
