"""What analysts read of lists."""

from collections.abc import Mapping
from typing import Final

LIST_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "lists": ("名单", "Lists"),
    "lists_lead": (
        "名单先于规则：放行、拒绝、免扣，依次生效；下一次扫码就按它执行。",
        (
            "Lists come before rules: let through, then block, then never hold. "
            "They act on the next scan."
        ),
    ),
    "list_block": ("拒绝", "Block"),
    "list_allow": ("免扣", "Allow"),
    "list_override": ("放行", "Override"),
    "list_shop": ("门店", "Shops"),
    "list_about_block": (
        "下列扫码一律拒绝，奖励不发。",
        "Scans of these are refused, and earn nothing.",
    ),
    "list_about_allow": (
        "下列扫码不会被规则扣下；分数够高仍会拒绝。",
        "Rules hold no scan of these; a score that is high enough still refuses.",
    ),
    "list_about_override": (
        "下列扫码无论规则和拒绝名单怎么说都放行，每次都有记录。",
        "Scans of these pass whatever rules and the block list say; each is recorded.",
    ),
    "list_about_shop": (
        "门店一次扫很多：规则可以据此放宽。",
        "Shops scan much at once: rules may read it and let them.",
    ),
    "list_kind_member": ("会员", "member"),
    "list_kind_device": ("设备", "device"),
    "list_kind_network": ("网络", "network"),
    "list_kind_code_range": ("码段", "range of codes"),
    "list_kind_store": ("门店", "store"),
    "list_kind_cell": ("位置单元", "cell"),
    "list_kind_product": ("产品", "product"),
    "list_search": ("以此开头", "Begins with"),
    "list_find": ("查找", "Find"),
    "list_kind": ("类型", "Kind"),
    "list_value": ("对象", "Whom or what"),
    "list_value_hint": (
        (
            "会员、设备、门店写其编号；网络写 192.0.2.0/24；码段写批次或"
            " 批次:起-止；位置写 H3 单元；产品写 GTIN"
        ),
        (
            "A member's, device's or store's id; a network as 192.0.2.0/24; codes as "
            "BATCH or BATCH:FROM-TO; an H3 cell; a GTIN"
        ),
    ),
    "list_until": ("有效至（含当天）", "Until the end of"),
    "list_until_time": ("时刻", "At"),
    "list_until_hint": ("留空则一直有效", "Empty: until it is removed"),
    "list_reason": ("理由", "Why"),
    "list_add": ("加入名单", "Add to the list"),
    "list_remove": ("移除", "Remove"),
    "list_removes": ("从名单移除", "Take off the list:"),
    "list_by": ("由谁加入", "Added by"),
    "list_over": ("已过期", "over"),
    "list_always": ("一直", "always"),
    "list_none": ("这里没有条目。", "No entry here."),
}
