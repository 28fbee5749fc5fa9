"""What a member is given outside of a scan, once under the number that it has."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rewards.domain.ledger import POINTS_UNIT
from rewards.domain.terms import Given, OfferKind
from rewards.domain.transfers import Transfer, TransferKind
from rewards.store.gifts.catalogue import ensure_offer_gifts
from rewards.store.gifts.claims import add_gift
from rewards.store.programme import load_programme
from rewards.store.transfers import post_transfers


@dataclass(frozen=True, slots=True)
class NewAward:
    """Something for a member: by which account, and under which number it is paid.

    `day` is the business day, from which points count until they expire; `brand` is
    the account's, None where it is nobody's.
    """

    account: int
    member_no: int
    given: Given
    award_id: int
    day: date
    brand: str | None = None


async def give_award(conn: AsyncConnection, award: NewAward, *, now: datetime) -> None:
    """Give a member what find_unawardable has let through.

    Raises IntegrityError for a number that was given under before.
    """
    if award.given.kind is OfferKind.POINTS:
        assert award.given.amount is not None, "it was checked when it was promised"
        programme = await load_programme(conn)
        transfer = Transfer(
            *(award.award_id, award.award_id, TransferKind.GRANT),
            *(award.account, award.member_no, POINTS_UNIT, award.given.amount),
            expires_on=programme.expires_on(award.day),
        )
        await post_transfers(conn, [transfer])
        return
    assert award.given.kind is OfferKind.GIFT, "nothing else is promised"
    assert award.given.name is not None, "it was checked when it was promised"
    gifts = await ensure_offer_gifts(
        conn, {award.account: award.given.name}, brand=award.brand, now=now
    )
    await add_gift(
        conn,
        award.award_id,
        member_no=award.member_no,
        gift_no=gifts[award.account],
        now=now,
    )
