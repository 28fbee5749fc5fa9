"""A laser or coder of the generic line protocol, as docs/line-integrator.md says it."""

from collections.abc import Iterator

from feeder.simulators.dialect import QUERY, Condition, Query
from feeder.simulators.paper import Sheet


class CoderDialect:
    """Reads `<STX>index|link<CR>` and answers each print and each `S?<CR>`."""

    name = "the generic line protocol"

    def __init__(self) -> None:
        self._tail = b""

    def receive(self, content: bytes) -> Iterator[Sheet | Query]:
        """Read lines; what makes no sense is passed over."""
        self._tail += content
        while b"\r" in self._tail:
            line, _, self._tail = self._tail.partition(b"\r")
            if line == b"S?":
                yield QUERY
            elif line.startswith(b"\x02") and b"|" in line:
                number, _, link = line[1:].decode("ascii", "replace").partition("|")
                yield Sheet(link, line + b"\r", number)

    def status(self, condition: Condition) -> bytes:
        """Tell how many wait, and the number printed last."""
        word = "full" if condition.is_full else "ready"
        last = condition.last.number if condition.last else "-"
        return f"S {condition.waiting},{last},{word}\r".encode("ascii")

    def acknowledge(self, sheet: Sheet) -> bytes:
        """Name the code that is on the product."""
        return f"\x06{sheet.number}\r".encode("ascii")

    def hold(self, half: bytes) -> None:
        """Have received the beginning of a line."""
        self._tail = half

    def hang_up(self) -> None:
        """Drop a line that was cut off."""
        self._tail = b""
