"""What is spent, returned, taken back and expired: from which lots; pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.lots import Holding
from rewards.domain.programme import Clawback
from rewards.domain.transfers import HOUSE, Transfer, TransferKind


class Spend(msgspec.Struct, frozen=True, gc=False):
    """An amount that a member spends, once by its number, and on what."""

    spend_id: int
    member_no: int
    amount: int
    because: str
    unit: int = POINTS_UNIT


class SpendOutcome(StrEnum):
    """What became of a spend, in order of precedence."""

    OTHER = "other"  # the number is another spend's
    SPENT_BEFORE = "spent_before"
    TOO_LITTLE = "too_little"
    SPENT = "spent"


class Return(msgspec.Struct, frozen=True, gc=False):
    """A spend that is returned whole, once."""

    spend_id: int
    reversal_id: int
    person: str
    reason: str


class ReturnOutcome(StrEnum):
    """What became of a return."""

    UNKNOWN = "unknown"
    RETURNED_BEFORE = "returned_before"
    RETURNED = "returned"


def plan_spends(
    spends: Sequence[Spend],
    known: Mapping[int, Spend],
    holdings: Mapping[tuple[int, int], Holding],
    day: date,
) -> tuple[list[SpendOutcome], list[Transfer]]:
    """Spend in order, the earliest lots first, each number once.

    `known` are those that were spent before; `holdings`, by unit and member, change.
    """
    done = dict(known)
    outcomes: list[SpendOutcome] = []
    transfers: list[Transfer] = []
    for spend in spends:
        outcome = _judge(spend, done.get(spend.spend_id), holdings, day)
        outcomes.append(outcome)
        if outcome is SpendOutcome.SPENT:
            done[spend.spend_id] = spend
            transfers += _take(spend, holdings[spend.unit, spend.member_no], day)
    return outcomes, transfers


def _judge(
    spend: Spend,
    before: Spend | None,
    holdings: Mapping[tuple[int, int], Holding],
    day: date,
) -> SpendOutcome:
    if before is not None:
        return SpendOutcome.SPENT_BEFORE if before == spend else SpendOutcome.OTHER
    holding = holdings.get((spend.unit, spend.member_no))
    if holding is None or holding.worth(day) < spend.amount:
        return SpendOutcome.TOO_LITTLE
    return SpendOutcome.SPENT


def _take(spend: Spend, holding: Holding, day: date) -> Iterator[Transfer]:
    """Take from the lots; what one spend takes of several has ids in a row."""
    for place, (expires_on, part) in enumerate(holding.take(spend.amount, day)):
        yield Transfer(
            spend.spend_id,
            spend.spend_id + place,
            TransferKind.SPEND,
            spend.member_no,
            HOUSE,
            spend.unit,
            part,
            expires_on,
        )


def give_back(reversal_id: int, spent: Sequence[Transfer]) -> Iterator[Transfer]:
    """Put what a spend took back into the same lots, with their ends."""
    first = max(reversal_id, max(each.transfer_id for each in spent) + 1)
    for place, each in enumerate(spent):
        yield msgspec.structs.replace(
            each,
            transfer_id=first + place,
            kind=TransferKind.SPEND_RETURN,
            debit=each.credit,
            credit=each.debit,
        )


def expire(
    member_no: int, unit: int, lot: tuple[date, int], transfer_id: int
) -> Transfer:
    """Let what remains of a lot go."""
    expires_on, amount = lot
    return Transfer(
        transfer_id,
        transfer_id,
        TransferKind.EXPIRY,
        member_no,
        HOUSE,
        unit,
        amount,
        expires_on,
    )


def repay(
    member_no: int, unit: int, holding: Holding, transfer_id: int
) -> Iterator[Transfer]:
    """Pay what is owed from all lots, the earliest first, even one that has ended.

    Whoever earned something before a lot ends has paid with it.
    """
    parts = holding.take(holding.debt, date.min)
    for place, (expires_on, part) in enumerate(parts):
        holding.debt -= part
        yield Transfer(
            transfer_id,
            transfer_id + place,
            TransferKind.REPAYMENT,
            member_no,
            -member_no,
            unit,
            part,
            expires_on,
        )


def take_back(
    award: Transfer, holding: Holding, policy: Clawback, day: date, first_id: int
) -> list[Transfer]:
    """Take a posted reward back by a policy: its own lot first, then the earliest.

    Ids go up from `first_id`. What is missing is owed, under that policy alone.
    """
    if policy is Clawback.PENDING_ONLY:
        return []
    wanted = min(award.amount, holding.worth(day))
    parts = holding.take(wanted, day, first=award.expires_on)
    back = [
        Transfer(
            award.origin_id,
            first_id + place,
            TransferKind.REVERSAL,
            award.credit,
            award.debit,
            award.unit,
            part,
            expires_on,
        )
        for place, (expires_on, part) in enumerate(parts)
    ]
    missing = award.amount - wanted
    if missing and policy is Clawback.DEBT:
        owed = Transfer(
            award.origin_id,
            first_id + len(back),
            TransferKind.DEBT,
            -award.credit,
            award.debit,
            award.unit,
            missing,
        )
        back.append(owed)
    return back
