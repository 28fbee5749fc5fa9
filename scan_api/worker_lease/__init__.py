"""The number of a worker in its scan_ids, held by one live worker at a time."""

from scan_api.worker_lease.holder import LeasedIds
from scan_api.worker_lease.store import NoNumberFreeError

__all__ = ["LeasedIds", "NoNumberFreeError"]
