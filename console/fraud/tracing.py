"""Where a list of leaked codes came from, and what voiding them would do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain import EpochKeys
from codegen.domain.batches import MAX_CODES_PER_CHANGE, Batch, Unit
from codegen.domain.ranges import Interval, RangeState
from codegen.domain.scanned import find_scanned
from codegen.pipeline import (
    FoundCode,
    count_voidable,
    find_codes,
    group_by_stretch,
    stretch_of,
)
from console.frame.messages import message
from core.auth import Staff
from core.errors import InvalidInput
from printer_export.pipeline.history import PackagedIn, find_packages_of
from scan_api.pipeline.claims import count_claims

MAX_CODES: Final = MAX_CODES_PER_CHANGE


@dataclass(frozen=True, slots=True)
class Source:
    """Listed codes of one stretch of a batch: a unit, or what lies between units.

    `span` is the stretch by indexes, both included: all of a batch without units.
    `states` counts the listed codes; `whole` is how many codes would become void with
    the whole stretch. `packages` are those that held any of the listed codes, with how
    many.
    """

    batch: Batch
    unit: Unit | None
    span: Interval
    codes: tuple[FoundCode, ...]
    states: Counter[str]
    claimed: int
    would_void: int
    whole: int
    packages: tuple[tuple[PackagedIn, int], ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """What a list turned out to be; `unknown` are texts that are no codes of ours."""

    listed: int
    repeated: int
    unknown: tuple[str, ...]
    never_issued: int
    sources: tuple[Source, ...]


def read_list(text: str) -> list[str]:
    """Find the codes and links in what was pasted, with what was meant as one.

    Raises InvalidInput when there are none or too many.
    """
    # One more than there may be tells that there are too many.
    found = islice(find_scanned(text), MAX_CODES + 1)
    texts = [each.given for each in found]
    if not texts:
        raise InvalidInput.field("/codes", "required", message("no_codes"))
    if len(texts) > MAX_CODES:
        raise InvalidInput.field(
            "/codes",
            "too_many",
            message("too_many_codes", most=MAX_CODES),
        )
    return texts


async def trace_codes(
    conn: AsyncConnection, keys: EpochKeys, texts: Sequence[str], staff: Staff
) -> Trace:
    """Find which units and packages codes were in, and who took those."""
    found = await find_codes(conn, keys, texts, staff)
    groups = group_by_stretch(found)
    known = sum(map(len, groups.values()))
    valid = [each for each in found if each.code_id is not None]
    return Trace(
        listed=len(texts),
        repeated=sum(each.batch is not None for each in found) - known,
        unknown=tuple(each.given for each in found if each.code_id is None),
        never_issued=sum(each.batch is None for each in valid),
        sources=tuple([await _describe(conn, codes) for codes in groups.values()]),
    )


async def _describe(conn: AsyncConnection, codes: Sequence[FoundCode]) -> Source:
    batch, index = codes[0].batch, codes[0].index
    assert batch is not None
    assert index is not None
    unit, span = stretch_of(batch, index)
    code_ids = [each.code_id for each in codes if each.code_id is not None]
    states = Counter(each.state for each in codes)
    whole = (batch.first_code_id + span[0], batch.first_code_id + span[1])
    return Source(
        batch,
        unit,
        span,
        tuple(codes),
        states,
        claimed=await count_claims(conn, code_ids),
        would_void=_voidable(states),
        whole=await count_voidable(conn, batch, whole),
        packages=tuple(
            (package, held)
            for package in await find_packages_of(conn, min(code_ids), max(code_ids))
            if (held := _held(package, codes))
        ),
    )


def _held(package: PackagedIn, codes: Sequence[FoundCode]) -> int:
    return sum(
        package.from_index <= each.index <= package.to_index
        for each in codes
        if each.index is not None
    )


def _voidable(states: Counter[str]) -> int:
    return states[RangeState.ISSUED] + states[RangeState.ACTIVATED]
