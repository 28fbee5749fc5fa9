"""What rewards has to say: of campaigns and of coupons."""

from typing import Final

from core.messages import Catalogue
from rewards.domain.messages.cards import CARDS
from rewards.domain.messages.draws import DRAWS
from rewards.domain.messages.facts import FACTS
from rewards.domain.messages.points import POINTS

message: Final = Catalogue(
    DRAWS,
    FACTS,
    POINTS,
    CARDS,
    {
        "ends_before_start": (
            "活动的结束时间必须晚于开始时间。",
            "A campaign ends after it starts.",
        ),
        "campaign_exists": (
            "已有活动 {campaign_id}。",
            "There is a campaign {campaign_id} already.",
        ),
        # What a campaign's terms say
        "no_offers": (
            "活动至少要有一项奖励。",
            "A campaign has at least one offer.",
        ),
        "offer_twice": (
            "有两项奖励的编号都是 {offer_id}。",
            "Two offers are called {offer_id}.",
        ),
        "offer_lacks": (
            "{kind} 类奖励需要填写 {name}。",
            "An offer of the kind {kind} needs {name}.",
        ),
        "offer_has_no": (
            "{kind} 类奖励没有 {name}。",
            "An offer of the kind {kind} has no {name}.",
        ),
        "no_tiers": (
            "抽奖至少要有一个奖级。",
            "A chance has at least one tier.",
        ),
        "tier_twice": (
            "有两个奖级的编号都是 {tier_id}。",
            "Two tiers are called {tier_id}.",
        ),
        "odds_above_one": (
            "各奖级的 per_million 合计 {given:,}，最多 {most:,}。",
            "The tiers' per_million add up to {given:,}; they can be {most:,} at most.",
        ),
        "chance_within_chance": (
            "奖级 {tier_id} 不能再给一次抽奖。",
            "The tier {tier_id} cannot give another chance.",
        ),
        "cap_twice": (
            "同样的上限只能写一次。",
            "There is one cap of a kind.",
        ),
        "limit_comes_late": (
            "活动开始时没有这个上限，之前发放的没有统计在内；请另建活动。",
            (
                "The campaign began without this limit, and nobody counted what it "
                "paid; make another campaign."
            ),
        ),
        "budget_below_spent": (
            "已发放 {spent:,}，预算不能少于此数。",
            "{spent:,} were paid; the budget cannot be less.",
        ),
        "stock_below_given": (
            "已发放 {given:,} 份，库存不能少于此数。",
            "{given:,} were given; the stock cannot be less.",
        ),
        # How a campaign changes
        "no_campaign": (
            "没有活动 {campaign_id}。",
            "There is no campaign {campaign_id}.",
        ),
        "no_goods": (
            "没有这样的码、批次或商品。",
            "There is no such code, batch or product.",
        ),
        "preview_of_what": (
            "请给出 code，或 gtin、batch_id。",
            "Give a code, or a gtin or a batch_id.",
        ),
        "no_version": (
            "活动 {campaign_id} 没有版本 {version}。",
            "The campaign {campaign_id} has no version {version}.",
        ),
        "version_is": (
            "版本 {version} 的状态是 {state}。",
            "Version {version} is {state}.",
        ),
        "version_not_approved": (
            "版本 {version} 还没有人批准。",
            "Nobody has approved version {version} yet.",
        ),
        "version_takes_two": (
            "版本须由另一人批准；编写者是 {person}。",
            "Somebody else than {person}, who wrote it, approves a version.",
        ),
        "campaign_is": (
            "活动 {campaign_id} 的状态是 {state}。",
            "The campaign {campaign_id} is {state}.",
        ),
        "draft": ("草稿", "a draft"),
        "approved": ("已批准", "approved"),
        "active": ("生效中", "active"),
        "retired": ("已被取代", "retired"),
        "paused": ("已暂停", "paused"),
        "stopped": ("已终止", "stopped"),
    },
    {
        # Stores and pools
        "store_exists": (
            "已有门店 {store_id}。",
            "There is a store {store_id} already.",
        ),
        "place_incomplete": (
            "纬度和经度要么都填写，要么都不填写。",
            "Give both lat and lon, or neither.",
        ),
        "no_store": (
            "没有门店 {store_id}；请先添加。",
            "There is no store {store_id}; add it first.",
        ),
        "pool_exists": (
            "已有优惠券池 {pool_id}。",
            "There is a coupon pool {pool_id} already.",
        ),
        "no_pool": (
            "没有优惠券池 {pool_id}。",
            "There is no coupon pool {pool_id}.",
        ),
        "pool_ends_before_start": (
            "有效期的结束时间必须晚于开始时间。",
            "valid_until has to be later than valid_from.",
        ),
        "two_ends": (
            "valid_until 与 valid_days 只能填写一个。",
            "Give valid_until or valid_days, not both.",
        ),
        "benefit_lacks": (
            "{kind} 类优惠需要填写 {name}。",
            "A benefit of the kind {kind} needs {name}.",
        ),
        "benefit_has_no": (
            "{kind} 类优惠没有 {name}。",
            "A benefit of the kind {kind} has no {name}.",
        ),
        "stock_below_issued": (
            "已发出 {issued:,} 张，库存不能少于此数。",
            "{issued:,} were issued; the stock cannot be less.",
        ),
        "stock_too_large": (
            "库存最多 {most:,} 张。",
            "The stock can be at most {most:,}.",
        ),
        # Issuing
        "coupons_of_epoch_used_up": (
            "密钥周期 {epoch} 的优惠券编号已用完。",
            "The numbers of epoch {epoch} for coupons are used up.",
        ),
        "pool_out_of_stock": (
            "优惠券池 {pool_id} 已发完。",
            "The coupon pool {pool_id} is out of stock.",
        ),
        "pool_out_for_today": (
            "优惠券池 {pool_id} 今天已发完。",
            "The coupon pool {pool_id} is out of stock for today.",
        ),
        "no_member_id": (
            "会员编号是 1 到 128 个可显示的字符。",
            "A member_id is 1 to 128 characters that can be shown.",
        ),
        "no_cursor": (
            "列表中没有这个位置。",
            "There is no such place in the list.",
        ),
        "member_has_most": (
            "会员 {member_id} 已领满此优惠券。",
            "The member {member_id} has had as many of these coupons as anybody may.",
        ),
        "pool_is_over": (
            "优惠券池 {pool_id} 的有效期已过。",
            "The coupons of the pool {pool_id} are past their last day.",
        ),
        "coupons_crowded": (
            "请求太多，请稍后再试。",
            "Too many requests are waiting; try again in a moment.",
        ),
        # At the till
        "no_such_coupon": (
            "没有此优惠券。",
            "There is no such coupon.",
        ),
        "coupon_void": (
            "此优惠券已作废。",
            "This coupon was voided.",
        ),
        "coupon_is_used": (
            "此优惠券已使用；请先撤销核销。",
            "This coupon is used; reverse its redemption first.",
        ),
        "already_redeemed": (
            "此优惠券已于 {at} 在 {store} 使用。",
            "This coupon was redeemed at {at} in {store}.",
        ),
        "already_redeemed_somewhere": (
            "此优惠券已于 {at} 使用。",
            "This coupon was redeemed at {at}.",
        ),
        "not_yet_valid": (
            "此优惠券从 {at} 起才能使用。",
            "This coupon is valid from {at}.",
        ),
        "coupon_expired": (
            "此优惠券已于 {at} 过期。",
            "This coupon was valid until {at}.",
        ),
        "wrong_store": (
            "此优惠券不能在本店使用。",
            "This coupon cannot be used in this store.",
        ),
        "basket_too_small": (
            "订单金额不足或未填写：此优惠券需要订单满 {least}。",
            (
                "The basket is too small, or nobody said what it is worth: this coupon "
                "takes at least {least}."
            ),
        ),
        "percent_off": (
            "减 {percent}%",
            "{percent} % off",
        ),
        "percent_off_at_most": (
            "减 {percent}%，最多 {most}",
            "{percent} % off, at most {most}",
        ),
        "so_much_off": (
            "立减 {amount}",
            "{amount} off",
        ),
        # Reversals and voids
        "no_redemption": (
            "没有此核销记录。",
            "There is no such redemption.",
        ),
        "already_reversed": (
            "此核销已撤销。",
            "This redemption was reversed already.",
        ),
        "not_same_day": (
            "收银员只能在当天撤销；请联系客服。",
            "A cashier reverses on the same day only; ask support.",
        ),
        "other_store": (
            "此核销不属于本店。",
            "This redemption was made in another store.",
        ),
        "no_coupon": (
            "没有优惠券 {coupon_id}。",
            "There is no coupon {coupon_id}.",
        ),
    },
    {
        # What is to be had
        "gives_points": ("{amount:,} 积分", "{amount:,} points"),
        "gives_coupon": ("一张优惠券", "a coupon"),
        "gives_tickets": ("{amount:,} 张抽奖券", "{amount:,} tickets of a draw"),
        "gives_card": ("一张收集卡", "a card to collect"),
        "gives_money": ("现金红包 {money}", "{money} in cash"),
        "gives_gift": ("礼品：{name}", "a gift: {name}"),
        "gives_chance": ("一次抽奖", "a chance"),
    },
    {
        # Gifts, as staff and members are told
        "gift_exists": (
            "已有礼品 {gift_id}。",
            "There is a gift {gift_id} already.",
        ),
        "no_gift": (
            "没有礼品 {gift_id}。",
            "There is no gift {gift_id}.",
        ),
        "gifts_gone": (
            "礼品已领完。",
            "These gifts are all gone.",
        ),
        "gift_already_claimed": (
            "您已领取此礼品。",
            "You have claimed this gift already.",
        ),
        "not_entitled": (
            "此礼品不面向您的会员账户。",
            "This gift is not for your membership.",
        ),
        "gift_is_held": (
            "此礼品正在核实，请稍后再领取。",
            "This gift is being checked; claim it once that is done.",
        ),
        "gift_is": (
            "此礼品的状态是：{state}。",
            "This gift's state is: {state}.",
        ),
        "gift_held": ("核实中", "being checked"),
        "gift_won": ("已获得，待领取", "won, to be claimed"),
        "gift_to_collect": ("待自提", "to be collected"),
        "gift_to_send": ("待寄出", "to be sent"),
        "gift_shipped": ("已寄出", "on its way"),
        "gift_handed_over": ("已交付", "handed over"),
        "gift_void": ("已作废", "void"),
        # Red packets
        "no_payout": (
            "没有红包 {payout_id}。",
            "There is no payout {payout_id}.",
        ),
        "no_payout_there": (
            "此处没有更多红包。",
            "There is no such place in the list.",
        ),
        "payout_is": (
            "红包的状态是{state}。",
            "The payout is {state}.",
        ),
        "coupon_is_held": (
            "优惠券在等待审核结果，请先处理审核。",
            "The coupon waits for a review; decide that first.",
        ),
        "payout_is_held": (
            "红包在等待审核结果，请先处理审核。",
            "The payout waits for a review; decide that first.",
        ),
        "payout_is_cancelling": (
            "已在撤销，请等待支付方答复。",
            "It is being cancelled already; its provider has to answer.",
        ),
        "payout_waiting": ("待发放", "waiting"),
        "payout_sent": ("已提交", "sent"),
        "payout_unknown": ("结果未知", "unknown"),
        "payout_confirmed": ("用户已确认", "confirmed"),
        "payout_paid": ("已到账", "paid"),
        "payout_cancelled": ("已取消", "cancelled"),
        "payout_failed": ("发放失败", "failed"),
        "no_payer": (
            "此处没有设置支付方。",
            "Nobody is set who pays out here.",
        ),
        "notice_not_genuine": (
            "此通知未通过验证。",
            "This notice was not signed by who pays out.",
        ),
        # What an owner is told of a red packet
        "own_waiting": (
            "红包会自动发放，请稍候。",
            "Your red packet is on its way.",
        ),
        "own_needs_payee": (
            "请先登记收款账号；{until} 前未登记，红包会退回。",
            "Say where it should go by {until}; otherwise it goes back.",
        ),
        "own_sent": (
            "红包已提交，马上就有结果。",
            "Your red packet was sent; you will see it in a moment.",
        ),
        "own_confirm": (
            "请在微信中确认收款。",
            "Please accept it in WeChat.",
        ),
        "own_unknown": (
            "正在向支付方核实，不会少付，也不会重复付款。",
            "We are asking who pays it; it is neither lost nor paid twice.",
        ),
        "own_confirmed": (
            "您已确认，钱款即将到账。",
            "You accepted it; the money arrives in a moment.",
        ),
        "own_paid": (
            "红包已到账。",
            "It has arrived.",
        ),
        "own_cancelled": (
            "此红包已取消。",
            "It was cancelled.",
        ),
        "own_failed": (
            "收款账户未能收款，红包已退回。",
            "The account did not take it, and it went back.",
        ),
    },
)
