"""Asking in a batch, and what is told when too many wait for one already."""

from typing import TypeVar

from core.batching import Batcher, QueueFullError
from core.errors import Unavailable
from rewards.domain.messages import message

Asked = TypeVar("Asked")
Told = TypeVar("Told")


async def ask(batcher: Batcher[Asked, Told], asked: Asked) -> Told:
    """Wait for what becomes of a request; raises Unavailable where too many wait."""
    try:
        return await batcher.submit(asked)
    except QueueFullError:
        raise Unavailable(
            message("coupons_crowded"), code="crowded", retry_after_s=1
        ) from None
