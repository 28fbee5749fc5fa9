"""HTTP of payees: where a member's red packets go."""

from typing import Annotated, ClassVar

import msgspec
from litestar import put
from litestar.params import SkipValidation
from sqlalchemy.ext.asyncio import AsyncEngine

from core.auth import Principal, Role, Staff, require_member, require_role
from core.auth.members import is_member_id
from core.bounds import Body
from core.clock import Clock, utc_datetime
from core.errors import InvalidInput
from rewards.domain.messages import message
from rewards.domain.payouts import (
    ACCOUNT_PATTERN,
    LEAST_ACCOUNT,
    MAX_ACCOUNT,
    PayeeProvider,
)
from rewards.pipeline.payouts import payees
from rewards.pipeline.payouts.terms import PayoutTerms

Account = Annotated[
    str,
    msgspec.Meta(
        min_length=LEAST_ACCOUNT,
        max_length=MAX_ACCOUNT,
        pattern=ACCOUNT_PATTERN,
        examples=["o-MYE42l80oelYMDE34nYD456Xoy"],
    ),
]


class Payee(Body, frozen=True, kw_only=True):
    """By whom, and to which account of theirs."""

    judged_later: ClassVar = frozenset({"account"})

    provider: PayeeProvider
    account: Account


class PayeeView(msgspec.Struct, frozen=True):
    """Where red packets go from now on; of the account only its end is told."""

    provider: PayeeProvider
    account: str


@put("/v1/me/payee", summary="Say where one's red packets go", tags=["members"])
async def put_own_payee(
    data: Payee,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    payouts: SkipValidation[PayoutTerms],
) -> PayeeView:
    """Say where one's red packets go from now on; those that wait for it go now."""
    member = require_member(principal)
    return await _put(member.member_id, data, None, engine, clock, payouts)


@put(
    "/v1/members/{member_id:str}/payee",
    summary="Say where a member's red packets go",
    tags=["members"],
)
async def put_payee(
    member_id: str,
    data: Payee,
    principal: Principal,
    engine: AsyncEngine,
    clock: Clock,
    payouts: SkipValidation[PayoutTerms],
) -> PayeeView:
    """Say for a member where red packets go, as an app does that knows its account."""
    staff = require_role(principal, Role.APP)
    if not is_member_id(member_id):
        raise InvalidInput.field("/member_id", "invalid", message("no_member_id"))
    return await _put(member_id, data, staff, engine, clock, payouts)


async def _put(
    member_id: str,
    data: Payee,
    staff: Staff | None,
    engine: AsyncEngine,
    clock: Clock,
    payouts: PayoutTerms,
) -> PayeeView:
    box, now = payouts.open_box(), utc_datetime(clock.now_ms())
    async with engine.begin() as conn:
        await payees.put_payee(
            conn,
            box,
            payouts.ends.ids,
            member_id,
            provider=data.provider,
            account=data.account,
            staff=staff,
            now=now,
        )
    return PayeeView(data.provider, payees.hint_of(data.account))
