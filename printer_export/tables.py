"""The tables of printer_export."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
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
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, JSONB

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
    Column("password_told_at", DateTime(timezone=True)),
    Column("downloads_allowed", Integer, nullable=False),
    Column("downloads", Integer, nullable=False, server_default="0"),
    Column("house_downloads", Integer, nullable=False, server_default="0"),
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
    Column("etag", Text),
    Column("length", BigInteger),
    Column("requests", Integer, nullable=False, server_default="1"),
    Column("bytes_sent", BigInteger, nullable=False, server_default="0"),
    Column("parts", INT8MULTIRANGE, nullable=False, server_default="{}"),
    Column("content_sha256", Text),
)

line_counts = Table(
    "line_counts",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("issued", BigInteger, nullable=False),
    *(
        Column(name, BigInteger, nullable=False, server_default="0")
        for name in ("printed", "rejected", "wasted", "missing", "indeterminate")
    ),
)

code_statuses = Table(
    "code_statuses",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("chunk_no", Integer, primary_key=True),
    Column("statuses", LargeBinary, nullable=False),
)

unit_quantities = Table(
    "unit_quantities",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)

unit_accounts = Table(
    "unit_accounts",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("caps", BigInteger, nullable=False),
    *(
        Column(name, BigInteger, nullable=False)
        for name in ("printed", "rejected", "wasted", "missing", "indeterminate")
    ),
)

line_reports = Table(
    "line_reports",
    metadata,
    Column("report_id", BigInteger, Identity(always=True), primary_key=True),
    Column("batch_id", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("wrong_rows", BigInteger, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("options", JSONB),
    Column("again", Text, nullable=False, server_default=""),
    UniqueConstraint(
        *("batch_id", "content_hash", "again"), name="the_same_report_counts_once"
    ),
)

line_report_blocks = Table(
    "line_report_blocks",
    metadata,
    Column("report_id", ForeignKey("line_reports.report_id"), primary_key=True),
    Column("block_no", Integer, primary_key=True),
    Column("first_index", BigInteger, nullable=False),
    Column("last_index", BigInteger, nullable=False),
    Column("notes", JSONB, nullable=False),
    Column("packed", LargeBinary, nullable=False),
)

line_report_tallies = Table(
    "line_report_tallies",
    metadata,
    Column("report_id", BigInteger, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("grade", Text, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
)

logistic_units = Table(
    "logistic_units",
    metadata,
    Column("sscc", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("brand", Text),
    Column("line", Text),
    Column("pallet_sscc", Text),
)

carton_contents = Table(
    "carton_contents",
    metadata,
    Column("sscc", Text, primary_key=True),
    Column("first_code_id", BigInteger, primary_key=True),
    Column("last_code_id", BigInteger, nullable=False),
    Column("batch_id", BigInteger, nullable=False),
    Column("unpacked_at", DateTime(timezone=True)),
)

logistic_events = Table(
    "logistic_events",
    metadata,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("event_no", BigInteger, Identity(always=True), nullable=False),
    Column("happened_at", DateTime(timezone=True), nullable=False),
    Column("time_zone_offset", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("person", Text, nullable=False),
    Column("read_point", Text),
    Column("biz_location", Text),
    Column("epcis_id", Text),
    UniqueConstraint("event_no", name="events_are_in_order"),
)

logistic_event_units = Table(
    "logistic_event_units",
    metadata,
    Column("event_id", Uuid(as_uuid=False), primary_key=True),
    Column("sscc", Text, primary_key=True),
    Column("pallet_sscc", Text),
)

awaiting_shipment = Table(
    "awaiting_shipment",
    metadata,
    Column("batch_id", BigInteger, primary_key=True),
    Column("codes", INT8MULTIRANGE, nullable=False),
)

epcis_captures = Table(
    "epcis_captures",
    metadata,
    Column("capture_id", Uuid(as_uuid=False), primary_key=True),
    Column("person", Text, nullable=False),
    Column("error_behaviour", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("answer", JSONB, nullable=False),
)

captured_events = Table(
    "captured_events",
    metadata,
    Column("brand", Text, primary_key=True),
    Column("event_key", Text, primary_key=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("capture_id", Uuid(as_uuid=False), nullable=False),
)
