"""What there is to say of EPCIS documents and of the events in them."""

from typing import Final

from core.messages import Sentences

EPCIS: Final[Sentences] = {
    # Documents
    "epcis_media": (
        "请以 application/json 或 ld+json 提交 EPCISDocument。",
        "Send an EPCISDocument as application/json or ld+json.",
    ),
    "error_behaviour": (
        "GS1-Capture-Error-Behaviour 应为 rollback 或 proceed。",
        "GS1-Capture-Error-Behaviour is rollback or proceed.",
    ),
    "no_json": (
        "内容不是 JSON：{why}。",
        "The body is not JSON: {why}.",
    ),
    "how_many_events": (
        "一份文档有 1 到 {most:,} 个事件；这份有 {count:,} 个。",
        "A document has 1 to {most:,} events; this one {count:,}.",
    ),
    "no_capture": (
        "没有提交 {capture_id}，或不在您的范围内。",
        "There is no capture {capture_id}.",
    ),
    "not_yours": (
        "文档要求更改不属于您的东西。没有收下任何内容。",
        (
            "The document asks for what is not yours to change. Nothing of it was "
            "captured."
        ),
    ),
    "capture_refused": (
        "{why}没有收下文档中的任何内容。",
        "{why} Nothing in the document was captured.",
    ),
    # Shapes
    "is_not": (
        "这里是{kind}，应为{wanted}。",
        "This is {kind}, not {wanted}.",
    ),
    "is_not_this": (
        "这里应为{wanted}。",
        "This is not {wanted}.",
    ),
    "over_characters": (
        "超过 {most:,} 个字符。",
        "This is over {most:,} characters.",
    ),
    "no_moment": (
        "这里应为带时区的时间，例如 2026-05-01T08:00:00+08:00。",
        "This is not a time with its offset, as in 2026-05-01T08:00:00+08:00.",
    ),
    "no_such_day": (
        "日历上没有这一天。",
        "The calendar has no such day.",
    ),
    "no_word": (
        "{word} 不是标准中的词。",
        "{word} is not a word of the standard.",
    ),
    "no_word_meant": (
        "{word} 不是标准中的词。是不是 {near}？",
        "{word} is not a word of the standard. Did you mean {near}?",
    ),
    "empty_list": ("列表是空的。", "This list is empty."),
    "long_list": (
        "列表超过 {most:,} 项。",
        "This list has over {most:,} items.",
    ),
    "twice_in_list": (
        "列表中有重复的项。",
        "Something is in this list twice.",
    ),
    "field_lacking": (
        "缺少 {field}。",
        "There is no {field}.",
    ),
    "some_field_lacking": (
        "请至少写其中一项：{fields}。",
        "Say at least one of these: {fields}.",
    ),
    "no_field": (
        "这里没有字段 {field}。",
        "{field} is not a field of this.",
    ),
    "no_field_meant": (
        "这里没有字段 {field}。是不是 {near}？",
        "{field} is not a field of this. Did you mean {near}?",
    ),
    "no_own_field": (
        "这里没有字段 {field}。自定的字段要有前缀，例如 example:colour。",
        (
            "{field} is not a field of this. Fields of your own have a prefix, as in "
            "example:colour."
        ),
    ),
    "no_own_field_meant": (
        (
            "这里没有字段 {field}。自定的字段要有前缀，例如 example:colour。是不是 "
            "{near}？"
        ),
        (
            "{field} is not a field of this. Fields of your own have a prefix, as in "
            "example:colour. Did you mean {near}?"
        ),
    ),
    # What a value may be
    "a_truth": ("true 或 false", "true or false"),
    "a_number": ("数字", "a number"),
    "a_text": ("文本", "text"),
    "a_list": ("列表", "a list"),
    "an_object": ("对象", "an object"),
    "a_null": (
        "null（请不要填写）",
        "null (leave it out instead)",
    ),
    "a_time": ("时间", "a time"),
    "a_word": ("词", "a word"),
    "a_uri": ("一个 URI", "a URI"),
    "a_uri_or_object": (
        "一个 URI 或对象",
        "a URI or an object",
    ),
    "a_uri_or_list": (
        "一个 URI，或 URI 的列表",
        "a URI or a list of URIs",
    ),
    "a_context": (
        "上下文：URI、对象，或两者的列表，各不重复",
        "a context: a URI, an object, or a list of these, each once",
    ),
    "a_measure_unit": (
        "计量单位，例如 KGM",
        "a unit of measure, as in KGM",
    ),
    "hex_digits": ("十六进制数字", "hexadecimal digits"),
    "an_offset": (
        "与 UTC 的时差，例如 +08:00",
        "an offset from UTC, as in +08:00",
    ),
    "an_action": (
        "动作 ADD、OBSERVE 或 DELETE",
        "ADD, OBSERVE or DELETE",
    ),
    "an_attribute": (
        "数字、文本或对象",
        "a number, text or an object",
    ),
    "a_document": (
        "文档类型 EPCISDocument",
        "EPCISDocument",
    ),
    "a_version": ("版本 2.0", "2.0"),
    "a_lot": (
        "1 到 64 个字符的批号",
        "a lot of 1 to 64 characters",
    ),
    "a_day": (
        "日期，例如 2026-05-01",
        "a day, as in 2026-05-01",
    ),
    # Names
    "no_uri": ("这不是 URI。", "This is not a URI."),
    "cap_with_lot": (
        "瓶盖只以产品和序列号称呼，.../01/GTIN/21/CODE，不带批号。",
        (
            "A cap is named by product and serial alone, .../01/GTIN/21/CODE, without "
            "its lot."
        ),
    ),
    "names_nothing": (
        "这里称呼的既不是瓶盖，也不是箱或托盘。",
        "This names neither a cap nor a carton or pallet.",
    ),
    "no_gtin_there": (
        "GTIN 的位置上不是 GTIN。",
        "What stands in the place of the GTIN is not a GTIN.",
    ),
    "other_urn": (
        "URN 只读 urn:epc:id:sscc 和 urn:epc:id:sgtin。",
        "Of URNs, only urn:epc:id:sscc and urn:epc:id:sgtin are read.",
    ),
    "sscc_body": (
        "SSCC 的校验码之前有 17 位数字。",
        "An SSCC has 17 digits before its check digit.",
    ),
    # Events
    "not_an_event": (
        "这不是事件：{why}。",
        "This is not an event: {why}.",
    ),
    "event_type": (
        "这里的事件类型是 ObjectEvent 或 AggregationEvent。",
        "The type of an event has to be ObjectEvent or AggregationEvent here.",
    ),
    "event_id_uri": (
        "eventID 应为 URI。",
        "An eventID has to be a URI.",
    ),
    "event_id_reused": (
        "eventID {event_id} 已用于另一个事件。",
        "The eventID {event_id} was used before, for another event.",
    ),
    "event_time": (
        "这个时间还没到，或早于 2000 年；事件只说已发生的事。",
        (
            "This time is in the future or before the year 2000; an event tells what "
            "has happened."
        ),
    ),
    "asks_for_nothing": (
        "{event} 在这里不起作用。可用的有：{understood}。",
        "{event} does nothing here. These do: {understood}.",
    ),
    "declared_error": (
        "声明错误在这里不会撤回任何内容：请拆箱或作废。",
        "A declared error takes nothing back here: unpack or decommission.",
    ),
    "name_each": (
        "请在 epcList 中写明每个瓶盖、箱或托盘；数量不指明任何一个。",
        "Name each cap, carton or pallet in epcList; a quantity names none.",
    ),
    "ilmd_of_made": (
        "只有 ADD 的事件才有 ilmd：请删去。",
        "Only events that ADD have ilmd: leave it out.",
    ),
    "lot_or_day_twice": (
        "这里以两种前缀写了两次。",
        "This is given twice, under two prefixes.",
    ),
    "not_a_cap": (
        "启用和停用的是瓶盖；这是箱或托盘。",
        "Caps are commissioned and decommissioned; this is a carton or pallet.",
    ),
    "not_a_unit": (
        "发货和收货的是箱和托盘；请先把瓶盖装箱。",
        "Cartons and pallets are shipped and received; pack the caps first.",
    ),
    "parent_lacking": (
        "请写明哪一箱或哪个托盘：parentID。",
        "Say in which carton or on which pallet: parentID.",
    ),
    "cap_as_parent": (
        "瓶盖里不装东西；这里称呼的是瓶盖。",
        "A cap holds nothing; this names a cap.",
    ),
    "name_each_child": (
        "请在 childEPCs 中写明每一个；数量不指明任何一个。",
        "Name each child in childEPCs; a quantity names none.",
    ),
    "caps_or_cartons": (
        "箱里装瓶盖，托盘上放箱；请只写一种。",
        "A carton has caps as its children, a pallet has cartons; not both.",
    ),
    # What events come to
    "other_product": (
        "这是产品 {gtin} 的瓶盖，不是 {given} 的。",
        "This is a cap of product {gtin}, not {given}.",
    ),
    "one_product": (
        "一个事件只启用一种产品。",
        "Commission one product an event.",
    ),
    "activated_before": (
        "前面的事件已把其中有的码启用为别的商品。",
        "An event before this one activates some of these codes as something else.",
    ),
    "too_many_kinds": (
        "一次提交最多启用 {most} 种商品；其余的请另行提交。",
        (
            "One call activates at most {most} kinds of goods; send the others in "
            "another one."
        ),
    ),
    "too_many_ranges": (
        (
            "加上这个事件，批次 {batch_id} 的码会分散成 {most:,} 段以上；请按序号范围"
            "或按卷指明。"
        ),
        (
            "With this event the codes of batch {batch_id} lie in more than {most:,} "
            "pieces; name them by range or unit."
        ),
    ),
    "part_of_unit": (
        (
            "这里只写了 {sscc} 的一部分，或写多了。拆要整个拆：请全部写明，或不写 "
            "childEPCs。"
        ),
        (
            "This names a part of what {sscc} holds, or more. A unit is unpacked as a "
            "whole: name all of it, or leave childEPCs out."
        ),
    ),
}
