"""HTTP of notices: what who pays out tells by itself, signed, and believed by that."""

from typing import Any

from litestar import Request, Response, post
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import Clock, utc_datetime
from core.errors import NotFound, Unauthenticated
from rewards.domain.messages import message
from rewards.pipeline.payouts.notices import take_notice
from rewards.pipeline.payouts.terms import PayoutTerms

MAX_NOTICE = 64 << 10
NOTICE_PATH = "/v1/payout-notices/wechat"


# No caller of the API sends these, so that its document does not name them.
@post(
    NOTICE_PATH,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=MAX_NOTICE,
)
async def hear_notice(
    request: Request[Any, Any, Any],
    engine: AsyncEngine,
    clock: Clock,
    payouts: SkipValidation[PayoutTerms],
) -> Response[dict[str, str]]:
    """Take notice, once who pays out is known to have signed it."""
    if payouts.notices is None:
        raise NotFound(message("no_payer"))
    body = await request.body()
    now_ms = clock.now_ms()
    notice = payouts.notices.read(request.headers, body, now=utc_datetime(now_ms))
    if notice is None:
        raise Unauthenticated(message("notice_not_genuine"))
    async with engine.begin() as conn:
        await take_notice(conn, notice, now_ms=now_ms)
    return Response({"code": "SUCCESS"})
