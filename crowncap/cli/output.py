"""What a command answers: JSON for programs, tables and lines for people."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from core.messages import encode_plainly

P = ParamSpec("P")
R = TypeVar("R")


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Add --json."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print JSON on a terminal too."
    )(command)


def print_answer(answer: Any, *, as_json: bool) -> None:
    """Print to standard output: JSON, or on a terminal what people can read."""
    if as_json or not sys.stdout.isatty():
        click.echo(msgspec.json.encode(answer, enc_hook=encode_plainly))
        return
    plain = msgspec.to_builtins(answer)
    console = Console(highlight=False)
    if isinstance(plain, Mapping):
        _print_fields(console, plain)
    elif plain:
        console.print(_table(plain))
    else:
        console.print("There are none.")


def _print_fields(console: Console, fields: Mapping[str, Any]) -> None:
    grid = Table.grid(padding=(0, 2))
    for name, value in fields.items():
        grid.add_row(name, _word(value))
    console.print(grid)


def _table(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    # A column that is empty in every row tells nothing.
    names = [n for n in rows[0] if any(row[n] not in (None, [], "") for row in rows)]
    for name in names:
        numeric = all(isinstance(row[name], int) for row in rows)
        table.add_column(name, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(_word(row[name]) for name in names))
    return table


def _word(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case list() | tuple():
            return ", ".join(_word(each) for each in value) or "–"
        case Mapping():
            return ", ".join(f"{name} {_word(each)}" for name, each in value.items())
    return str(value)
