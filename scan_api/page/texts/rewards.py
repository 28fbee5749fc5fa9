"""What a member has, and what to do next with it, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

REWARDS: Final[Mapping[str, tuple[str, str]]] = {
    "wallet": ("我的奖励", "My rewards"),
    "wallet_lead": (
        "您领取的积分、优惠券和礼品都在这里。",
        "Points, coupons and gifts: all that your caps have earned.",
    ),
    "wallet_empty": (
        "还没有奖励。打开一瓶，扫一扫瓶盖内的码。",
        "Nothing yet. Open a bottle, and scan the code inside its cap.",
    ),
    "wallet_expiring": (
        "其中 {amount} 积分有效期至 {until}。",
        "{amount} of these points are good until {until}.",
    ),
    "wallet_debt": (
        "另有 {amount} 积分待扣回，将从之后的积分中扣除。",
        "{amount} points are owed, and are taken from those to come.",
    ),
    # Points --------------------------------------------------------------------------
    "points_history": ("积分明细", "Points history"),
    "points_lead": ("每一笔积分的来去。", "What came, what went, and why."),
    "points_none": ("还没有积分记录。", "There is nothing yet."),
    "points_older": ("更早的记录", "Older"),
    "points_newest": ("回到最新", "Back to the newest"),
    "entry_award": ("获得", "Earned"),
    "entry_hold_posted": ("审核通过", "Granted after a review"),
    "entry_hold_voided": ("未通过审核", "Not granted after a review"),
    "entry_hold_reopened": ("重新审核中", "Under review again"),
    "entry_spend": ("使用", "Spent"),
    "entry_spend_returned": ("退回", "Returned to you"),
    "entry_expiry": ("到期", "Expired"),
    "entry_adjustment": ("客服调整", "Adjusted by support"),
    "entry_reversal": ("收回", "Taken back"),
    "entry_debt": ("记为待扣回", "Noted as owed"),
    "entry_purchase": ("购买所得", "For a purchase"),
    "entry_return": ("退货扣回", "For what you returned"),
    "entry_merge": ("账户合并", "From accounts that were joined"),
    "entry_waits": ("审核中，尚未计入", "under review, not counted yet"),
    "entry_waited": ("从未计入", "never counted"),
    "entry_until": ("有效期至 {until}", "Good until {until}"),
    "entry_balance": ("余额 {balance}", "Balance {balance}"),
    "also_earned": ("这枚瓶盖带来的奖励", "What this cap earned"),
    "reward_waits": (
        "审核中，通过后自动到账。",
        "Under review; it follows by itself once that is done.",
    ),
    "reward_kind_coupon": ("优惠券", "Coupon"),
    "reward_kind_gift": ("礼品", "Gift"),
    "reward_kind_red_packet": ("红包", "Red packet"),
    "reward_kind_ticket": ("抽奖券", "Tickets of a draw"),
    "reward_kind_card": ("收集卡", "Card to collect"),
    "reward_kind_points": ("积分", "Points"),
    # Coupons -------------------------------------------------------------------------
    "coupons": ("优惠券", "Coupons"),
    "coupons_past": ("已用和过期的优惠券", "Coupons used or over"),
    "coupon_many": ("共 {count} 张", "× {count}"),
    "coupon_show": ("到店出示", "Show it at the till"),
    "coupon_lead": (
        "结账时请收银员扫描此码。",
        "Let the cashier scan this when you pay.",
    ),
    "coupon_lead_past": (
        "这张优惠券已不能使用。",
        "This coupon cannot be used any more.",
    ),
    "coupon_lead_later": (
        "这张优惠券还没有到使用时间。",
        "It is not time to use this coupon yet.",
    ),
    "coupon_symbol": ("收银员扫描的二维码", "QR code for the till"),
    "coupon_code": ("优惠券码", "Coupon code"),
    "coupon_until": ("有效期至 {until}", "Good until {until}"),
    "coupon_always": ("长期有效", "Good without end"),
    "coupon_from": ("{begins} 起可用", "To be used from {begins} on"),
    "coupon_used": ("{at} 已使用", "Used on {at}"),
    "coupon_used_in": ("{at} 已在 {store} 使用", "Used on {at} in {store}"),
    "coupon_over": ("已于 {until} 过期", "It was good until {until}"),
    "coupon_void": ("已作废", "Made void"),
    "coupon_rules": ("使用规则", "How to use it"),
    "rule_basket": ("订单满 {least} 可用", "For a basket of {least} or more"),
    "rule_any_basket": ("不限订单金额", "For a basket of any size"),
    "rule_stores": ("适用门店：{stores}", "In these stores: {stores}"),
    "rule_all_stores": ("所有参与门店可用", "In all stores that take part"),
    "rule_products": ("适用商品：{products}", "For these products: {products}"),
    "rule_once": ("每张限用一次", "Each coupon is used once"),
    # Gifts ---------------------------------------------------------------------------
    "gifts": ("礼品", "Gifts"),
    "gift_held": (
        "审核中，通过后即可领取。",
        "Under review; you can have it once that is done.",
    ),
    "gift_won": (
        "请告诉我们寄到哪里，或到店领取。",
        "Tell us where to send it, or collect it in a store.",
    ),
    "gift_to_collect": (
        "请到店领取，并出示下面的编号。",
        "Collect it in a store, and show this number.",
    ),
    "gift_to_send": (
        "我们会寄到您留下的地址。",
        "It will be sent to the address that you gave.",
    ),
    "gift_shipped": ("已寄出：{carrier} {number}", "On its way: {carrier} {number}"),
    "gift_handed_over": ("已领取", "It has been handed over"),
    "gift_void": ("未通过审核", "The review did not end in your favour"),
    "gift_next": ("领取方式", "How to get it"),
    "gift_number": ("领取编号", "Number to show"),
    "gift_address": ("收件人、电话和地址", "Name, telephone and address"),
    "gift_address_hint": (
        "只用于寄送这件礼品，并加密保存。",
        "Used to send this gift alone, and kept encrypted.",
    ),
    "gift_address_wrong": (
        "请写完整收件人、电话和地址，最多 500 字。",
        "Please give name, telephone and address, in 500 characters at most.",
    ),
    "gift_send": ("寄到这里", "Send it there"),
    "gift_collect": ("我到店领取", "I collect it in a store"),
    "gift_claimable": (
        "会员可领，每人一份，送完即止。",
        "For members: one each, while there are any.",
    ),
    "gift_claim": ("领取礼品", "Claim it"),
    # Tickets -------------------------------------------------------------------------
    "tickets_count": ("{amount} 张", "× {amount}"),
    "tickets_held": (
        "审核中，开奖前通过即可参加抽奖（{at} 开奖）。",
        "Under review; they take part once that is done, if before the draw on {at}.",
    ),
    "tickets_valid": (
        "每张抽奖券有一次中奖机会，{at} 开奖。",
        "Each ticket is one chance to win; the draw is on {at}.",
    ),
    "tickets_late": (
        "审核通过时抽奖已经开始，这些抽奖券没有参加抽奖。",
        "The review ended after the draw had begun, so these tickets took no part.",
    ),
    # Cards ---------------------------------------------------------------------------
    "card_of": ("属于卡组“{set}”", "One of the set {set}"),
    "card_completes": (
        "这是您缺的最后一张，“{set}”已集齐，奖励随后到账。",
        "The last one that you missed: {set} is complete, and its reward follows.",
    ),
    # Red packets ---------------------------------------------------------------------
    "red_packets": ("红包", "Red packets"),
    "payee": ("红包收款账号", "Where red packets go"),
    "payee_name": ("登记收款账号", "Say where it should go"),
    "payee_known": (
        "您的红包会发到尾号 {account} 的微信账号。",
        "Your red packets go to the WeChat account that ends in {account}.",
    ),
    "payee_unknown": (
        "还没有登记收款账号；登记后，等待中的红包会自动发放。",
        "You have not named an account yet. Once you do, what waits is sent.",
    ),
    "payee_app": (
        "在品牌的微信小程序里打开红包时，账号会自动登记，不必在这里填写。",
        (
            "In the brand's WeChat mini-program this is filled in by itself; you need "
            "not do it here."
        ),
    ),
    "payee_account": ("微信 OpenID", "WeChat OpenID"),
    "payee_hint": (
        (
            "您在品牌小程序中的 OpenID，通常是 o 开头的 28 位字符，大小写有别。"
            "不知道的话，请联系品牌客服。"
        ),
        (
            "Yours in the brand's mini-program, mostly 28 characters that begin with "
            "o; capitals matter. If you do not know it, please ask the brand."
        ),
    ),
    "payee_wrong": (
        "OpenID 是 8 到 64 位的字母、数字和符号，中间没有空格。",
        "An OpenID has 8 to 64 letters, digits and signs, without spaces.",
    ),
    "payee_keep": ("保存", "Keep it"),
}
