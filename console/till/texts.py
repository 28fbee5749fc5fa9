"""What cashiers read."""

from collections.abc import Mapping
from typing import Final

TILL_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "till": ("收银核销", "Till"),
    "till_lead": (
        "扫描或输入顾客的优惠券码。",
        "Scan the customer's coupon, or type its code.",
    ),
    "till_store": ("门店", "Store"),
    "till_code": ("优惠券码", "Coupon code"),
    "till_basket": ("订单金额（元）", "Basket, in yuan"),
    "till_order": ("小票号（可不填）", "Receipt number, if you like"),
    "till_look": ("查看优惠券", "Look at the coupon"),
    "till_next": ("下一张优惠券", "The next coupon"),
    "till_camera": ("用摄像头扫码", "Scan with the camera"),
    "till_camera_stop": ("关闭摄像头", "Stop the camera"),
    "till_camera_denied": (
        "无法使用摄像头；请输入券码。",
        "The camera cannot be used; type the code.",
    ),
    "till_good": ("可以使用", "Good to use"),
    "till_bad": ("不能使用", "Not to be used"),
    "till_worth": ("本单优惠", "Off this basket"),
    "till_gift": ("赠品", "Gift"),
    "till_until": ("有效期至", "Good until"),
    "till_products": ("适用商品 GTIN", "For the products"),
    "till_redeem": ("核销", "Redeem"),
    "till_done": ("已核销", "Redeemed"),
    "till_undo": ("撤销", "Undo"),
    "till_undone": (
        "已撤销；这张优惠券可以再次使用。",
        "Taken back; the coupon can be used again.",
    ),
    "till_today": ("今天核销的", "Redeemed today"),
    "till_at": ("时间", "Time"),
    "till_coupon": ("优惠券", "Coupon"),
    "till_off": ("优惠", "Off"),
    "till_reversed": ("已撤销", "taken back"),
    "till_undo_reason": ("收银台撤销", "Undone at the till"),
}
