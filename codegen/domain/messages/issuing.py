"""What codegen has to say of orders for codes, of products and of campaigns."""

from typing import Final

from core.messages import Sentences

ISSUING: Final[Sentences] = {
    # Orders for codes
    "host_unlisted": (
        (
            "{host} 不在可印刷的主机之列；在 CROWNCAP_LINK_HOSTS 写明之前，这个批次的"
            "码包不予放行。"
        ),
        (
            "{host} is not among the hosts that may be printed; the packages of this "
            "batch are kept back until CROWNCAP_LINK_HOSTS names it."
        ),
    ),
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
}
