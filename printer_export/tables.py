"""The tables of printer_export."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Table, Text

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
