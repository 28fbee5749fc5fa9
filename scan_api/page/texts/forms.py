"""Typing a code, signing in, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "home": ("瓶盖里有什么？", "What is under your cap?"),
    "home_lead": (
        "输入瓶盖内的 16 位字母和数字，查验真伪并领取奖励。",
        (
            "Type the 16 letters and digits inside the cap, see that it is genuine "
            "and claim."
        ),
    ),
    "field": ("瓶盖内的 16 位字母和数字", "16 letters and digits inside the cap"),
    "field_hint": (
        "每 4 位一组，大小写、空格和横线都可以。",
        "Four groups of four; any case, with or without hyphens.",
    ),
    "check": ("查验", "Check it"),
    "mistyped": (
        "这里有 {symbols} 位，而瓶盖码有 16 位。请再看一眼瓶盖。",
        (
            "That has {symbols} characters; a cap code has 16. Please look at the cap"
            " again."
        ),
    ),
    "misread": (
        "第 {places} 个字符（{characters}）不会出现在瓶盖码里。",
        "A cap code never has this character: {characters} (place {places}).",
    ),
    "meant": ("您是不是想输入", "Did you mean"),
    "meant_end": ("？", "?"),
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
    "leaving_lead": (
        "正在前往登录页面，登录后自动回到这里。",
        "On the way to where you sign in; afterwards you are back here.",
    ),
    "leaving_go": ("前往登录", "Sign in there"),
    # Asking the brand, and reporting a fake ------------------------------------------
    "contact": ("联系{brand}", "Ask {brand}"),
    "contact_brand": ("联系品牌客服", "Ask the brand"),
    "contact_label": (
        "客服电话印在瓶身的标签上。",
        "The brand's telephone number stands on the bottle's label.",
    ),
    "contact_online": ("在线客服", "Write to us online"),
    "hotline": ("客服电话", "Telephone"),
    "wechat": ("微信公众号", "WeChat"),
    "report": ("举报疑似假冒", "Report a suspected fake"),
    "report_lead": (
        "告诉我们在哪里买到的，哪里不对。不必留下姓名或电话。",
        "Tell us where you got it and what is wrong. No name or number is needed.",
    ),
    "report_place": ("在哪里买到的", "Where you got it"),
    "report_place_hint": (
        "城市、店名或网店名，最多 100 字。",
        "Town and shop, or the online shop; up to 100 characters.",
    ),
    "report_note": ("哪里不对", "What is wrong"),
    "report_hint": (
        "例如瓶盖、标签或味道，最多 500 字。可以不填。",
        "The cap, the label or the taste; up to 500 characters. Both may stay empty.",
    ),
    "report_wrong": (
        "内容太长，或含有无法保存的字符。请改短后再发送。",
        "That is too long, or has characters that cannot be kept. Please shorten it.",
    ),
    "report_send": ("发送举报", "Send the report"),
    "reported": ("谢谢，已收到", "Thank you, it is with us"),
    "reported_lead": (
        "请保留瓶身与瓶盖。联系客服时，请报出下面的编号。",
        "Keep the bottle and the cap, and give this number when you ask us about it.",
    ),
    "report_number": ("举报编号", "Number of your report"),
}
