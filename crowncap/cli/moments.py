"""How a command line says when: a day of the brand's calendar, or a moment."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from core.moments import local_text, read_end, read_start

_ANY: Final = ZoneInfo("UTC")


class _When(click.ParamType[str]):
    """A day, or a moment with or without its offset; kept as it was said."""

    name = "day or moment"

    def convert(
        self, value: Any, param: click.Parameter | None, _ctx: click.Context | None
    ) -> str:
        """Refuse what no calendar has; raises InvalidInput."""
        pointer = f"/{param.name if param else 'when'}"
        read_start(pointer, local_text(str(value), _ANY), _ANY)
        return str(value)


WHEN: Final = _When()


def start_of(pointer: str, said: str | None, timezone: ZoneInfo) -> datetime | None:
    """Tell when something begins; without an offset, by the brand's clock."""
    return read_start(pointer, said and local_text(said, timezone), timezone)


def end_of(pointer: str, said: str | None, timezone: ZoneInfo) -> datetime | None:
    """Tell from when on something is over; a day counts to its end."""
    return read_end(pointer, said and local_text(said, timezone), timezone)
