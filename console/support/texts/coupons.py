"""What support reads of one coupon."""

from collections.abc import Mapping
from typing import Final

ONE_COUPON_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "coupon": ("优惠券", "Coupon"),
    "coupon_pool": ("优惠券池", "Pool"),
    "coupon_worth": ("优惠", "What it is worth"),
    "coupon_always": ("不限", "no end"),
    "coupon_owner": ("会员", "Member"),
    "coupon_id": ("优惠券编号", "Coupon id"),
    "coupon_issued": ("可使用", "Can be used"),
    "coupon_redeemed": ("已使用", "Used"),
    "coupon_void": ("已作废", "Void"),
    "coupon_denied": ("未通过审核", "Denied by a review"),
    "coupon_held": ("待审", "Waits for review"),
    "coupon_over": ("已过期", "past its last day"),
    "coupon_issued_at": ("发放时间", "Issued"),
    "coupon_from": ("开始有效", "Good from"),
    "coupon_until": ("最后一天", "Last day"),
    "coupon_used_at": ("使用时间", "Used at"),
    "coupon_used_in": ("使用门店", "Used in"),
    "coupon_redemption": ("核销编号", "Redemption id"),
    "coupon_void_does": (
        "作废后不能恢复，顾客不能再使用；库存不会退回。",
        (
            "A void is final: the customer cannot use it any more. Its place in the "
            "stock stays taken."
        ),
    ),
    "coupon_void_do": ("作废此优惠券", "Void this coupon"),
    "coupon_return_does": (
        "撤销核销后，顾客在有效期内可以再次使用。",
        "Taken back, the customer can use it again until its last day.",
    ),
    "coupon_return_do": ("撤销核销", "Take its use back"),
}
