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
}
