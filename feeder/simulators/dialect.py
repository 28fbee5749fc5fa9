"""What a printer's language is to its simulator."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from feeder.simulators.paper import Sheet


class Query:
    """Somebody asks how the printer stands."""


QUERY = Query()


@dataclass(frozen=True, slots=True)
class Condition:
    """How a printer stands.

    `waiting` counts what is received and not on paper, what is under the head among
    it; `last` is what was printed last, unless the printer has forgotten.
    """

    waiting: int
    is_full: bool
    last: Sheet | None


class Dialect(Protocol):
    """Bytes in, products and queries out; and what is said of them."""

    @property
    def name(self) -> str:
        """The language's name, for people."""
        ...

    def receive(self, content: bytes) -> Iterator[Sheet | Query]:
        """Read what arrived; half a frame waits for its other half."""
        ...

    def status(self, condition: Condition) -> bytes:
        """Answer a query."""
        ...

    def acknowledge(self, sheet: Sheet) -> bytes:
        """Tell that a product is printed; nothing where no such word exists."""
        ...

    def hold(self, half: bytes) -> None:
        """Have received just this half of a frame, and nothing after it."""
        ...

    def hang_up(self) -> None:
        """Come to the end of a connection."""
        ...
