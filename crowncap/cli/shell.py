"""What every command stands on: settings, connections, printing."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click
from rich.console import Console
from sqlalchemy.ext.asyncio import AsyncEngine

from codegen.domain.gs1.element_string import SEPARATOR
from codegen.domain.wrappings import unwrap
from codegen.pipeline import Issuance
from core.bounds import (
    MAX_SENTENCE,
    MAX_TEXT,
    check_blank,
    check_prose,
    check_text,
    check_values,
    refuse,
)
from core.clock import Clock, SystemClock, utc_datetime
from core.db import create_engine
from core.errors import FieldError
from core.names import tidy
from core.settings import Settings
from crowncap.cli.output import json_option, print_answer
from crowncap.server_urls import issuance_of, served_url, server_urls

P = ParamSpec("P")
R = TypeVar("R")

# Options that may have lines, and those that name somebody or something.
_PROSE: Final = frozenset({"reason", "instructions"})
_NAMES: Final = frozenset(
    {"name", "campaign_id", "brand", "line", "store", "lot", "unit", "plant"}
)
_CODE: Final = "code"

errors = Console(stderr=True, highlight=False)


@dataclass(frozen=True, slots=True)
class Shell:
    """What a command works with."""

    settings: Settings
    engine: AsyncEngine
    clock: Clock
    issuance: Issuance

    def now(self) -> datetime:
        """Tell the time."""
        return utc_datetime(self.clock.now_ms())


def data_dir_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add --data-dir."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Where the data of this installation are (default .crowncap).",
    )(command)


def read_settings(data_dir: Path | None) -> Settings:
    """Read the environment; --data-dir has the last word."""
    environ = dict(os.environ)
    if data_dir is not None:
        environ["CROWNCAP_DATA_DIR"] = str(data_dir)
    settings = Settings.from_env(environ)
    served = served_url(settings.data_dir)
    if served is not None and not environ.get("CROWNCAP_PUBLIC_URL"):
        return replace(settings, public_url=served)
    return settings


def with_shell(
    work: Callable[..., Awaitable[Any]],
) -> Callable[..., None]:
    """Run an async command with a shell, and print what it returns."""

    @wraps(work)
    def command(
        *args: Any, data_dir: Path | None, as_json: bool, **options: Any
    ) -> None:
        check_options(options)
        options = tidy_options(options)

        async def run() -> Any:
            settings = read_settings(data_dir)
            engine = create_engine(server_urls(settings).database_url, pool_size=1)
            try:
                shell = Shell(settings, engine, SystemClock(), issuance_of(settings))
                return await work(shell, *args, **options)
            finally:
                await engine.dispose()

        answer = asyncio.run(run())
        if answer is not None:
            print_answer(answer, as_json=as_json)

    return json_option(data_dir_option(command))


def tidy_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give options with their names kept as they are kept everywhere."""
    return {
        name: tidy(value) if name in _NAMES and isinstance(value, str) else value
        for name, value in options.items()
    }


def check_options(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for a value that nothing behind a command could hold."""
    told: dict[str, Any] = {}
    faults: list[FieldError] = []
    for name, value in options.items():
        if name in _PROSE:
            faults += check_prose(f"/{name}", value, most=MAX_SENTENCE)
            faults += check_blank(f"/{name}", value)
        elif name in _NAMES:
            # An empty variable in a script names no brand, and narrows no token.
            faults += check_text(f"/{name}", value, most=MAX_TEXT)
            faults += check_blank(f"/{name}", value)
        elif name == _CODE:
            # Scanners send controls with it, which are read.
            told[name] = unwrap(value).replace(SEPARATOR, "")
        elif isinstance(value, datetime):
            # The command line reads UTC.
            told[name] = value.replace(tzinfo=UTC)
        else:
            told[name] = value
    refuse([*faults, *check_values(told)])
