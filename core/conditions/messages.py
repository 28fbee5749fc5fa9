"""What there is to say of conditions, and of data that people write."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        "object_needed": (
            "应为对象，含 {names}。",
            "Give an object with {names}.",
        ),
        "members_missing": (
            "缺少 {names}。",
            "Missing here: {names}.",
        ),
        "text_needed": (
            "应为文字，不能是空的。",
            "Give text that is not empty.",
        ),
        "whole_number_needed": (
            "应为整数，不是 {given}。",
            "Give a whole number, not {given}.",
        ),
        "number_outside": (
            "应在 {least} 到 {most} 之间，不是 {given}。",
            "Give a number from {least} to {most}, not {given}.",
        ),
        "no_fact": (
            "没有名为 {given!r} 的事实；可用的有：{known}。",
            "There is no fact {given!r}; known are: {known}.",
        ),
        "no_comparison": (
            "没有 {given!r} 这种比较；可用的有：{known}。",
            "There is no comparison {given!r}; known are: {known}.",
        ),
        "no_order": (
            "{fact} 是{kind}，不分大小；请用 ==、!= 或 in。",
            "{fact} is {kind}, which has no order; use ==, != or in.",
        ),
        "value_of_other_kind": (
            "{fact} 是{kind}；这里也应是{kind}，不是 {given}。",
            "{fact} is {kind}; give {kind} here too, not {given}.",
        ),
        "values_needed": (
            "in 后面应为列表，至少有一个值。",
            "in takes a list of at least one value.",
        ),
        "conditions_needed": (
            "{word} 后面应为列表，至少有一个条件。",
            "{word} takes a list of at least one condition.",
        ),
        "too_deep": (
            "条件最多嵌套 {most} 层；请分成几条规则。",
            "Conditions nest at most {most} deep; make several rules of it.",
        ),
        "a_number": ("数字", "a number"),
        "a_flag": ("真或假", "true or false"),
        "a_text": ("文字", "text"),
    }
)
