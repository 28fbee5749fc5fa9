"""What admins read of webhooks."""

from collections.abc import Mapping
from typing import Final

WEBHOOK_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "webhooks": ("事件推送", "Webhooks"),
    "webhooks_lead": (
        "每个已提交的变化都会推送到这里登记的地址；签名方式见 Standard Webhooks。",
        (
            "Each committed change is sent to the addresses below, signed as in "
            "Standard Webhooks."
        ),
    ),
    "webhooks_none": (
        "还没有推送地址。用下面的表单添加，或用 POST /v1/webhook-endpoints。",
        "There is no endpoint yet. Add one below, or by POST /v1/webhook-endpoints.",
    ),
    "webhook": ("推送地址", "Endpoint"),
    "webhook_url": ("地址", "Address"),
    "webhook_types": ("事件类型", "Types of events"),
    "webhook_added": ("添加", "Added"),
    "webhook_live": ("使用中", "live"),
    "webhook_ended": ("已停用", "ended"),
    "webhook_add": ("添加推送地址", "Add an endpoint"),
    "webhook_add_do": ("添加", "Add"),
    "webhook_rotate": ("更换密钥", "Give it a new secret"),
    "webhook_rotate_note": (
        "更换后 24 小时内，新旧两个密钥都会签名。",
        "For 24 hours both secrets sign what is sent.",
    ),
    "webhook_end": ("停用", "End it"),
    "webhook_end_note": (
        "停用不能恢复；等待推送的不再发送。",
        "It cannot be taken back; what waits is not sent.",
    ),
    "webhook_secret": ("密钥", "Secret"),
    "webhook_secret_once": (
        "请现在抄下密钥；以后不会再显示。",
        "Write the secret down now; it is not shown again.",
    ),
    "deliveries": ("推送记录", "Deliveries"),
    "deliveries_none": ("没有。", "None."),
    "deliveries_of": ("推送", "Deliveries of"),
    "delivery_all": ("全部", "all"),
    "delivery_waiting": ("等待中", "waiting"),
    "delivery_delivered": ("已送达", "delivered"),
    "delivery_dead": ("已放弃", "given up"),
    "delivery_event": ("事件", "Event"),
    "delivery_type": ("类型", "Type"),
    "delivery_tries": ("次数", "Tries"),
    "delivery_answer": ("最近的答复", "Last answer"),
    "delivery_next": ("下次", "Next try"),
    "delivery_again": ("重发", "Send again"),
    "delivery_older": ("更早的", "Older ones"),
}
