"""Rows of a line report as JSON, which are read as the CSV that they stand for."""

import csv
import io
from typing import Final

import msgspec

from core.errors import InvalidInput
from printer_export.domain.messages import message

_WAYS: Final = (("from_index", "to_index"), ("code",), ("unit", "quantity"))


class JsonRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row, naming codes in one of three ways."""

    status: str
    from_index: int | None = None
    to_index: int | None = None
    code: str | None = None
    unit: str | None = None
    quantity: int | None = None
    reason: str = ""
    grade: str = ""


def as_csv(rows: tuple[JsonRow, ...]) -> str:
    """Write rows as the CSV they stand for; all name codes the same way.

    Raises InvalidInput.
    """
    way = next(
        (w for w in _WAYS if all(getattr(rows[0], name) is not None for name in w)),
        None,
    )
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*(way or _WAYS[0]), "status", "reason", "grade"])
    for number, row in enumerate(rows):
        given = {n for w in _WAYS for n in w if getattr(row, n) is not None}
        if way is None or given != set(way):
            raise InvalidInput.field(
                f"/rows/{number}", "naming", message("one_way_of_naming")
            )
        values = [getattr(row, name) for name in way]
        writer.writerow([*values, row.status, row.reason, row.grade])
    return out.getvalue()
