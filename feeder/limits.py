"""How full a printer is kept, and how long things may take."""

from dataclasses import dataclass

from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Marks:
    """At `low` or fewer codes in the printer it is filled up to `high`."""

    low: int = 50
    high: int = 150

    def __post_init__(self) -> None:
        if not 0 <= self.low < self.high:
            raise InvalidInput(
                f"The low mark {self.low} must be at least 0 and below the high mark "
                f"{self.high}."
            )


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds.

    No answer within `answer_s` is a state: printers are silent without media. After
    `patience_s` of it the connection is thought dead. `give_up_s` bounds a lost
    printer, `drain_s` a clean stop, `flush_s` how old an unwritten answer may be.
    """

    answer_s: float = 1.0
    keep_alive_s: float = 10.0
    flush_s: float = 0.25
    connect_s: float = 5.0
    drain_s: float = 10.0
    patience_s: float = 600.0
    give_up_s: float = 600.0
