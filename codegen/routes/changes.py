"""HTTP of changes: activations and voids."""

from typing import Annotated, Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from codegen import pipeline
from codegen.domain.batches import Preview, Selection
from codegen.domain.ranges import RangeState
from codegen.domain.skips import Skip
from codegen.pipeline import ChangeRequest, Issuance
from codegen.pipeline.terms import Terms
from codegen.routes.recalls import answer_preview
from core.auth import Principal, Role, require_role
from core.auth.requests import Once
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.fields import Sentence, Text64
from core.moments import BothClocks, on_both_clocks

Codes = Annotated[tuple[str, ...], msgspec.Meta(max_length=10_000)]


class Activation(Terms, frozen=True, kw_only=True):
    """Codes to activate; what is left out comes from the batch."""

    # Codes come with whatever scanners and people put around them.
    judged_later: ClassVar = frozenset({"codes"})

    unit: Text64 | None = None
    from_index: int | None = None
    to_index: int | None = None
    codes: Codes | None = None


class Activated(msgspec.Struct, frozen=True):
    """What an activation did, why it left some codes, and from when it counts."""

    activation_id: int
    changed: int
    unchanged: int
    skipped: tuple[Skip, ...]
    effective_at: BothClocks | None


class Void(Body, frozen=True, kw_only=True):
    """Codes to make void, for good."""

    judged_later: ClassVar = frozenset({"codes"})
    prose: ClassVar = frozenset({"reason"})

    reason: Annotated[Sentence, msgspec.Meta(examples=["roll 7 was torn"])]
    unit: Text64 | None = None
    from_index: int | None = None
    to_index: int | None = None
    codes: Codes | None = None


class Voided(msgspec.Struct, frozen=True):
    """What a void did."""

    void_id: int
    changed: int
    unchanged: int
    skipped: tuple[Skip, ...]


def _selection(data: Activation | Void) -> Selection:
    return Selection(data.unit, data.from_index, data.to_index, data.codes)


@post(
    "/v1/batches/{batch_id:int}/activations",
    summary="Activate codes",
    tags=["batches"],
    opt={"also": {200: Preview}},
)
async def activate_codes(
    request: Request[Any, Any, Any],
    batch_id: int,
    data: Activation,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
    engine: AsyncEngine,
    timezone: SkipValidation[ZoneInfo],
    preview: bool = False,  # noqa: FBT001, FBT002 - as it stands in the address
) -> Response[Activated]:
    """Activate a batch, a unit, a range or single codes, bound to what they mean.

    `skipped` says why codes were left as they were. A day as `effective_at` is its
    first moment in the brand's calendar.
    """
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    terms = data.read(timezone)
    change = ChangeRequest(
        batch_id, _selection(data), RangeState.ACTIVATED, terms=terms
    )
    if preview:
        async with once.guesses.counting(staff), engine.connect() as conn:
            keys = issuance.key_file.load()
            return answer_preview(
                await pipeline.preview_codes(conn, keys, change, staff)
            )
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> Activated:
        done = await pipeline.change_codes(
            conn, issuance.key_file.load(), change, staff, now=now
        )
        return Activated(
            done.change_id,
            done.changed,
            done.unchanged,
            done.skipped,
            None
            if terms.effective_at is None
            else on_both_clocks(terms.effective_at, timezone),
        )

    return await once.perform(request, staff, effect)


@post(
    "/v1/batches/{batch_id:int}/voids",
    summary="Void codes",
    tags=["batches"],
    opt={"also": {200: Preview}},
)
async def void_codes(
    request: Request[Any, Any, Any],
    batch_id: int,
    data: Void,
    principal: Principal,
    once: Once,
    clock: Clock,
    issuance: Issuance,
    engine: AsyncEngine,
    preview: bool = False,  # noqa: FBT001, FBT002 - as it stands in the address
) -> Response[Voided]:
    """Make codes void, for good."""
    staff = require_role(principal, Role.LINE, Role.ISSUER)
    change = ChangeRequest(batch_id, _selection(data), RangeState.VOID, data.reason)
    if preview:
        async with once.guesses.counting(staff), engine.connect() as conn:
            keys = issuance.key_file.load()
            return answer_preview(
                await pipeline.preview_codes(conn, keys, change, staff)
            )
    now = utc_datetime(clock.now_ms())

    async def effect(conn: AsyncConnection) -> Voided:
        done = await pipeline.change_codes(
            conn, issuance.key_file.load(), change, staff, now=now
        )
        return Voided(done.change_id, done.changed, done.unchanged, done.skipped)

    return await once.perform(request, staff, effect)
