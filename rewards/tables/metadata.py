"""What all tables of rewards are noted in, and what several of them have."""

from sqlalchemy import BigInteger, Column, MetaData, Sequence, SmallInteger

metadata = MetaData()
# Counts campaigns, their offers and draws; members' numbers tell time, and share the
# space of accounts.
account_numbers = Sequence("account_numbers", metadata=metadata, data_type=BigInteger)


def shard() -> Column[int]:
    """Come first in each key of a growing table; one machine has one shard, 0."""
    return Column("shard", SmallInteger, primary_key=True, server_default="0")
