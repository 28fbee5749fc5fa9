"""Rows of a form that come and go by its buttons, without a script; pure.

`prize2_name` is the name of a field: of the third prize, its name. The buttons say
`add_prize` and `remove_prize_2`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class RowKind:
    """Rows of one kind: how they are called, their fields, and how many at most."""

    prefix: str
    names: tuple[str, ...]
    most: int

    @property
    def fields(self) -> Iterator[str]:
        """Name all fields that there may be."""
        for number in range(self.most):
            yield from (f"{self.prefix}{number}_{name}" for name in self.names)

    def read(self, form: Mapping[str, str]) -> list[Row]:
        """Take the rows out of a form; a row is there if its first field is."""
        return [
            {
                name: form.get(f"{self.prefix}{number}_{name}", "").strip()
                for name in self.names
            }
            for number in range(self.most)
            if f"{self.prefix}{number}_{self.names[0]}" in form
        ]

    def change(self, rows: list[Row], step: str) -> str | None:
        """Add a row or take one away; gives the field to go on with, None for no step.

        What is not there any more, or would be one too many, changes nothing.
        """
        if step == f"add_{self.prefix}":
            if len(rows) < self.most:
                rows.append(dict.fromkeys(self.names, ""))
            return f"{self.prefix}{len(rows) - 1}_{self.names[0]}"
        found = re.fullmatch(rf"remove_{self.prefix}_(\d{{1,3}})", step, re.ASCII)
        if found is None:
            return None
        if int(found[1]) < len(rows):
            del rows[int(found[1])]
        return f"add_{self.prefix}"
