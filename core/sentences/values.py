"""What there is to say of values and names from outside."""

from typing import Final

from core.messages import Sentences

VALUES: Final[Sentences] = {
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
        ("请写日期，例如 2027-01-01；或带时区的时间，例如 2027-01-01T08:00:00+08:00。"),
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
        ("{name} 含有无法显示的字符 U+{character:04X}（第 {place} 个字）；请删去。"),
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
    # Bodies, and the names in them
    "the_value": (
        "这个值",
        "The value",
    ),
    "the_body": (
        "正文",
        "The body",
    ),
    "body_not_utf8": (
        "正文从第 {place} 个字节起不是 UTF-8。",
        "The body is not UTF-8, from byte {place} on.",
    ),
    "body_not_json": (
        "正文不是 JSON：请看第 {line} 行第 {column} 个字符。",
        "The body is not JSON: see line {line}, character {column}.",
    ),
    "not_a_value_of_json": (
        "正文不是 JSON：JSON 里没有 {given}。",
        "The body is not JSON: {given} is not a value of JSON.",
    ),
    "body_too_deep": (
        "正文嵌套得太深。",
        "The body is nested too deeply.",
    ),
    "too_many_digits": (
        "正文里有一个数字位数太多。",
        "The body has a number with too many digits.",
    ),
    "half_a_character": (
        "{name} 含有半个字符（不成对的代理项）；请删去。",
        "{name} has half of a character; leave it out.",
    ),
    "unknown_name": (
        "这里没有 {given!r}；可用的有：{known}。",
        "{given!a} is not known here; known are: {known}.",
    ),
    "unknown_name_meant": (
        "这里没有 {given!r}；是不是 {nearest}？",
        "{given!a} is not known here; did you mean {nearest}?",
    ),
    "no_names": (
        "这里没有 {given!r}；这里不收任何参数。",
        "{given!a} is not known here; nothing is.",
    ),
    "missing": (
        "缺少 {name}。",
        "{name} is missing.",
    ),
    "wrong_type": (
        "{name}：应为{wanted}，不是{got}。",
        "{name}: send {wanted}, not {got}.",
    ),
    "either": (
        "{one}或{other}",
        "{one} or {other}",
    ),
    "list_length": (
        "{name}：应有{limit} {count:,} 项。",
        "{name}: it has {limit} {count:,} entries.",
    ),
    "text_length": (
        "{name}：应有{limit} {count:,} 个字符。",
        "{name}: it has {limit} {count:,} characters.",
    ),
    "out_of_bounds": (
        "{name}：应{limit} {bound}。",
        "{name}: it is {limit} {bound}.",
    ),
    "wrong_form": (
        "{name}：应为{wanted}。",
        "{name}: it is not {wanted}.",
    ),
    "wrong_pattern": (
        "{name}：写法不对；请写成 {example} 这样。",
        "{name}: it is not written as it has to be, like {example}.",
    ),
    "unreadable": (
        "{name}：无法读取。",
        "{name}: it cannot be read.",
    ),
    "not_a_choice": (
        "{name}：没有 {given!r}；可选的有：{choices}。",
        "{name}: {given!a} is not one of: {choices}.",
    ),
    "at_least": ("至少", "at least"),
    "at_most": ("最多", "at most"),
    "exactly": ("正好", "exactly"),
    "not_below": ("不小于", "at least"),
    "not_above": ("不大于", "at most"),
    "above": ("大于", "more than"),
    "below": ("小于", "less than"),
    "a_whole_number": ("整数", "a whole number"),
    "a_number": ("数字", "a number"),
    "a_fraction": ("小数", "a number with a fraction"),
    "a_text": ("文字", "text"),
    "true_or_false": ("true 或 false", "true or false"),
    "a_list": ("列表", "a list"),
    "an_object": ("有名称的一组值", "an object with named fields"),
    "a_day": ("日期，例如 2026-05-01", "a day, like 2026-05-01"),
    "a_time": (
        "带时区的时间，例如 2026-05-01T08:00:00+08:00",
        "a time with its offset, like 2026-05-01T08:00:00Z",
    ),
}
