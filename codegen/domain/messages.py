"""What codegen has to say: of orders, batches, codes and what may be done to them."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        # Orders for codes
        "batch_size": (
            "一个批次有 1 到 {most:,} 个码，不能是 {quantity:,} 个。",
            "A batch holds 1 to {most:,} codes, not {quantity:,}.",
        ),
        "gtin_for_link": (
            "GS1 数字链接需要 GTIN。",
            "A GS1 Digital Link needs a GTIN.",
        ),
        "too_many_units": (
            "一个批次最多 {most:,} 卷或箱。",
            "At most {most:,} units a batch.",
        ),
        "unit_names_unique": (
            "卷或箱的名称不能重复；大小写和空格不算区别。",
            "Unit names are unique, whatever their case and blanks.",
        ),
        "unit_outside": (
            "卷或箱 {unit!r} 必须在 0 到 {last} 之内。",
            "Unit {unit!r} must lie within 0 and {last}.",
        ),
        "units_overlap": (
            "卷或箱 {unit!r} 与 {other!r} 重叠。",
            "Unit {unit!r} overlaps unit {other!r}.",
        ),
        "epoch_exhausted": (
            (
                "密钥纪元 {epoch} 只剩 {left:,} 个序列号，不够 {quantity:,} 个；请开启"
                "下一个：crowncap key rotate。"
            ),
            (
                "Epoch {epoch} has {left:,} serials left, too few for {quantity:,}; "
                "open the next: crowncap key rotate."
            ),
        ),
        "no_open_epoch": (
            "没有开启的密钥纪元；请建立一个：crowncap key rotate。",
            "No epoch is open; make one with: crowncap key rotate.",
        ),
        "no_epoch": (
            "没有密钥纪元 {epoch}。",
            "There is no epoch {epoch}.",
        ),
        "no_epoch_left": (
            "第 1 版瓶盖码的 32 个密钥纪元都已用完。",
            "All 32 epochs of cap code v1 are used.",
        ),
        "epoch_cannot": (
            "密钥纪元 {epoch} 的状态是 {before}，不能变为 {state}。",
            "Epoch {epoch} is {before}; it cannot become {state}.",
        ),
        "serials_taken": (
            "这些序列号已被占用。",
            "These serials are taken already.",
        ),
        # Products and campaigns
        "no_product": (
            "没有 GTIN 为 {gtin} 的产品。",
            "No product has GTIN {gtin}.",
        ),
        "no_such_product": (
            "没有这个 GTIN 的产品。",
            "No product has this GTIN.",
        ),
        "no_product_of_brand": (
            "{brand} 没有这个 GTIN 的产品。",
            "No product of {brand} has this GTIN.",
        ),
        "product_exists": (
            "已有这个 GTIN 的产品。",
            "This GTIN is a product already.",
        ),
        "no_campaign": (
            "没有这个编号的活动。",
            "No campaign has this id.",
        ),
        "no_campaign_for_brand": (
            "没有用于 {brand} 商品的活动 {campaign_id}。",
            "There is no campaign {campaign_id} for goods of {brand}.",
        ),
        "no_campaign_without_brand": (
            "没有用于无品牌商品的活动 {campaign_id}。",
            "There is no campaign {campaign_id} for goods without a brand.",
        ),
        "no_kit": (
            "还没有品牌 {brand!r} 的资料；请用 PUT 写入。",
            "There is no kit of the brand {brand!r} yet; PUT one.",
        ),
        "token_of_brand": (
            "这个令牌只用于 {brand}。",
            "This token is for {brand} only.",
        ),
        "no_region": (
            "没有地区 {region!r}；请写 ISO 3166 代码，例如 CN 或 CN-31。",
            (
                "There is no region {region!r}; a region is a code of ISO 3166, like "
                "CN or CN-31."
            ),
        ),
        "region_meant": (
            "没有地区 {region!r}；是不是 {code}（{name}）？",
            "There is no region {region!r}; did you mean {code} ({name})?",
        ),
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
                "to {last} is no part of it."
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
            (
                "The links of batch {batch_id} cannot be printed: {why} Issue a new "
                "batch."
            ),
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
            (
                "批准的内容已有变化：这项{what}现在涉及 {codes:,} 个码；请重新查看后再"
                "批准。"
            ),
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
    },
)
