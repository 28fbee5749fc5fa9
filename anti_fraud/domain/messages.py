"""What anti_fraud has to say: of facts, of counters, and of wrong rule sets."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        # Facts
        "fact_signals_available": (
            "能否读到风控信号；读不到时，次数和地点都未知。",
            "Whether signals could be read; counts and places are unknown if not.",
        ),
        "fact_days_past_sell_by": (
            "扫码当天已过保质期的天数；仍在保质期内则为负数。",
            "Days past the last day of sale; below zero while that is to come.",
        ),
        "fact_place_distance": (
            "与该码一天内上一次扫码地点的距离。",
            "How far from where the code was last scanned within a day.",
        ),
        "fact_place_elapsed": (
            "距该码一天内上一次有位置的扫码的时间。",
            "How long after the code was last scanned at a known place within a day.",
        ),
        "fact_place_speed": (
            "从该码上一次扫码地点到这里所需的最低速度。",
            "How fast the code came from where it was last scanned, at least.",
        ),
        "fact_count": (
            "{entity}在 {window} 内的扫码次数，含本次。",
            "Scans of {entity} within {window}, this one included.",
        ),
        # Entities
        "entity_member": ("该会员", "the member"),
        "entity_device": ("该设备", "the device"),
        "entity_network": ("该网络", "the network"),
        "entity_code": ("该码", "the code"),
        "entity_site": ("该 IPv6 /48 网段", "the IPv6 /48 of the network"),
        "entity_linked": (
            "经其他网站链接而来的该网络",
            "the network by links of other sites",
        ),
        "entity_app": ("该应用令牌", "the app's token"),
        # Windows
        "window_days": ("{n} 天", "{n} d"),
        "window_hours": ("{n} 小时", "{n} h"),
        "window_minutes": ("{n} 分钟", "{n} min"),
        "window_seconds": ("{n} 秒", "{n} s"),
        # Rule sets, for who writes them
        "rule_set_wrong": (
            "规则集的 {where} 有误：{what}",
            "The rule set is wrong at {where}: {what}",
        ),
        "rule_set_wrong_often": (
            "规则集有 {count} 处错误，第一处在 {where}：{what}",
            "The rule set has {count} mistakes, the first at {where}: {what}",
        ),
        "no_rule_set": (
            "没有可用的规则集；日志写明了每一个的错误。",
            "No rule set can be read; the log says what is wrong with each.",
        ),
        "list_needed": (
            "应为列表。",
            "Give a list.",
        ),
        "named_twice": (
            "{name!r} 出现了两次；请删去一个，或改名。",
            "{name!r} stands here twice; leave one out, or name it differently.",
        ),
        "hold_not_below": (
            "hold 是 {hold}，应小于 refuse 的 {refuse}。",
            "hold is {hold}; give a number below refuse, which is {refuse}.",
        ),
        "no_entity": (
            "没有 {given!r} 这种对象；可用的有：{known}。",
            "There is no entity {given!r}; known are: {known}.",
        ),
    }
)
