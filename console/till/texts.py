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
        "无法使用摄像头；请在浏览器设置中允许，或拍照、输入券码。",
        (
            "The camera cannot be used: allow it in the browser's settings, take a "
            "picture, or type the code."
        ),
    ),
    "till_picture": ("给券码拍照", "Photograph the code"),
    "till_picture_send": ("读取照片", "Read the picture"),
    "till_picture_bad": (
        "读不了这个文件。请用相机直接拍一张（JPEG、PNG 或 WebP，不超过 16 MB）。",
        (
            "That file cannot be read here. Take a picture with the camera: JPEG, PNG "
            "or WebP, up to 16 MB."
        ),
    ),
    "till_picture_empty": (
        "照片里没有找到优惠券码。请靠近一些，避开反光，再拍一次；也可以输入券码。",
        (
            "There is no coupon code in the picture. Come closer, avoid glare, and "
            "take another; or type the code."
        ),
    ),
    "till_misread": (
        "读到的是“{typed}”，不像优惠券码：券码有 16 位字母和数字。",
        "This was read: “{typed}”. A coupon code has 16 letters and digits.",
    ),
    "till_scanner": ("扫码枪不灵？", "The scanner does not work?"),
    "till_scanner_focus": (
        "光标要在“优惠券码”框里；打开本页时已经在了。",
        "The cursor stands in the field for the code, as it does when the page opens.",
    ),
    "till_scanner_enter": (
        "把扫码枪设为扫完后发送回车（Enter / CR），就不必再点“查看优惠券”。",
        "Set it to send Enter (CR) after a code, and nobody has to press a button.",
    ),
    "till_scanner_keyboard": (
        "把扫码枪的键盘布局设成与电脑一致，并关闭中文输入法；大小写和全角都可以。",
        (
            "Give it the computer's own keyboard layout, and switch input methods off."
            " Capitals or small letters are both fine."
        ),
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
    "till_undo_sure": (
        "撤销后，顾客可以再次使用这张优惠券。",
        "The customer can use the coupon again then.",
    ),
    "till_undo_yes": ("确认撤销", "Yes, undo it"),
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
