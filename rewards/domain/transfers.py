"""Transfers between accounts: what each kind does to a member's lots; pure.

An account is a number: a member's, an offer's, the house's, and, of whoever owes, the
member's number below zero. The SQL function effects_of says what a kind does to which.
"""

from datetime import date
from enum import StrEnum
from typing import Final

import msgspec

# Where what is spent, expired or adjusted goes to and comes from.
HOUSE: Final = 0


class TransferKind(StrEnum):
    """Why something was transferred.

    A scan's reward is `posted`, or `pending` and then `post` or `void`; that is taken
    back once at most by `unpost` or `unvoid`, and ends by `repost` or `revoid` then.
    `grant` is any other reward. What is taken back and not there is a `debt`, paid by a
    `repayment`.
    """

    POSTED = "posted"
    PENDING = "pending"
    POST = "post"
    VOID = "void"
    GRANT = "grant"
    SPEND = "spend"
    SPEND_RETURN = "spend_return"
    EXPIRY = "expiry"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    DEBT = "debt"
    REPAYMENT = "repayment"
    PURCHASE = "purchase"
    RETURN = "return"
    MERGE = "merge"
    UNPOST = "unpost"
    UNVOID = "unvoid"
    REPOST = "repost"
    REVOID = "revoid"


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """An amount of a unit from one account to another, of one lot.

    `origin_id` is what it came from, such as a scan or a spend; its first transfer has
    that number too. `expires_on` is None for the lot that never expires.
    """

    origin_id: int
    transfer_id: int
    kind: TransferKind
    debit: int
    credit: int
    unit: int
    amount: int
    expires_on: date | None = None
