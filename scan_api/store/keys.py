"""Where a claim and a scan are found: by the whole of their keys."""

from sqlalchemy import ColumnElement, and_

from core.db import SHARD
from scan_api.tables import claims, scans


def is_claim_of(code_id: int) -> ColumnElement[bool]:
    """Find the claim of a code."""
    return and_(claims.c.shard == SHARD, claims.c.code_id == code_id)


def is_scan_of(scan_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Find a scan by its number."""
    return and_(scans.c.shard == SHARD, scans.c.scan_id == scan_id)
