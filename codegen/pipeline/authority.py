"""What one key may do alone: which batches, which terms, and how many voids."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen import store
from codegen.domain.batches import Batch
from codegen.domain.messages import message
from codegen.domain.ranges import (
    ActivationRecord,
    CodeRange,
    Interval,
    RangeState,
    cut_out,
    join_intervals,
)
from core.auth import Role, Staff
from core.errors import FieldError, Forbidden

# Codes that one line key voids within any hour. Half a roll that tears is less; who
# stole the key spoils no more than that before somebody looks.
VOIDS_AN_HOUR: Final = 10_000
# What a batch is issued for: money and markets, which are no line's business.
_ISSUERS_TERMS: Final = ("gtin", "campaign_id", "sale_regions")


def refuse_other_line(batch: Batch, staff: Staff) -> None:
    """Let a key that is narrowed to a line change that line's batches; or Forbidden."""
    if staff.line is not None and batch.line != staff.line:
        raise Forbidden(
            message("other_line", batch_id=batch.batch_id, line=staff.line),
            code="not_yours_to_change",
        )


async def refuse_other_goods(
    conn: AsyncConnection, batch: Batch, ranges: Iterable[CodeRange], staff: Staff
) -> None:
    """Let nobody take back another brand's goods; raises Forbidden.

    A batch without a brand may have become goods of several.
    """
    if await others_gtins(conn, batch, ranges, staff.brand):
        raise Forbidden(
            message("other_goods", batch_id=batch.batch_id),
            code="not_yours_to_change",
        )


async def others_gtins(
    conn: AsyncConnection, batch: Batch, ranges: Iterable[CodeRange], brand: str | None
) -> set[str]:
    """Name the products in some ranges of a batch that are not of a brand."""
    if brand is None or batch.brand is not None:
        return set()
    gtins = {r.binding.gtin for r in ranges if r.binding.gtin is not None}
    products = [await store.find_product(conn, gtin) for gtin in sorted(gtins)]
    return {each.gtin for each in products if each and each.brand != brand}


def refuse_other_terms(batch: Batch, given: Mapping[str, Any], staff: Staff) -> None:
    """Let a line give what a line knows; the rest only as its batch says.

    Raises Forbidden, which points at each term that is an issuer's to choose.
    """
    foreign = []
    if staff.role is Role.LINE:
        foreign = [
            name
            for name in _ISSUERS_TERMS
            if name in given and not _same(given[name], getattr(batch, name))
        ]
    if staff.line is not None and given.get("line", staff.line) != staff.line:
        foreign.append("line")
    if foreign:
        raise Forbidden(
            message(
                "issuers_term" if len(foreign) == 1 else "issuers_terms",
                names=", ".join(foreign),
                batch_id=batch.batch_id,
            ),
            code="not_yours_to_change",
            errors=tuple(
                FieldError(f"/{name}", "not_yours_to_change", message("as_the_batch"))
                for name in foreign
            ),
        )


async def refuse_others_start(
    conn: AsyncConnection, activation: ActivationRecord, staff: Staff
) -> None:
    """Let a line move only what its own key activated within a day; or Forbidden.

    Caps whose start is put off for a century are as good as void.
    """
    if staff.role is not Role.LINE:
        return
    number = activation.activation_id
    if number not in await store.find_fresh_changes(conn, [number], staff.token_id):
        raise Forbidden(
            message("others_start", activation_id=number),
            code="not_yours_to_change",
        )


def _same(given: Any, said: Any) -> bool:
    if isinstance(said, tuple):
        return set(given) == set(said)
    return bool(given == said)


@dataclass(frozen=True, slots=True)
class VoidShares:
    """Codes to void: what the caller may void alone, and what takes a second person."""

    intervals: Sequence[Interval]
    singles: Sequence[int]
    beyond: Sequence[Interval] = ()

    @property
    def quantity_beyond(self) -> int:
        """How many codes take a second person."""
        return sum(last - first + 1 for first, last in self.beyond)


async def share_voids(
    conn: AsyncConnection,
    staff: Staff,
    ranges: Sequence[CodeRange],
    intervals: Sequence[Interval],
    singles: Sequence[int] = (),
) -> VoidShares:
    """Divide codes to void by who may void them; the caller holds the fence.

    A line voids alone what is issued, or what its own key activated within a day, and
    VOIDS_AN_HOUR of that. `singles` can all become void. What is in a final state is
    nobody's, and stays where it was asked for.
    """
    if staff.role is not Role.LINE:
        return VoidShares(intervals, singles)
    pieces = list(cut_out(ranges, intervals))
    starts = [r.first_code_id for r in ranges]
    homes = [ranges[bisect_right(starts, code_id) - 1] for code_id in singles]
    active = {r.change_id for r in (*pieces, *homes) if r.state is RangeState.ACTIVATED}
    own = await store.find_fresh_changes(conn, sorted(active), staff.token_id)
    left = VOIDS_AN_HOUR - await store.count_fresh_voids(conn, staff.token_id)
    kept: list[Interval] = []
    beyond: list[Interval] = []
    for piece in pieces:
        here = (piece.first_code_id, piece.last_code_id)
        if piece.state not in {RangeState.ISSUED, RangeState.ACTIVATED}:
            kept.append(here)
        elif not _is_own(piece, own):
            beyond.append(here)
        else:
            size = max(min(left, piece.size), 0)
            left -= size
            mine, rest = _split(here, size)
            kept += mine
            beyond += rest
    alone: list[int] = []
    for code_id, home in zip(singles, homes, strict=True):
        if left > 0 and _is_own(home, own):
            alone.append(code_id)
            left -= 1
        else:
            beyond.append((code_id, code_id))
    return VoidShares(join_intervals(kept), alone, join_intervals(beyond))


def _is_own(piece: CodeRange, own: Iterable[int]) -> bool:
    return piece.state is RangeState.ISSUED or piece.change_id in own


def _split(interval: Interval, size: int) -> tuple[list[Interval], list[Interval]]:
    """Cut an interval after `size` codes."""
    first, last = interval
    middle = first + size
    return (
        [(first, middle - 1)] if size else [],
        [(middle, last)] if middle <= last else [],
    )


def refuse_beyond(shares: VoidShares) -> None:
    """Refuse a void that takes a second person; raises Forbidden."""
    if shares.quantity_beyond:
        raise Forbidden(
            message(
                "void_takes_two", quantity=shares.quantity_beyond, most=VOIDS_AN_HOUR
            ),
            code="second_person_needed",
        )
