"""What an analyst's action does to codes and campaigns, of which cases know nothing.

Codes are ended by two persons: an action asks for a void or a recall, and an issuer
approves it as any other. Campaigns and tiers are moved at once, behind the fence.
"""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.case_actions import ActionKind, Foretold, NewAction
from anti_fraud.pipeline.cases.ports import ActionPorts
from codegen.domain.batches import Selection
from codegen.domain.recalls import RecallKind, RecallScope
from codegen.pipeline.batches import get_batch
from codegen.pipeline.coverage import cover_scope
from codegen.pipeline.recalls import request_recall
from codegen.pipeline.void_requests import ask_to_void
from core.auth.principal import Staff
from crowncap.code_spans import find_code_span
from printer_export.pipeline.aggregation.units import find_packed_codes
from rewards.domain.campaigns import Move
from rewards.pipeline.campaigns import move_campaign, show_campaign
from rewards.pipeline.chances import TierName, find_tier, freeze_tier, thaw_tier
from rewards.store.filed_holds import count_waiting
from scan_api.store.claims import count_claims_between

_RECALLS: Final = {
    ActionKind.VOID_RANGE: RecallKind.VOID,
    ActionKind.RECALL_RANGE: RecallKind.RECALL,
}


def _scope(wish: NewAction) -> RecallScope:
    return RecallScope(
        batch_id=wish.batch_id, from_index=wish.from_index, to_index=wish.to_index
    )


def _tier(wish: NewAction) -> TierName:
    assert wish.campaign_id is not None, "it was checked"
    assert wish.offer_id is not None, "it was checked"
    assert wish.tier_id is not None, "it was checked"
    return TierName(wish.campaign_id, wish.offer_id, wish.tier_id)


async def _foretell(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, scans: int
) -> Foretold:
    if wish.action is ActionKind.FREEZE_TIER:
        await find_tier(conn, _tier(wish), staff)
        return Foretold(scans=scans)
    if wish.action is ActionKind.PAUSE_CAMPAIGN:
        await show_campaign(conn, wish.campaign_id or "", staff)
        return Foretold(scans=scans)
    covered = await cover_scope(conn, _RECALLS[wish.action], _scope(wish), staff)
    spans = [span for each in covered for span in each.wanted]
    claimed, members = await count_claims_between(conn, spans)
    return Foretold(
        scans=scans,
        caps=sum(each.preview.would_change for each in covered),
        claimed=claimed,
        members=members,
        holds=await count_waiting(conn, spans),
    )


async def _ask_to_void(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
) -> str:
    assert wish.batch_id is not None, "it was checked"
    batch = await get_batch(conn, wish.batch_id, staff)
    wanted = Selection(None, wish.from_index, wish.to_index)
    first, last = wanted.indexes(batch)
    codes = [(batch.first_code_id + first, batch.first_code_id + last)]
    return str(await ask_to_void(conn, batch, codes, wish.reason, staff, now=now))


async def _ask_to_recall(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
) -> str:
    recall_id = await request_recall(
        conn,
        _scope(wish),
        reason=wish.reason,
        instructions=wish.instructions or "",
        find_carton=find_packed_codes,
        staff=staff,
        now=now,
    )
    return str(recall_id)


async def _freeze(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
) -> str:
    tier = _tier(wish)
    await freeze_tier(conn, tier, staff, reason=wish.reason, now=now)
    return tier.tier_id


async def _thaw(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
) -> str:
    tier = _tier(wish)
    await thaw_tier(conn, tier, staff, reason=wish.reason, now=now)
    return tier.tier_id


async def _pause(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
) -> str:
    return await _move(conn, wish, staff, Move.PAUSE, now=now)


async def _resume(
    conn: AsyncConnection, wish: NewAction, staff: Staff, *, now: datetime
) -> str:
    return await _move(conn, wish, staff, Move.RESUME, now=now)


async def _move(
    conn: AsyncConnection, wish: NewAction, staff: Staff, move: Move, *, now: datetime
) -> str:
    campaign_id = wish.campaign_id
    assert campaign_id is not None, "it was checked"
    await move_campaign(conn, campaign_id, move, staff, reason=wish.reason, now=now)
    return campaign_id


ACTION_PORTS: Final = ActionPorts(
    find_code_span,
    _foretell,
    take={
        ActionKind.VOID_RANGE: _ask_to_void,
        ActionKind.RECALL_RANGE: _ask_to_recall,
        ActionKind.FREEZE_TIER: _freeze,
        ActionKind.PAUSE_CAMPAIGN: _pause,
    },
    undo={ActionKind.FREEZE_TIER: _thaw, ActionKind.PAUSE_CAMPAIGN: _resume},
)
