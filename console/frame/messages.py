"""What the console itself has to say, besides its texts."""

from typing import Final

from core.messages import Catalogue

message: Final = Catalogue(
    {
        "signed_out": (
            "您已退出，请重新登录。",
            "You are signed out.",
        ),
        "no_page": (
            "没有这个页面。",
            "There is no such page.",
        ),
        "no_template": (
            "没有这个模板。",
            "There is no such template.",
        ),
        "no_codes": (
            "请至少粘贴一个码。",
            "Paste at least one code.",
        ),
        "too_many_codes": (
            "超过 {most:,} 个码；请分几次粘贴。",
            "These are more than {most:,} codes; paste fewer at once.",
        ),
        "no_cases_picked": (
            "请先选择案件。",
            "Select some cases first.",
        ),
        "due_in_minutes": ("{n} 分钟后", "in {n} min"),
        "due_in_hours": ("{n} 小时后", "in {n} h"),
        "due_in_days": ("{n} 天后", "in {n} days"),
        "overdue_minutes": ("已超时 {n} 分钟", "{n} min overdue"),
        "overdue_hours": ("已超时 {n} 小时", "{n} h overdue"),
        "overdue_days": ("已超时 {n} 天", "{n} days overdue"),
        "no_reach": (
            "请说明只作废这些码，还是作废所在的整卷。",
            "Say whether the codes or their whole units go.",
        ),
        "no_reason": (
            "请写明原因，最多 {most} 个字。",
            "Say why, in up to {most} characters.",
        ),
        "no_number": (
            "{given!r} 不是数字。",
            "{given!r} is not a number.",
        ),
        "number_between": (
            "{given!r} 不行；请填写 {least:,} 到 {most:,} 之间的整数。",
            "{given!r} will not do; write a whole number from {least:,} to {most:,}.",
        ),
        "no_percent": (
            "{given!r} 不是百分比；请填写大于 0、不超过 100 的数，最多四位小数。",
            (
                "{given!r} is not a percentage; write a number above 0 and up to 100, "
                "with at most four decimals."
            ),
        ),
        "fill_in": (
            "请填写。",
            "Fill this in.",
        ),
        "rule_needs_condition": (
            "规则至少要有一个条件；请添加。",
            "A rule has at least one condition; add it.",
        ),
        "document_lost": (
            "规则没有完整送达，什么也没有保存；请从版本页重新开始。",
            (
                "The rules did not arrive whole, and nothing was kept; "
                "begin again from the version's page."
            ),
        ),
        "no_tiers": (
            "抽奖至少要有一个奖级；请选择奖级发什么并添加。",
            "A chance has at least one tier; choose what it gives and add it.",
        ),
        "too_many_tiers": (
            "这张奖级表超过 {most} 级，表单无法编辑；请用接口编写新版本。",
            (
                "This table has more than {most} tiers, which the form cannot edit; "
                "write a new version by the API."
            ),
        ),
        "condition_lacks_value": (
            "请填写要比较的值。",
            "Say what to compare with.",
        ),
        "preview_of_what": (
            "请填写一个码，或商品 GTIN，或批次。",
            "Say a code, or a product, or a batch.",
        ),
        "stop_is_final": (
            "终止后不能恢复；请勾选“确定”。",
            "A stop is final; tick that you mean it.",
        ),
        "condition_lost": (
            "原来的条件没有完整送达；请重新编写。",
            "The condition did not arrive whole; write it anew.",
        ),
        "not_of_this_kind": (
            "这种优惠方式没有这一项，请清空。",
            "This kind of benefit has none of it; leave it empty.",
        ),
        "not_14_digits": (
            "{given!r} 不是 14 位的 GTIN。",
            "{given!r} is not a GTIN of 14 digits.",
        ),
        "no_amount": (
            "{given!r} 不是金额；请写成 42.00。",
            "{given!r} is not an amount; write it like 42.00.",
        ),
        "no_day": (
            "{given!r} 不是日期；请写成 2026-05-01。",
            "{given!r} is not a day; write it like 2026-05-01.",
        ),
        "no_file": (
            "请选择文件。",
            "Choose a file.",
        ),
        "by_line_report": (
            "产线报告",
            "line report",
        ),
        "by_shipment": (
            "发货",
            "shipment",
        ),
        "as_samples": (
            "样码，从不启用",
            "samples, void from birth",
        ),
    },
)
