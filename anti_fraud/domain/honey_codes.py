"""Honey codes: of caps that nobody prints, so that whoever sees one betrays a leak."""

from datetime import datetime
from typing import NamedTuple


class HoneyCode(NamedTuple):
    """A code that is watched: who asked for it and when, and how often it was seen."""

    code_id: int
    batch_id: int
    added_by: str
    added_at: datetime
    looks: int
    scans: int
    first_seen_at: datetime | None
    last_seen_at: datetime | None


class HoneyCount(NamedTuple):
    """What was seen of a batch's honey codes: how many of them, and how often."""

    codes: int
    looks: int
    scans: int
