"""Redis (or Valkey) as a shortcut: one holder, and whole batches in one call."""

from core.redis.client import RedisAway, RedisClient, connect
from core.redis.packed import PackedBatch, PackedResults
from core.redis.tallies import Apart, Newest, Record, TallyShape, Visit

__all__ = [
    "Apart",
    "Newest",
    "PackedBatch",
    "PackedResults",
    "Record",
    "RedisAway",
    "RedisClient",
    "TallyShape",
    "Visit",
    "connect",
]
