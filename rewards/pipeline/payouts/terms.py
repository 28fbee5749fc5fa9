"""What the installation says of payouts: who pays, and what closes accounts."""

from collections.abc import Callable
from dataclasses import dataclass

from core.secret_box import SecretBox
from rewards.pipeline.payouts.ending import PayoutEnds
from rewards.pipeline.payouts.provider import Confirming, NoticeReader


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """None of `notices` and `confirming` where nobody pays out.

    The key's file behind `open_box` is read only by who names an account.
    """

    ends: PayoutEnds
    open_box: Callable[[], SecretBox]
    notices: NoticeReader | None
    confirming: Confirming | None
