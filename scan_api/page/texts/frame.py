"""What stands around every page of the consumer, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

FRAME: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("瓶盖码查验", "Cap check"),
    "tagline": ("一盖一码", "One code under every cap"),
    "privacy": ("隐私政策", "Privacy"),
    "rules": ("活动规则", "Rules"),
    "switch": ("English", "中文"),
    "switch_label": ("Switch to English", "切换到中文"),
    "code": ("瓶盖码", "Cap code"),
    "product": ("产品", "Product"),
    "balance": ("可用积分", "Points balance"),
    "earned": ("本次获得积分", "Points earned"),
    "pending": ("待审核积分", "Points under review"),
    "first_claimed": ("首次领取", "First claimed"),
    "your_claim": ("领取时间", "Claimed by you"),
    "status": ("领取状态", "Claimed before"),
    "unclaimed": ("尚未领取", "No, not yet"),
    "begins": ("活动开始", "Campaign begins"),
    "ends": ("活动截止", "Campaign lasts until"),
    "again": ("可再次领取", "Come back from"),
    "reference": ("参考编号", "Reference"),
    "product_lead": (
        "这个码只说明产品种类，不能证明真伪。请输入瓶盖内的码查验。",
        "This names the product and proves nothing. Type the code inside the cap.",
    ),
    "product_page": ("产品介绍", "About the product"),
    "lot": ("批号", "Lot"),
    "sell_by": ("保质期至", "Good until"),
    "expired_label": ("已过保质期", "Past its date"),
    "expired": (
        "这件产品已过保质期，请勿饮用。码是真的。",
        "This product is past its date: do not consume it. Its code is genuine.",
    ),
    "expired_claim": (
        "这件产品已过保质期，请勿饮用。码是真的，奖励仍可领取。",
        (
            "This product is past its date: do not consume it. Its code is genuine, "
            "and its reward may still be claimed."
        ),
    ),
    "claim": ("领取奖励", "Claim my reward"),
    "claim_note": (
        "领取后，此码即归您所有，且只能领取一次。",
        "A code can be claimed once; then it is yours.",
    ),
    "sign_in_claim": ("登录并领取奖励", "Sign in and claim"),
    "sign_in_see": ("是我领取的？登录查看", "Was it you? Sign in to see"),
    "sign_in_app": (
        "请使用品牌官方 App 或小程序登录后领取。",
        "To claim it, sign in with the brand's own app.",
    ),
    "signed_in_as": ("当前会员", "Signed in as"),
    "sign_out": ("退出", "Sign out"),
    "another": ("输入另一个瓶盖码", "Check another cap"),
    "odds": ("中奖概率", "The odds"),
    "odds_lead": (
        "每个瓶盖码抽一次，概率如下。",
        "Each cap draws once; these are the odds.",
    ),
    "odds_cards": ("“{set}”的各张收集卡", "The cards of {set}"),
    "odds_nothing": ("未中奖", "No prize"),
    "odds_frozen": ("暂停发放，改发下一奖级", "not given at present, but the next one"),
    "odds_stock": ("共 {stock} 份", "{stock} in all"),
    "odds_daily_stock": ("每天 {stock} 份", "{stock} a day"),
    "odds_rule": (
        "结果由瓶盖码和封存的密钥算出，可以复核。某一奖级发完后，改为下一个仍有库存的奖级；都发完后不再中奖。",
        (
            "What a cap wins is computed from its code and a sealed key, and can be "
            "checked afterwards. Where a prize is gone, the next one that is left "
            "takes its place; where none is, nothing is won."
        ),
    ),
    "recall_label": ("召回须知", "What to do"),
}
