"""What the page says around an outcome, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

# Each text stands as (Chinese, English), so that neither is forgotten.
TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("瓶盖码查验", "Cap check"),
    "tagline": ("一盖一码", "One code under every cap"),
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
    "retry_at": ("可再次领取", "Come back from"),
    "product_lead": (
        "这个码只说明产品种类，不能证明真伪。请输入瓶盖内的 16 位字符查验。",
        "This names the product and proves nothing. Type the code inside the cap.",
    ),
    "product_page": ("产品介绍", "About the product"),
    "lot": ("批号", "Lot"),
    "sell_by": ("保质期至", "Good until"),
    "expired_label": ("已过保质期", "Past its date"),
    "expired": (
        "这件产品已过保质期，请勿饮用。码的真伪不受影响。",
        "This product is past its date: do not consume it. Its code is still genuine.",
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
    "recall_label": ("召回须知", "What to do"),
    # Faces ----------------------------------------------------------------------------
    "genuine": ("正品", "Genuine"),
    "genuine_lead": (
        "这枚瓶盖码由我们签发，尚未有人领取。",
        "We issued this cap's code, and nobody has claimed it yet.",
    ),
    "outside": ("正品", "Genuine"),
    "outside_lead": (
        "这是我们签发的码，仅供验真，不含奖励；奖励码印在瓶盖内。",
        "This code only proves the product. The code that pays is inside the cap.",
    ),
    "claimed": ("真码，但已被领取", "Genuine code, claimed before"),
    "claimed_lead": (
        "这枚瓶盖码是真的，不过奖励已经被领取过。",
        "The code is genuine, but its reward has been claimed.",
    ),
    "claimed_advice": (
        "如果这瓶是您刚刚打开的，而领取的人不是您，请保留瓶身与瓶盖并联系品牌客服。",
        (
            "If you have just opened this bottle and it was not you who claimed it, "
            "keep the bottle and the cap, and ask the brand."
        ),
    ),
    "others": ("真码，但已被他人领取", "Genuine code, claimed by someone else"),
    "others_lead": (
        "这枚瓶盖码是真的，不过奖励已被另一位会员领取。",
        "The code is genuine, but another member has claimed its reward.",
    ),
    "rewarded": ("正品，奖励到账！", "Genuine, and it is yours!"),
    "rewarded_lead": (
        "好奶配好运，积分已存入您的账户。",
        "A little luck with your milk. The points are in your account.",
    ),
    "yours": ("正品，您已领取", "Genuine, claimed by you"),
    "yours_lead": (
        "这枚瓶盖的奖励已在您的账户里，无需再次领取。",
        "This cap's reward is in your account already. Nothing more to do.",
    ),
    "held": ("正品，奖励审核中", "Genuine, reward under review"),
    "held_lead": (
        "这枚瓶盖已归您所有。我们会尽快核对，通过后积分自动到账，无需任何操作。",
        (
            "The cap is yours. We are taking a closer look; the points will follow by "
            "themselves."
        ),
    ),
    "denied": ("正品，奖励未通过审核", "Genuine, but no reward this time"),
    "denied_lead": (
        "这枚瓶盖的奖励没有通过审核。如有疑问，请联系品牌客服。",
        (
            "The review of this cap's reward did not end in your favour. If that seems "
            "wrong, please ask the brand."
        ),
    ),
    "no_reward": ("正品，活动已结束", "Genuine, but the campaign is over"),
    "no_reward_lead": (
        "感谢您的支持！这次活动已结束或奖励已发完，期待下次再见。",
        (
            "Thank you! The campaign has ended or its rewards are all gone. See you at "
            "the next one."
        ),
    ),
    "refused": ("正品，暂时无法领取", "Genuine, but not claimable now"),
    "refused_lead": (
        "这枚瓶盖码没有问题，只是现在不能领取。请保留瓶盖，联系品牌客服。",
        (
            "Nothing is wrong with the code; it cannot be claimed just now. Keep the "
            "cap and ask the brand."
        ),
    ),
    "limit_reached": ("正品，请稍后再领", "Genuine: please come back later"),
    "limit_reached_lead": (
        "您已达到领取上限，或活动尚未开始。请留好瓶盖，这枚码不会失效。",
        (
            "Your limit is reached, or the campaign has not begun. Keep the cap: the "
            "code waits for you."
        ),
    ),
    "not_active": ("真码，未处于启用状态", "Genuine code, not active"),
    "not_active_lead": (
        "这枚码是我们签发的，但尚未启用或已停用，因此不能领取。",
        "We issued this code, but it is not in use, so it cannot be claimed.",
    ),
    "not_active_advice": (
        "如果这瓶产品是您在店里买到的，请保留瓶身与瓶盖并联系品牌客服。",
        (
            "If you bought this product in a shop, keep the bottle and the cap, and "
            "ask the brand."
        ),
    ),
    "recalled": ("该产品已被召回", "This product is recalled"),
    "recalled_lead": (
        "请勿饮用。码是真的，但这批产品已被召回。",
        "Do not drink it. The code is genuine, but this product has been recalled.",
    ),
    "recalled_default": (
        "请停止饮用，保留瓶身与瓶盖，并联系购买门店或品牌客服。",
        "Stop drinking it, keep the bottle and the cap, and ask the shop or the brand.",
    ),
    "invalid": ("这不是我们的码", "Not one of our codes"),
    "invalid_lead": (
        "常常只是看错了一个字符。请核对后再试一次。",
        "Often a single symbol was misread. Please check, and try once more.",
    ),
    "check_symbols": (
        "码里没有字母 O、I、L、U：看起来像它们的，其实是 0、1、1、V。",
        "Codes have no O, I, L or U: what looks like one is a 0, 1, 1 or V.",
    ),
    "check_length": (
        "共 16 位，每 4 位一组，一位都不能少。",
        "There are 16 symbols in four groups of four.",
    ),
    "check_scratch": (
        "如有刮层，请完全刮开；瓶盖有水渍请先擦干。",
        "Scratch off the whole cover, and wipe the cap dry.",
    ),
    "check_link": (
        "扫码打开时，请确认网址属于您购买的品牌。",
        "If a scan brought you here, see that the address is the brand's own.",
    ),
    "check_fake": (
        "仍然不行？产品可能不是正品。请保留瓶身与瓶盖并联系品牌客服。",
        (
            "Still no? The product may not be genuine. Keep the bottle and the cap, "
            "and ask the brand."
        ),
    ),
    "checks": ("请核对", "What to check"),
    # Typing a code --------------------------------------------------------------------
    "home": ("瓶盖里有什么？", "What is under your cap?"),
    "home_lead": (
        "输入瓶盖内的 16 位字符，查验真伪并领取奖励。",
        "Type the 16 symbols inside the cap, see that it is genuine and claim.",
    ),
    "field": ("瓶盖内的 16 位字符", "16 symbols inside the cap"),
    "field_hint": (
        "每 4 位一组，大小写、空格和横线都可以。",
        "Four groups of four; any case, with or without hyphens.",
    ),
    "field_title": ("16 位字母或数字", "16 letters or digits"),
    "check": ("查验", "Check it"),
    "mistyped": (
        "这里有 {symbols} 个字符，而瓶盖码有 16 个。请再看一眼瓶盖。",
        "That has {symbols} symbols; a cap code has 16. Please look at the cap again.",
    ),
    "misread": (
        "里面有瓶盖码不会用到的字符。请再看一眼瓶盖。",
        "That has symbols no cap code uses. Please look at the cap again.",
    ),
    # Signing in -----------------------------------------------------------------------
    "sign_in": ("会员登录", "Sign in"),
    "sign_in_lead": (
        "这是演示环境：输入任意会员名即可，无需密码。",
        "This is the demo: any member name will do, without a password.",
    ),
    "name": ("会员名", "Member name"),
    "name_hint": (
        "例如 alice，最多 64 个字符。",
        "Such as alice; up to 64 characters.",
    ),
    "name_refused": (
        "请输入 1 到 64 个字符的会员名。",
        "Please give a name of 1 to 64 characters.",
    ),
    "sign_in_go": ("登录并继续", "Sign in and go on"),
    # Notices --------------------------------------------------------------------------
    "notice_403": ("请再点一次", "One more time, please"),
    "notice_403_lead": (
        "页面已过期，或提交来自其他网站，因此什么都没有发生。请回到页面重试。",
        (
            "The page was too old, or the form came from another site, so nothing was "
            "done. Please go back and try again."
        ),
    ),
    "notice_404": ("没有这个页面", "No such page"),
    "notice_404_lead": (
        "网址可能不完整。您可以直接输入瓶盖码。",
        "The address may be incomplete. You can type the cap's code instead.",
    ),
    "notice_429": ("请先歇一歇", "Let us take a short break"),
    "notice_429_lead": (
        "您或您所在的网络刚才试了太多不对的码。瓶盖不会失效。",
        (
            "Too many wrong codes were tried just now, by you or from your network. "
            "Your cap will wait."
        ),
    ),
    "wait_minute": (
        "请大约 1 分钟后（{when}）再试。",
        "Try again in about 1 minute ({when}).",
    ),
    "wait_minutes": (
        "请大约 {minutes} 分钟后（{when}）再试。",
        "Try again in about {minutes} minutes ({when}).",
    ),
    "wait_hours": (
        "请大约 {hours} 小时后（{when}）再试。",
        "Try again in about {hours} hours ({when}).",
    ),
    "notice_wrong": ("请再核对一遍", "Please check the code again"),
    "notice_wrong_lead": (
        "这个码不对，而且刚才已经试了很多不对的码。正确的码仍然可以查验。",
        (
            "This code is not right, nor were many others just now. A right one still "
            "opens."
        ),
    ),
    "wrong_minute": (
        "大约 1 分钟后（{when}）可以再试不确定的码。",
        "Codes you are unsure of can be tried again in about 1 minute ({when}).",
    ),
    "wrong_minutes": (
        "大约 {minutes} 分钟后（{when}）可以再试不确定的码。",
        (
            "Codes you are unsure of can be tried again in about {minutes} minutes "
            "({when})."
        ),
    ),
    "wrong_hours": (
        "大约 {hours} 小时后（{when}）可以再试不确定的码。",
        ("Codes you are unsure of can be tried again in about {hours} hours ({when})."),
    ),
    "notice_unseen": ("瓶盖查验", "Check a cap"),
    "notice_unseen_lead": (
        "打开页面即可查验这个瓶盖的真伪。",
        "Open the page to see whether this cap is genuine.",
    ),
    "unseen_open": ("打开查验", "Check this cap"),
    "notice_503": ("稍等片刻", "Back in a moment"),
    "notice_503_lead": (
        "系统正在短暂维护，您的码和积分都安然无恙。请稍后刷新。",
        (
            "We are busy for a moment. Your code and your points are safe. Please try "
            "again shortly."
        ),
    ),
    "notice_500": ("我们出了点小问题", "Something went wrong on our side"),
    "notice_500_lead": (
        "您的码和积分都安然无恙。请稍后再试。",
        "Your code and your points are safe. Please try again later.",
    ),
    "back": ("返回重试", "Go back and try again"),
}

_COLUMN: Final = {"zh": 0, "en": 1}


def text_in(language: str, name: str, **values: object) -> str:
    """Say one text in a language; raises KeyError for one that does not exist."""
    return TEXTS[name][_COLUMN[language]].format(**values)
