"""What all tables of rewards are noted in, and the column that those that grow have."""

from sqlalchemy import Column, MetaData, SmallInteger

metadata = MetaData()


def shard() -> Column[int]:
    """Come first in each key of a growing table; one machine has one shard, 0."""
    return Column("shard", SmallInteger, primary_key=True, server_default="0")
