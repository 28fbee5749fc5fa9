"""What there is to say of cartons and pallets, and of what is in them."""

from typing import Final

from core.messages import Sentences

AGGREGATION: Final[Sentences] = {
    # SSCCs
    "sscc_digits": (
        "SSCC 只由数字 0 到 9 组成。",
        "An SSCC is made of the digits 0 to 9 only.",
    ),
    "sscc_length": (
        "SSCC 有 18 位数字；这里有 {length} 位。",
        "An SSCC has 18 digits; this has {length}.",
    ),
    "sscc_check_digit": (
        "SSCC {sscc} 的最后一位是校验码，应为 {expected}，不是 {given}。",
        (
            "The last digit of SSCC {sscc} is its check digit and has to be "
            "{expected}, not {given}."
        ),
    ),
    "sscc_used": (
        "SSCC {sscc} 已用过；请用新的 SSCC 装箱。",
        "SSCC {sscc} was used before; pack under a new one.",
    ),
    "sscc_twice": (
        "{sscc} 已写在 {pointer}。",
        "{sscc} is at {pointer} already.",
    ),
    # Packing
    "carton_or_pallet": (
        "箱装码（contents 或 codes），托盘装箱（children）；请只写一种。",
        "A carton has contents or codes, a pallet has children; not both.",
    ),
    "too_many_pieces": (
        "每次请求最多 {most:,} 个范围、码和箱。",
        "At most {most:,} ranges, codes and cartons a request.",
    ),
    "too_many_caps": (
        "一箱最多 {most:,} 个瓶盖。",
        "A carton holds at most {most:,} caps.",
    ),
    "outside_batch": (
        "批次 {batch_id} 的序号从 0 到 {limit}；{first} 到 {last} 不是其中的一段。",
        (
            "Indexes run from 0 to {limit} in batch {batch_id}; {first} to {last} is "
            "not a range of it."
        ),
    ),
    "not_our_code": (
        "这不是我们的码。",
        "This is not one of our codes.",
    ),
    "caps_twice": (
        "其中有的瓶盖也写在 {pointer}。",
        "Some of these caps are at {pointer} too.",
    ),
    "one_brand": (
        "一箱或一托只装一个品牌的瓶盖。",
        "A unit holds caps of one brand only.",
    ),
    "no_carton": (
        "没有箱 {sscc}，或不在您的范围内。",
        "There is no carton {sscc}.",
    ),
    "pallet_on_pallet": (
        "{sscc} 是托盘；托盘上只放箱。",
        "{sscc} is a pallet; a pallet holds cartons.",
    ),
    "already_packed": (
        "批次 {batch_id} 序号 {first} 到 {last} 的瓶盖已装在箱 {sscc} 里；请先拆箱。",
        (
            "Caps {first} to {last} of batch {batch_id} are in carton {sscc}; unpack "
            "it first."
        ),
    ),
    # Moving
    "no_unit": (
        "没有箱或托盘 {sscc}，或不在您的范围内。",
        "There is no logistic unit {sscc}.",
    ),
    "on_pallet": (
        "箱 {sscc} 在托盘 {pallet} 上；请写托盘，或先拆托盘。",
        "Carton {sscc} is on pallet {pallet}; name the pallet, or unpack it first.",
    ),
    "wrong_state": (
        "{unit} {sscc} {state}，现在不能{event}。",
        "The {unit} {sscc} is {state}, so {event} is not possible now.",
    ),
    "unpacked_before": (
        "{unit} {sscc} 已拆开。",
        "The {unit} {sscc} was unpacked.",
    ),
    "two_loads": (
        "同一箱或托盘写在了两批里。",
        "A unit is in two loads at once.",
    ),
    "when_happened": (
        "请写明发生的时间：不晚于现在，并带当地时区，例如 2026-05-01T08:00:00+08:00。",
        (
            "Say when it happened, not later than now and with the offset of the "
            "place: 2026-05-01T08:00:00+08:00."
        ),
    ),
    "carton": ("箱", "carton"),
    "pallet": ("托盘", "pallet"),
    "is_packed": ("已装好", "packed"),
    "is_shipped": ("已发货", "shipped"),
    "is_received": ("已收货", "received"),
    "is_unpacked": ("已拆开", "unpacked"),
    "packing": ("装箱", "packing"),
    "unpacking": ("拆箱", "unpacking"),
    "shipping": ("发货", "shipping"),
    "receiving": ("收货", "receiving"),
    # Activating what ships
    "batch_in_pieces": (
        "批次 {batch_id} 的码分散成 {pieces:,} 段，均未启用。请按序号范围启用。",
        (
            "The codes of batch {batch_id} lie in {pieces:,} pieces; none of them was "
            "activated. Activate them by range."
        ),
    ),
}
