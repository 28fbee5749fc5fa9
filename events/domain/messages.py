"""What events has to say: of reading them."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        "not_an_event_id": (
            "event_id 是 32 位小写十六进制数字，取自上一页最后一个事件。",
            (
                "An event_id is 32 hexadecimal digits in small letters, as the last "
                "event of the page before has it."
            ),
        ),
        "events_are_of_all": (
            "事件涉及所有品牌和门店，而此令牌只限于其中一个。",
            "Events are of all brands and stores; this token is for one.",
        ),
        "events_forgotten": (
            (
                "{after} 之后的部分事件已不再保留；请不带 after 重新读取，"
                "并核对其间的变化。"
            ),
            (
                "Some events after {after} are no longer kept. Read on without "
                "`after`, and look up what may have changed meanwhile."
            ),
        ),
        "not_an_endpoint_url": (
            "请写 https:// 开头的完整地址，不含用户名、密码和 #。",
            (
                "Write a whole address that begins with https://, without a user, a "
                "password or a #."
            ),
        ),
        "private_address": (
            (
                "{host} 指向内部网络；如确要发往那里，请把该网段写入 "
                "CROWNCAP_WEBHOOK_NETWORKS。"
            ),
            (
                "{host} leads to a private network. If it is meant, name that network "
                "in CROWNCAP_WEBHOOK_NETWORKS."
            ),
        ),
        "not_encrypted": (
            "发往 {host} 需用 https；http 只用于 CROWNCAP_WEBHOOK_NETWORKS 中的网段。",
            (
                "{host} takes https; http is for networks in CROWNCAP_WEBHOOK_NETWORKS "
                "alone."
            ),
        ),
        "unknown_host": (
            "找不到主机 {host}。",
            "The host {host} is not known.",
        ),
        "unknown_type": (
            "没有事件类型 {type}；可用的有：{types}。",
            "{type} is not a type of event; there are {types}.",
        ),
        "no_endpoint": (
            "没有推送地址 {endpoint_id}。",
            "There is no endpoint {endpoint_id}.",
        ),
        "endpoint_ended": (
            "推送地址 {endpoint_id} 已停用。",
            "Endpoint {endpoint_id} has ended.",
        ),
        "no_delivery": (
            "没有推送 {delivery_id}。",
            "There is no delivery {delivery_id}.",
        ),
        "was_delivered": (
            "已经送达，不再重发。",
            "It was delivered, and is not sent again.",
        ),
    }
)
