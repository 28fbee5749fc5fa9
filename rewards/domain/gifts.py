"""Gifts: who may claim one, and how one that a member has comes to them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from core.conditions import compile_condition
from rewards.domain.claim_facts import (
    GIFT_FACT_KINDS,
    ClaimEvidence,
    read_claim_facts,
    read_when,
)
from rewards.domain.limits import Limit

MAX_GIFT_STOCK: Final = 10**9


class GiftState(StrEnum):
    """How far a gift has come to its member; what is held may turn out void."""

    HELD = "held"
    WON = "won"
    TO_COLLECT = "to_collect"
    TO_SEND = "to_send"
    SHIPPED = "shipped"
    HANDED_OVER = "handed_over"
    VOID = "void"


class GiftStep(StrEnum):
    """What somebody does with a gift that is there."""

    CLAIM_TO_COLLECT = "claim_to_collect"
    CLAIM_TO_SEND = "claim_to_send"
    SHIP = "ship"
    HAND_OVER = "hand_over"
    TAKE_BACK = "take_back"


_CLAIMED: Final = frozenset({GiftState.TO_COLLECT, GiftState.TO_SEND})
# From which states to which one. Whoever comes to a store need not have said so.
GIFT_STEPS: Final[Mapping[GiftStep, tuple[frozenset[GiftState], GiftState]]] = (
    MappingProxyType(
        {
            GiftStep.CLAIM_TO_COLLECT: (
                frozenset({GiftState.WON}),
                GiftState.TO_COLLECT,
            ),
            GiftStep.CLAIM_TO_SEND: (frozenset({GiftState.WON}), GiftState.TO_SEND),
            GiftStep.SHIP: (frozenset({GiftState.TO_SEND}), GiftState.SHIPPED),
            GiftStep.HAND_OVER: (
                _CLAIMED | {GiftState.WON},
                GiftState.HANDED_OVER,
            ),
            GiftStep.TAKE_BACK: (_CLAIMED | {GiftState.WON}, GiftState.VOID),
        }
    )
)
# What staff has still to do something about.
WAITING: Final = (GiftState.TO_SEND, GiftState.TO_COLLECT, GiftState.WON)


class GiftOutcome(StrEnum):
    """What became of a claim of a gift, by the codes that callers are told."""

    CLAIMED = "claimed"
    OUT_OF_STOCK = "out_of_stock"
    ALREADY_CLAIMED = "already_claimed"
    NOT_ENTITLED = "not_entitled"


@dataclass(frozen=True, slots=True)
class NewGift:
    """A gift as it is asked for: so many, each member at most one."""

    gift_id: str
    name: str
    stock: int
    when: Mapping[str, Any] | None = None
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """A gift that members claim directly; its limits are everybody's, then members'."""

    gift_no: int
    gift_id: str
    name: str
    brand: str | None
    when: Mapping[str, Any] | None
    limits: tuple[Limit, ...] = ()

    def is_seen_by(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand may see it."""
        return brand is None or self.brand == brand

    def is_for(self, evidence: ClaimEvidence) -> bool:
        """Tell whether somebody of whom this is known may claim it."""
        if self.when is None:
            return True
        condition = read_when(dict(self.when), GIFT_FACT_KINDS)
        return compile_condition(condition)(read_claim_facts(evidence))

    def outcome(self, full: int) -> GiftOutcome:
        """Tell what became of a claim, by the limit that had no room, or 0."""
        limit = next((each for each in self.limits if each.limit_no == full), None)
        if limit is None:
            return GiftOutcome.CLAIMED
        if limit.of_member:
            return GiftOutcome.ALREADY_CLAIMED
        return GiftOutcome.OUT_OF_STOCK


@dataclass(frozen=True, slots=True)
class Parcel:
    """How a gift was sent."""

    carrier: str
    tracking_no: str


@dataclass(frozen=True, slots=True)
class MemberGift:
    """A gift that a member has; its number is that of its transfer, and tells when.

    `gift_id` is None for what a scan won. `address` is closed, and None once forgotten.
    """

    transfer_id: int
    member_no: int
    member_id: str
    gift_id: str | None
    name: str
    brand: str | None
    state: GiftState
    won_at: datetime
    changed_at: datetime
    address: bytes | None = None
    parcel: Parcel | None = None

    def is_seen_by(self, brand: str | None) -> bool:
        """Tell whether who is narrowed to a brand may see it."""
        return brand is None or self.brand == brand
