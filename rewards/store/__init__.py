"""The SQL of rewards beside the scan's own transaction."""

from rewards.store.ledger import (
    ENSURE_MEMBERS,
    insert_campaign,
    is_hold_of,
    is_member,
    keep_for_review,
    load_campaigns,
    load_earned,
    load_open_holds,
    load_spent_campaigns,
    load_wallet,
    resolve_holds,
)

__all__ = [
    "ENSURE_MEMBERS",
    "insert_campaign",
    "is_hold_of",
    "is_member",
    "keep_for_review",
    "load_campaigns",
    "load_earned",
    "load_open_holds",
    "load_spent_campaigns",
    "load_wallet",
    "resolve_holds",
]
