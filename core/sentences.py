"""What core has to say: of values, of forms, and of who may do what."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        # Values from outside
        "no_date": (
            "{name} 写成了 {given}；程序常用它表示“没有日期”。请不要填写。",
            (
                "{name} is {given}, which programs write where there is no date; "
                "leave it out instead."
            ),
        ),
        "out_of_time": (
            "{name} 是 {given}；应在 {first} 到 {last} 之间。",
            "{name} is {given}; it has to lie from {first} to {last}.",
        ),
        "out_of_order": (
            "{name} 是 {given}，晚于 {end_name} {end}。",
            "{name} is {given}, after {end_name}, {end}.",
        ),
        "no_offset": (
            "请写明时区，例如 2026-05-01T08:00:00+08:00。",
            "Say the offset too: 2026-05-01T08:00:00Z.",
        ),
        "no_moment": (
            (
                "请写日期，例如 2027-01-01；或带时区的时间，例如 "
                "2027-01-01T08:00:00+08:00。"
            ),
            (
                "Say a day, 2027-01-01, or a moment with its offset, "
                "2027-01-01T08:00:00+08:00."
            ),
        ),
        "too_large": (
            "{name} 太大；最多 18 位数字。",
            "{name} is too large; it has at most 18 digits.",
        ),
        "not_a_number": (
            "{name} 不是数字。",
            "{name} is not a number.",
        ),
        "too_long": (
            "{name} 有 {length:,} 个字；最多 {most} 个。",
            "{name} has {length:,} characters; {most} are the most.",
        ),
        "unstorable": (
            (
                "{name} 含有无法显示的字符 U+{character:04X}（第 {place} 个字）；请删"
                "去。"
            ),
            (
                "{name} has a character that cannot be shown, U+{character:04X}, at "
                "place {place}; leave it out."
            ),
        ),
        "blank": (
            "{name} 是空白；请不要填写。",
            "{name} is blank; leave it out instead.",
        ),
        "number_too_large": (
            "没有编号这么大的东西。",
            "There is nothing under so large a number.",
        ),
        # Forms
        "given_twice": (
            "{name} 写了 {times} 次；请只写一次。",
            "{name} is given {times} times; say it once.",
        ),
        "foreign_form": (
            "表单不是从本站发出的。",
            "The form came from another site.",
        ),
        "stale_form": (
            "页面已过期，请返回刷新后再试。",
            "The form's token is missing or old.",
        ),
        # Who may do what
        "staff_token_needed": (
            "这里需要员工令牌：Authorization: Bearer …。",
            "This needs a staff token: Authorization: Bearer ….",
        ),
        "role_not_allowed": (
            "角色 {role} 不能做这件事；需要 {allowed}。",
            "Role {role} may not do this; it takes {allowed}.",
        ),
        "too_many_wrong_codes": (
            (
                "今天用这个令牌查的码里，不属于您批次的已超过 {most:,} 个；明天（UTC）"
                "再查码，今天仍可按序号或按卷操作。"
            ),
            (
                "This token has named more than {most:,} codes today that are not of "
                "its batches. It may name codes again tomorrow (UTC); by index or "
                "unit it still may."
            ),
        ),
    },
)
