"""Redis (or Valkey) as a shortcut: one holder, and whole batches in one call."""

from core.redis.client import RedisAway, RedisClient, connect
from core.redis.packed import PackedBatch, PackedResults

__all__ = ["PackedBatch", "PackedResults", "RedisAway", "RedisClient", "connect"]
