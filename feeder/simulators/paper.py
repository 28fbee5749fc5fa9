"""The paper roll: the only truth of what was printed."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from core.errors import InvalidInput
from feeder.simulators.canvas import Picture

_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Sheet:
    """One product: what its symbol says, and the bytes that made it, as received.

    `number` is the code's number, for printers that are sent one; `picture` is how a
    label looks.
    """

    text: str
    frame: bytes
    number: str = ""
    picture: Picture | None = None


class Roll(Protocol):
    """What products pass by; nothing is ever taken off it."""

    def put(self, sheet: Sheet) -> None:
        """Print a product."""
        ...


@dataclass(slots=True)
class MemoryRoll:
    """A roll that is looked at while it turns."""

    sheets: list[Sheet] = field(default_factory=list)

    def put(self, sheet: Sheet) -> None:
        """Print a product."""
        self.sheets.append(sheet)


@dataclass(frozen=True, slots=True)
class BlankRoll:
    """A roll that nobody looks at."""

    def put(self, sheet: Sheet) -> None:
        """Let the product pass."""


class FileRoll:
    """A file with a JSON object a product, only ever appended to."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def put(self, sheet: Sheet) -> None:
        """Write a line, and hand it to the operating system at once."""
        line = {"text": sheet.text, "frame": sheet.frame.decode("latin-1")}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


@contextmanager
def file_roll(path: Path) -> Iterator[FileRoll]:
    """Go on with a roll, readable by its owner alone: it holds codes.

    Raises InvalidInput with one sentence.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        yield FileRoll(file)
