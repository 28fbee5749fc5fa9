"""The tables of scan_api; steps of the SQL function commit_scans_3 write them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Sequence,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, INET

metadata = MetaData()
# Where the search for a free worker number begins.
worker_numbers = Sequence("worker_numbers", metadata=metadata, data_type=BigInteger)


def _shard() -> Column[int]:
    """Come first in each key of a growing table; one machine has one shard, 0."""
    return Column("shard", SmallInteger, primary_key=True, server_default="0")


suspected_fakes = Table(
    "suspected_fakes",
    metadata,
    _shard(),
    Column("report_id", BigInteger, primary_key=True, autoincrement=False),
    Column("reference", Text, nullable=False),
    Column("code_id", BigInteger),
    Column("seen", Text),
    Column("brand", Text),
    Column("place", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("language", Text, nullable=False),
    UniqueConstraint("shard", "reference", name="one_report_a_reference"),
)

worker_leases = Table(
    "worker_leases",
    metadata,
    Column("lease_no", BigInteger, Identity(always=True), primary_key=True),
    Column("worker_no", Integer, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("ended_at", DateTime(timezone=True)),
)
Index("worker_leases_by_number", worker_leases.c.worker_no, worker_leases.c.lease_no)

claims = Table(
    "claims",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("scan_id", BigInteger, nullable=False),
    Column("member_no", BigInteger, nullable=False),
    _shard(),
    postgresql_partition_by="RANGE (code_id)",
)

# Claims that ended with a denied case; its member does not claim the code again, unless
# the decision was taken back.
released_claims = Table(
    "released_claims",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member_no", BigInteger, primary_key=True, autoincrement=False),
    Column("scan_id", BigInteger, nullable=False),
    _shard(),
    Column("taken_back", Boolean, nullable=False, server_default="false"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("code_id", BigInteger, primary_key=True, autoincrement=False),
    Column("scans", BigInteger, nullable=False),
    Column("recent_tags", ARRAY(Integer), nullable=False, server_default="{}"),
    Column("recent_scans", ARRAY(BigInteger), nullable=False, server_default="{}"),
    _shard(),
    postgresql_partition_by="RANGE (code_id)",
)

scans = Table(
    "scans",
    metadata,
    Column("scan_id", BigInteger, primary_key=True, autoincrement=False),
    Column("code_id", BigInteger, nullable=False),
    Column("member_no", BigInteger),
    Column("outcome", Text, nullable=False),
    Column("points", Integer, nullable=False),
    Column("campaign_no", BigInteger),
    Column("available", BigInteger),
    Column("claim_scan_id", BigInteger),
    Column("scan_count", BigInteger),
    Column("facts", LargeBinary, nullable=False),
    _shard(),
    Column("others", SmallInteger),
    postgresql_partition_by="RANGE (scan_id)",
)
Index(
    "scans_of_member",
    scans.c.member_no,
    postgresql_where=scans.c.member_no.is_not(None),
)

scan_traces = Table(
    "scan_traces",
    metadata,
    Column("scan_id", BigInteger, nullable=False),
    Column("network", INET),
    Column("device", LargeBinary),
    Column("cell", BigInteger),
    Column("shard", SmallInteger, nullable=False, server_default="0"),
    postgresql_partition_by="RANGE (scan_id)",
)
Index("scan_traces_by_scan", scan_traces.c.scan_id, postgresql_using="brin")
