"""What support reads of gifts that are to be sent or handed over."""

from collections.abc import Mapping
from typing import Final

PARCEL_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "parcels": ("礼品寄送", "Gifts to send"),
    "parcels_lead": (
        "会员留下地址的，寄出后填写快递单号；到店领取的，交付后点“已交付”。",
        (
            "Where a member gave an address, note the parcel once it is sent; whoever "
            "comes for a gift is given it, and that is noted."
        ),
    ),
    "parcels_none": ("没有这样的礼品。", "There is none of these."),
    "parcel_address": ("寄送地址", "Sent to"),
    "parcel_carrier": ("快递公司", "Carrier"),
    "parcel_tracking": ("快递单号", "Tracking number"),
    "parcel_ship": ("已寄出", "It was sent"),
    "parcel_hand_over": ("已交付", "It was handed over"),
}
