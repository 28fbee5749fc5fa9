"""What a scan tells by itself: its app, its member, its goods, and where it was."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from anti_fraud.domain.divisions import find_division
from codegen.domain.ranges import Binding
from core.clock import to_ms
from core.ids import time_of_id

_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000


class ScanFacts(NamedTuple):
    """Of `anti_fraud.domain.facts.Evidence` what needs nobody but the scan's record."""

    environment: str | None
    risk_rank: int | None
    member_days: int | None
    produced_on: date | None
    hours_active: int | None
    outside_sale_region: bool


def read_scan(
    binding: Binding,
    context: Mapping[str, Any] | None,
    *,
    member_no: int,
    at_ms: int,
    cell: int | None = None,
    network_province: str | None = None,
) -> ScanFacts:
    """Tell of a scan at its own time (ms since 1970); a `member_no` of 0 is nobody's.

    What arrived before its member was one, or before its code was active, is as new as
    can be.
    """
    told = context or {}
    days = None
    if member_no:
        days = max(at_ms - time_of_id(member_no), 0) // _DAY_MS
    hours = None
    if binding.effective_at is not None:
        hours = max(at_ms - to_ms(binding.effective_at), 0) // _HOUR_MS
    outside = False
    if binding.sale_regions:
        place = told.get("region")
        outside = is_outside(binding.sale_regions, place, cell, network_province)
    return ScanFacts(
        told.get("environment"),
        told.get("risk_rank"),
        days,
        binding.produced_on,
        hours,
        outside,
    )


def is_outside(
    sale_regions: tuple[str, ...],
    region: str | None,
    cell: int | None,
    network_province: str | None,
) -> bool:
    """Tell whether a scan is known to be outside of where its goods are to be sold.

    What its app says goes before the phone's place, and that before its network's.
    """
    if region is not None:
        return not any(_may_be_in(each, region) for each in sale_regions)
    if cell is not None:
        far = _is_far(sale_regions, cell)
        if far is not None:
            return far
    if network_province is not None:
        return is_outside(sale_regions, network_province, None, None)
    return False


def _may_be_in(sold_in: str, place: str) -> bool:
    """Tell whether one of two regions is the other, or a part of it."""
    a, b = f"{sold_in}-", f"{place}-"
    return b.startswith(a) or a.startswith(b)


# A batch's goods are scanned in the same cells again and again.
@lru_cache(maxsize=8_192)
def _is_far(sale_regions: tuple[str, ...], cell: int) -> bool | None:
    """Tell whether a cell is in none of China's divisions; None if others are named.

    Divisions reach some 50 km too far, so that what is far is surely outside.
    """
    divisions = [find_division(each) for each in sale_regions]
    named = [each for each in divisions if each is not None]
    if len(named) < len(divisions):
        return None
    return min(each.distance_km(cell) for each in named) > 0
