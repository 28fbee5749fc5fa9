"""What codegen has to say of codes, and of what may be done to them."""

from typing import Final

from core.messages import Sentences

CODES: Final[Sentences] = {
    # Which codes
    "no_batch": (
        "没有批次 {batch_id}，或不在您的范围内。",
        "There is no batch {batch_id}.",
    ),
    "no_unit": (
        "本批次没有名为 {unit!r} 的卷或箱。",
        "The batch has no unit {unit!r}.",
    ),
    "indexes_outside": (
        "本批次的序号从 0 到 {limit}（含）；{first} 到 {last} 不是其中的一段。",
        (
            "Indexes run from 0 to {limit} in this batch, both included; {first} "
            "to {last} is not a part of them."
        ),
    ),
    "name_one_way": (
        "请只用一种方式指明码：卷或箱、序号范围，或列表。",
        "Name codes in one way: a unit, a range of indexes, or a list.",
    ),
    "codes_a_call": (
        "每次 1 到 {most:,} 个码。",
        "1 to {most:,} codes a call.",
    ),
    "not_our_code": (
        "这不是我们的码。",
        "Not one of our codes.",
    ),
    "other_batch": (
        "这个码不属于批次 {batch_id}。",
        "This code is not of batch {batch_id}.",
    ),
    "codes_wrong": (
        "{count} 个码中有 {wrong} 个不对；没有做任何更改。",
        "{wrong} of {count} codes are wrong; nothing was done.",
    ),
    "link_unprintable": (
        "批次 {batch_id} 的链接无法印刷：{why} 请签发新批次。",
        ("The links of batch {batch_id} cannot be printed: {why} Issue a new batch."),
    ),
    "not_punycode": (
        "{link!r} 不是 punycode 写法。",
        "{link!r} is not in punycode.",
    ),
    # Changes of codes
    "other_line": (
        (
            "批次 {batch_id} 不属于任何产线；产线 {line} 的令牌只能更改本产线的码"
            "。请找签发人。"
        ),
        (
            "Batch {batch_id} is of no line; a key of line {line} changes only "
            "what is of its line. Ask an issuer."
        ),
    ),
    "other_goods": (
        "批次 {batch_id} 的这些码里有别的品牌的商品。",
        "Some of these codes of batch {batch_id} are goods of another brand.",
    ),
    "issuers_term": (
        (
            "{names} 不由产线选择：请不要填写，或照批次 {batch_id} 填写。签发人可"
            "以另选。"
        ),
        (
            "{names} is not a line's to choose: leave it out, or give what batch "
            "{batch_id} says. An issuer may give another."
        ),
    ),
    "issuers_terms": (
        (
            "{names} 不由产线选择：请不要填写，或照批次 {batch_id} 填写。签发人可"
            "以另选。"
        ),
        (
            "{names} are not a line's to choose: leave it out, or give what batch "
            "{batch_id} says. An issuer may give another."
        ),
    ),
    "as_the_batch": (
        "照批次填写，或不填。",
        "As the batch says, or not.",
    ),
    "others_start": (
        (
            "启用 {activation_id} 不由产线更改：产线只能更改自己的令牌 24 小时内启"
            "用的。请找签发人。"
        ),
        (
            "Activation {activation_id} is not a line's to move: it moves what "
            "its own key activated within 24 hours. Ask an issuer."
        ),
    ),
    "void_takes_two": (
        (
            "其中 {quantity:,} 个码产线不能单独作废：产线只能作废未启用的，或自己"
            "的令牌 24 小时内启用的，每小时最多 {most:,} 个。没有做任何更改。请用 "
            "POST /v1/void-requests 申请，由签发人批准。"
        ),
        (
            "{quantity:,} of these codes are not a line's to void alone: it voids "
            "what is issued, or what its own key activated within 24 hours, up to "
            "{most:,} an hour. Nothing was done. Ask for it with POST "
            "/v1/void-requests; an issuer approves."
        ),
    ),
    "activated_otherwise": (
        (
            "从序号 {index} 起的码已启用，但产品、批号、工厂、区域、活动或启用时间"
            "不同；没有做任何更改。"
        ),
        (
            "Codes from index {index} on are activated already, with another "
            "product, lot, plant, region, campaign or start; nothing was done."
        ),
    ),
    "no_activation": (
        "没有启用 {activation_id}。",
        "There is no activation {activation_id}.",
    ),
    "nothing_to_move": (
        "其中已没有启用的瓶盖码：都已作废或召回。",
        "None of its caps is active any more: they are void or recalled.",
    ),
    "already_begun": (
        "已经开始；只有尚未到的启用时间可以改。",
        "It has begun; only a start that is to come can be moved.",
    ),
    # Recalls and void requests
    "a_recall": (
        "召回",
        "recall",
    ),
    "a_void_request": (
        "作废申请",
        "void request",
    ),
    "name_one": (
        "请指明一个批次、一个批号，或一箱。",
        "Name either a batch, a lot or a carton.",
    ),
    "unknown_carton": (
        "没有装过箱号为 {carton} 的箱。",
        "Nothing was packed as {carton}.",
    ),
    "unknown_lot": (
        "没有以批号 {lot!r} 启用的码。",
        "No code was activated with lot {lot!r}.",
    ),
    "no_recall": (
        "没有{what} {recall_id}，或不在您的范围内。",
        "There is no {what} {recall_id}.",
    ),
    "changed_since_shown": (
        ("批准的内容已有变化：这项{what}现在涉及 {codes:,} 个码；请重新查看后再批准。"),
        (
            "This {what} would take {codes:,} codes now, which is not what was "
            "shown. Look at it again, and approve what you see."
        ),
    ),
    "already_approved": (
        "这项{what}已经批准过了。",
        "This {what} was approved already.",
    ),
    "second_person_needed": (
        "{what}要由申请人以外的人批准。",
        "A {what} is approved by someone other than who asked for it.",
    ),
    # What was left as it was
    "skipped_void": (
        "这些瓶盖码已作废，不能恢复。",
        "These caps are void, for good.",
    ),
    "skipped_recalled": (
        "这些瓶盖码已召回，不能恢复。",
        "These caps are recalled, for good.",
    ),
    "skipped_active": (
        "这些瓶盖码已经启用，或已定好启用时间；尚未到的启用时间可以改。",
        (
            "These caps are active already, or from a start on that was set "
            "before; one that is to come can be moved."
        ),
    ),
    "skipped_issued": (
        "这些瓶盖码已报缺失，或分散成太多段。",
        "These caps were reported missing, or lie in too many pieces.",
    ),
    "skipped_asked": (
        "产线不能单独作废这些瓶盖码；要由另一人批准。",
        "A line does not void these caps alone; a second person has to.",
    ),
}
