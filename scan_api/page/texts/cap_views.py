"""What a cap turns out to be, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

CAP_VIEWS: Final[Mapping[str, tuple[str, str]]] = {
    "genuine": ("正品", "Genuine"),
    "genuine_lead": (
        "这枚瓶盖码是真的，还没有人领取。",
        "This cap's code is genuine, and nobody has claimed it yet.",
    ),
    "outside": ("正品", "Genuine"),
    "outside_lead": (
        "这枚码是真的，仅供验真，不含奖励；奖励码印在瓶盖内。",
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
    "rewarded_lead": ("奖励已存入您的账户。", "It is all in your account."),
    "yours": ("正品，您已领取", "Genuine, claimed by you"),
    "yours_lead": (
        "这枚瓶盖的奖励已在您的账户里，无需再次领取。",
        "This cap's reward is in your account already. Nothing more to do.",
    ),
    "held": ("正品，奖励审核中", "Genuine, reward under review"),
    "held_lead": (
        (
            "这枚瓶盖已归您所有。工作人员会核对这次扫码：通过后奖励自动到账，"
            "未通过时本页会说明。无需任何操作。"
        ),
        (
            "The cap is yours. Somebody looks at this scan: if all is well, what it "
            "earned follows by itself, and if not, this page says so. Nothing to do."
        ),
    ),
    "denied": ("正品，奖励未通过审核", "Genuine, but no reward this time"),
    "denied_lead": (
        "这枚瓶盖的奖励没有通过审核。如有疑问，请联系品牌客服。",
        (
            "The review of this cap's reward did not end in your favour. If that "
            "seems wrong, please ask the brand."
        ),
    ),
    "no_reward": ("正品，活动已结束", "Genuine, but the campaign is over"),
    "no_reward_lead": (
        "感谢您的支持！您领取这枚瓶盖时，活动已经结束，因此没有奖励。",
        (
            "Thank you! The campaign was over when you claimed this cap, so there was"
            " no reward."
        ),
    ),
    "came_late": ("正品，奖励已发完", "Genuine, but the rewards are gone"),
    "came_late_lead": (
        "感谢您的支持！您领取这枚瓶盖时，奖励已经发完。",
        "Thank you! The rewards were all gone when you claimed this cap.",
    ),
    "not_begun": ("正品，活动尚未开始", "Genuine, but the campaign has not begun"),
    "not_begun_lead": (
        "活动 {begins} 开始。请留好瓶盖，到时再来领取。",
        "It begins on {begins}. Keep the cap, and come back to claim then.",
    ),
    "paused": ("正品，活动暂停中", "Genuine, but the campaign is paused"),
    "paused_lead": (
        "请留好瓶盖，活动恢复后再来领取，奖励不会因此失效。",
        "Keep the cap, and come back when it goes on: nothing of its worth is lost.",
    ),
    "full": ("正品，您已领满", "Genuine, but you have had your share"),
    "full_lead": (
        "本活动的奖励您已领满。这枚瓶盖还没有人领取，可以送给别人。",
        (
            "You have had all that one member may have of this campaign. Nobody has "
            "claimed this cap, so somebody else still can."
        ),
    ),
    "full_today": ("正品，今日已领满", "Genuine, but today is full"),
    "full_today_lead": (
        "您今天领取的积分已达上限，{again} 0\u00a0点起可以再领。请留好瓶盖。",
        (
            "You have earned as much as one day allows. Claim this cap from {again} "
            "on, 00:00."
        ),
    ),
    "full_at_last": ("正品，今日已领满", "Genuine, but today is full"),
    "full_at_last_lead": (
        "您今天领取的积分已达上限，而活动截止 {ends}，这枚瓶盖没有奖励了。",
        (
            "You have earned as much as one day allows, and the campaign lasts until "
            "{ends}: there is no reward left for this cap."
        ),
    ),
    "ended": ("正品，活动已结束", "Genuine, but the campaign is over"),
    "ended_lead": (
        "感谢您的支持！活动截止 {ends}，现在没有奖励可领。",
        "Thank you! The campaign lasted until {ends}; there is no reward to claim now.",
    ),
    "spent": ("正品，奖励已发完", "Genuine, but the rewards are gone"),
    "spent_lead": (
        "感谢您的支持！这次活动的奖励已全部发完，现在没有奖励可领。",
        (
            "Thank you! All rewards of this campaign have been given out; there is "
            "none to claim now."
        ),
    ),
    "no_campaign": ("正品", "Genuine"),
    "no_campaign_lead": (
        "这枚瓶盖码是真的，不过没有奖励可领。",
        "This cap's code is genuine; there is no reward to claim for it.",
    ),
    "refused": ("正品，暂时无法领取", "Genuine, but not claimable now"),
    "refused_lead": (
        "这枚瓶盖码没有问题，只是现在不能领取。请保留瓶盖，联系品牌客服。",
        (
            "Nothing is wrong with the code; it cannot be claimed just now. Keep the "
            "cap and ask the brand."
        ),
    ),
    "not_active": ("真码，目前不能领取", "Genuine code, not active"),
    "not_active_lead": (
        "这瓶还没有开放领取，或已停止领取。",
        "This cap is not open for claims yet, or not any more.",
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
        "Often a single character was misread. Please check, and try once more.",
    ),
    "foreign": ("这不是我们的码", "Not one of our codes"),
    "foreign_lead": (
        "它可能是仿冒的。请保留瓶身与瓶盖，先不要饮用。",
        (
            "The product may be a fake. Keep the bottle and the cap, and do not drink"
            " it yet."
        ),
    ),
    "foreign_address": (
        "扫码打开时，请确认网址属于您购买的品牌。",
        "See that the address above is the brand's own: a fake often leads elsewhere.",
    ),
    "type_instead": ("改为输入瓶盖内的码", "Type the code inside the cap instead"),
    "check_symbols": (
        "码里没有字母 O、I、L、U：看起来像它们的，其实是 0、1、1、V。",
        "Codes have no O, I, L or U: what looks like one is a 0, 1, 1 or V.",
    ),
    "check_length": (
        "共 16 位字母和数字，每 4 位一组，一位都不能少。",
        "There are 16 letters and digits in four groups of four.",
    ),
    "check_scratch": (
        "如有刮层，请完全刮开；瓶盖有水渍请先擦干。",
        "Scratch off the whole cover, and wipe the cap dry.",
    ),
    "check_fake": (
        "仍然不行？产品可能不是正品。请保留瓶身与瓶盖并联系品牌客服。",
        (
            "Still no? The product may not be genuine. Keep the bottle and the cap, "
            "and ask the brand."
        ),
    ),
    "checks": ("请核对", "What to check"),
}
