"""What support reads, by the pages on which they read it."""

from collections.abc import Mapping
from typing import Final

from console.support.texts.adjustments import ADJUSTMENT_TEXTS
from console.support.texts.coupons import ONE_COUPON_TEXTS
from console.support.texts.finding import FINDING_TEXTS
from console.support.texts.members import MEMBER_TEXTS
from console.support.texts.parcels import PARCEL_TEXTS
from console.support.texts.payouts import PAYOUT_TEXTS
from console.support.texts.scans import SCAN_TEXTS

SUPPORT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **FINDING_TEXTS,
    **MEMBER_TEXTS,
    **ADJUSTMENT_TEXTS,
    **SCAN_TEXTS,
    **ONE_COUPON_TEXTS,
    **PAYOUT_TEXTS,
    **PARCEL_TEXTS,
}
