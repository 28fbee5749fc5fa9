"""The SQL of looking at payouts."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import SHARD
from rewards import tables as t
from rewards.domain.payouts import OwnPayout, Payout, PayoutState
from rewards.store.members import is_member
from rewards.tables.cards import card_sets
from rewards.tables.draws import draws

# Asked so often without any word of it, a payout does not end by itself.
PATIENT_FOR: Final = 4

_P: Final = t.payouts.c
_NEEDS_PERSON: Final = or_(
    _P.disputed,
    and_(_P.state == PayoutState.UNKNOWN.value, _P.attempts >= PATIENT_FOR),
)
_BRAND: Final[ColumnElement[str | None]] = func.coalesce(
    t.campaigns.c.brand, draws.c.brand, card_sets.c.brand
)
_SHOWN: Select[Any] = (
    select(
        *(
            c
            for c in _P
            if c.name not in {"shard", "account", "limits", "confirmation"}
        ),
        t.members.c.member_id,
        *(t.campaigns.c.campaign_id, draws.c.draw_id, card_sets.c.set_id),
        _BRAND.label("brand"),
        _NEEDS_PERSON.label("needs_person"),
    )
    .join_from(t.payouts, t.members, is_member(_P.member_no))
    # Its account's owner: all have numbers of one sequence.
    .outerjoin(t.campaigns, t.campaigns.c.campaign_no == _P.campaign_no)
    .outerjoin(draws, draws.c.draw_no == _P.campaign_no)
    .outerjoin(card_sets, card_sets.c.set_no == _P.campaign_no)
    .where(_P.shard == SHARD)
)


def _is_of(brand: str | None) -> list[ColumnElement[bool]]:
    return [] if brand is None else [_BRAND.in_([brand])]


def _is_shown_as(state: PayoutState) -> ColumnElement[bool]:
    alike = [each.value for each in PayoutState if each.shown is state]
    return _P.state.in_(alike)


async def list_payouts(
    conn: AsyncConnection,
    *,
    brand: str | None,
    state: PayoutState | None,
    before: int | None,
    limit: int,
) -> list[Payout]:
    """List payouts, newest first."""
    query = _SHOWN.where(*_is_of(brand))
    if state is not None:
        query = query.where(_is_shown_as(state))
    if before is not None:
        query = query.where(_P.payout_id < before)
    rows = await conn.execute(query.order_by(_P.payout_id.desc()).limit(limit))
    return [_read(row) for row in rows]


async def list_for_person(
    conn: AsyncConnection, *, brand: str | None, limit: int
) -> list[Payout]:
    """List payouts that need a person, the oldest first."""
    query = _SHOWN.where(_NEEDS_PERSON, *_is_of(brand))
    rows = await conn.execute(query.order_by(_P.payout_id).limit(limit))
    return [_read(row) for row in rows]


async def find_payout(
    conn: AsyncConnection, payout_id: int, *, brand: str | None
) -> Payout | None:
    """Find a payout of a brand, or of any."""
    query = _SHOWN.where(_P.payout_id == payout_id, *_is_of(brand))
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> Payout:
    return Payout(
        payout_id=row.payout_id,
        member_id=row.member_id,
        campaign_id=row.campaign_id,
        draw_id=row.draw_id,
        set_id=row.set_id,
        brand=row.brand,
        minor=row.minor,
        currency=row.currency,
        state=PayoutState(row.state).shown,
        created_at=row.created_at,
        lapses_at=row.lapses_at,
        sent_at=row.sent_at,
        next_at=row.next_at,
        attempts=row.attempts,
        provider=row.provider,
        provider_ref=row.provider_ref,
        fault=row.fault,
        is_cancelling=row.cancelling,
        is_disputed=row.disputed,
        needs_person=row.needs_person,
    )


async def find_member_no(conn: AsyncConnection, member_id: str) -> int | None:
    """Find the number of a member by name."""
    i = t.identities.c
    found = await conn.execute(
        select(i.member_no).where(i.shard == SHARD, i.member_id == member_id)
    )
    return found.scalar_one_or_none()


async def list_own(
    conn: AsyncConnection, member_no: int, *, before: int | None, limit: int
) -> list[OwnPayout]:
    """List a member's payouts, newest first."""
    y = t.payees.c
    has_payee = (
        select(y.member_no).where(y.shard == SHARD, y.member_no == member_no).exists()
    )
    query = select(
        *(_P.payout_id, _P.minor, _P.currency, _P.state, _P.created_at, _P.lapses_at),
        _P.confirmation,
        and_(_P.state == PayoutState.WAITING.value, not_(has_payee)).label("no_payee"),
    ).where(_P.shard == SHARD, _P.member_no == member_no)
    if before is not None:
        query = query.where(_P.payout_id < before)
    rows = await conn.execute(query.order_by(_P.payout_id.desc()).limit(limit))
    return [
        OwnPayout(
            payout_id=row.payout_id,
            minor=row.minor,
            currency=row.currency,
            state=PayoutState(row.state).shown,
            created_at=row.created_at,
            lapses_at=row.lapses_at,
            confirmation=row.confirmation,
            needs_payee=row.no_payee,
        )
        for row in rows
    ]
