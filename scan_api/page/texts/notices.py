"""What went otherwise than hoped, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

NOTICES: Final[Mapping[str, tuple[str, str]]] = {
    "notice_403": ("请再点一次", "One more time, please"),
    "notice_403_lead": (
        "页面已过期，或提交来自其他网站，因此什么都没有发生。请回到页面重试。",
        (
            "The page was too old, or the form came from another site, so nothing was"
            " done. Please go back and try again."
        ),
    ),
    "notice_400": ("打不开这个请求", "That request cannot be read"),
    "notice_400_lead": (
        "它不完整，或者不是本页发出的，因此什么都没有发生。",
        "It was incomplete or not made by our page, so nothing was done.",
    ),
    "notice_app": ("请先登录", "Please sign in"),
    "notice_app_lead": (
        "请使用品牌官方 App 或小程序登录后查看。",
        "To see this, sign in with the brand's own app.",
    ),
    "notice_404": ("没有这个页面", "No such page"),
    "notice_404_lead": (
        "网址可能不完整。您可以直接输入瓶盖码。",
        "The address may be incomplete. You can type the cap's code instead.",
    ),
    "notice_429": ("请先歇一歇", "Let us take a short break"),
    "notice_429_lead": (
        "您或您所在的网络刚才试了太多不对的码。",
        "Too many wrong codes were tried just now, by you or from your network.",
    ),
    "notice_reports": ("谢谢，举报已经很多", "Thank you, we have many"),
    "notice_reports_lead": (
        "您或您所在的网络刚才发来了很多举报，这一份没有保存。",
        "Many reports came from you or your network just now; this one was not kept.",
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
            "This code is not right, nor were many others just now. A right one still"
            " opens."
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
        "Codes you are unsure of can be tried again in about {hours} hours ({when}).",
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
            "We are busy for a moment. Your code and your points are safe. Please try"
            " again shortly."
        ),
    ),
    "notice_500": ("我们出了点小问题", "Something went wrong on our side"),
    "notice_500_lead": (
        "您的码和积分都安然无恙。请稍后再试。",
        "Your code and your points are safe. Please try again later.",
    ),
    "back": ("返回重试", "Go back and try again"),
}
