"""Screens on the wall: pages that read themselves again, until somebody stops them."""

from enum import StrEnum
from typing import Any

from litestar import Request


class Watch(StrEnum):
    """How a page is looked at; only `on` reads itself again."""

    OFF = ""
    ON = "on"
    PAUSED = "paused"


def read_watch(request: Request[Any, Any, Any]) -> Watch:
    """Read `?watch`, alone or as `watch=paused`."""
    asked = request.query_params.get("watch")
    if asked is None:
        return Watch.OFF
    return Watch.PAUSED if asked == Watch.PAUSED else Watch.ON
