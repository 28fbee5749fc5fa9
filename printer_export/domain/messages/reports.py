"""What there is to say of line reports: of files, rows and what they came to."""

from typing import Final

from core.messages import Sentences

REPORTS: Final[Sentences] = {
    # Files
    "workbook": (
        (
            "这是 Excel 工作簿，不是文本。请在 Excel 里选“文件”→“另存为”，类型选“CSV "
            "UTF-8（逗号分隔）”，再提交那个文件。没有计入任何内容。"
        ),
        (
            "This is a workbook of Excel, which is not text. In Excel choose File, "
            "Save As, and the type CSV UTF-8 (comma delimited); then send that file. "
            "Nothing was counted."
        ),
    ),
    "not_in_encoding": (
        (
            "第 {line} 行不是 {encoding} 文本；请把文件另存为 CSV UTF-8，再提交。没有"
            "计入任何内容。"
        ),
        (
            "Line {line} is not text in {encoding}; save the file as CSV UTF-8 and "
            "send it again. Nothing was counted."
        ),
    ),
    "in_no_encoding": (
        (
            "第 {line} 行既不是 {encoding} 文本，也不是 {other} 文本；请把文件另存为 "
            "CSV UTF-8，再提交。没有计入任何内容。"
        ),
        (
            "Line {line} is not text in {encoding} or {other}; save the file as CSV "
            "UTF-8 and send it again. Nothing was counted."
        ),
    ),
    "long_line": (
        "有一行超过 {most:,} 字节。没有计入任何内容。",
        "A line has more than {most:,} bytes. Nothing was counted.",
    ),
    "no_csv": (
        "第 {line} 行不是 CSV：{why}。没有计入任何内容。",
        "Line {line} is not CSV: {why}. Nothing was counted.",
    ),
    "columns_needed": (
        (
            "第一行要写明列名，顺序不限：from_index 和 to_index（或 code，或 unit 和 "
            "quantity），以及 status；reason 和 grade 可以没有。"
        ),
        (
            "The first line names the columns, in any order: from_index and to_index, "
            "or code, or unit and quantity; status; reason and grade if you have them."
        ),
    ),
    "columns_wrong": (
        (
            "第一行要写明列名，顺序不限：from_index 和 to_index（或 code，或 unit 和 "
            "quantity），以及 status；reason 和 grade 可以没有。{why}"
        ),
        (
            "The first line names the columns, in any order: from_index and to_index, "
            "or code, or unit and quantity; status; reason and grade if you have "
            "them. {why}"
        ),
    ),
    "column_twice": (
        "列 {column} 不止一个。",
        "There is more than one column {column}.",
    ),
    "columns_of_two_ways": (
        "码以不止一种方式指明；请只留一种。",
        "Codes are named in more than one way; keep one of them.",
    ),
    "column_lacking": (
        "没有列 {column}。",
        "There is no column {column}.",
    ),
    # How a report is to be taken
    "skip_or_refuse": (
        "请写 skip 或 refuse。",
        "Say skip or refuse.",
    ),
    "when_active": (
        (
            "打印好的码何时启用：`now`（立即）、某日（如 2026-05-01）或某时（如 "
            "2026-05-01T08:00:00+08:00）、`shipped`（装箱发货时），或 `none`（不启用"
            "）。"
        ),
        (
            "Printed codes become active `now`, on a day like 2026-05-01 or at a time "
            "like 2026-05-01T08:00:00+08:00, when their carton is `shipped`, or not "
            "at all: `none`."
        ),
    ),
    "which_batch": (
        "请写明批次：?batch_id=…",
        "Say which batch: ?batch_id=…",
    ),
    "report_media": (
        "请以 text/csv 或 application/json 提交报告。",
        "Send the report as text/csv or application/json.",
    ),
    "report_too_large": (
        "这种报告最多 {most:,} 字节。",
        "A report of this kind has at most {most:,} bytes.",
    ),
    "half_a_pair": (
        "有一行含半个代理对，任何文本都无法保存。",
        "A row has half of a surrogate pair, which no text can hold.",
    ),
    "one_way_of_naming": (
        (
            "每行以 from_index 和 to_index、以 code，或以 unit 和 quantity 指明码；所"
            "有行用同一种方式。"
        ),
        (
            "Each row names codes by from_index and to_index, by code, or by unit and "
            "quantity; all rows the same way."
        ),
    ),
    # Wrong rows
    "fields_in_row": (
        "有 {given} 列，应有 {wanted} 列。",
        "There are {given} fields; there should be {wanted}.",
    ),
    "not_a_status": (
        "{word} 不是状态；应为其中之一：{statuses}。",
        "{word} is not a status; it is one of {statuses}.",
    ),
    "reason_too_long": (
        "原因最多 {most} 个字。",
        "A reason has at most {most} characters.",
    ),
    "reason_unstorable": (
        "原因含有无法显示的字符 U+{character:04X}（第 {place} 个字）；请删去。",
        (
            "The reason has a character that cannot be shown, U+{character:04X}, at "
            "place {place}; leave it out."
        ),
    ),
    "not_a_grade": (
        (
            "{grade} 不是 ISO/IEC 15415、15416 或 29158 的等级：从 0.0 到 4.0，或 A、"
            "B、C、D、F；例如 3.5/10/660 或 B。"
        ),
        (
            "{grade} is not a grade of ISO/IEC 15415, 15416 or 29158, which run from "
            "0.0 to 4.0 or are A, B, C, D or F, such as 3.5/10/660 or B."
        ),
    ),
    "not_a_range": (
        "本批次的序号从 0 到 {limit}；{first} 到 {last} 不是其中的一段。",
        (
            "Indexes run from 0 to {limit} in this batch; {first} to {last} is not a "
            "range of it."
        ),
    ),
    "not_whole": (
        "{given} 不是整数。",
        "{given} is not a whole number.",
    ),
    "code_of_other_batch": (
        "这个码不属于批次 {batch_id}。",
        "This code is not of batch {batch_id}.",
    ),
    "no_unit_of_batch": (
        "批次 {batch_id} 没有名为 {unit} 的卷或箱。",
        "Batch {batch_id} has no unit {unit}.",
    ),
    "cannot_become": (
        "状态为“{present}”的码不能变为“{wanted}”。",
        "A code that is {present} cannot become {wanted}.",
    ),
    "unit_denies": (
        "{unit} 已报告的数量，不容其中的码再成为“{wanted}”。",
        "What was reported of unit {unit} leaves no code that can be {wanted}.",
    ),
    "unit_used_up": (
        "{unit} 只剩 {left:,} 个瓶盖可报告。",
        "Unit {unit} has {left:,} caps left to report.",
    ),
    "status_unprinted": ("未打印", "unprinted"),
    "status_printed": ("已打印", "printed"),
    "status_rejected": ("剔除", "rejected"),
    "status_wasted": ("损耗", "wasted"),
    "status_missing": ("缺失", "missing"),
    "status_indeterminate": ("不确定", "indeterminate"),
    # What a report came to
    "no_report": (
        "没有产线报告 {report_id}，或不在您的范围内。",
        "There is no line report {report_id}.",
    ),
    "other_options": (
        (
            "报告 {report_id} 已计入这些行，当时的选项是 {options}。没有再次计入。如要"
            "启用，请单独启用；如果是另一份同样的工作，请在“另一份工作”（again=）里写"
            "明。"
        ),
        (
            "Report {report_id} has counted these rows already, with {options}. "
            "Nothing was counted again. Activate its codes on their own; or, if this "
            "is other work that looks the same, say so: again=, and a word for it."
        ),
    ),
    "account_violated": (
        (
            "计入后本批次的账对不上：报告的瓶盖会比签发的多。没有计入任何内容；请与之"
            "前的报告核对。"
        ),
        (
            "With this report the account of the batch does not add up: more caps "
            "would be reported than there are. Nothing was counted. Compare it with "
            "what was reported before."
        ),
    ),
    "report_refused": (
        "有 {count:,} 行不对，按您的选择整份没有计入。",
        "{count:,} rows are wrong, so nothing was counted.",
    ),
    "printed_in_pieces": (
        (
            "打印好的码分散成 {pieces:,} 段，尚未启用。请把其他列也报告完，或按序号范"
            "围启用。"
        ),
        (
            "The printed codes lie in {pieces:,} pieces; nothing was activated yet. "
            "Report the other lanes too, or activate by range."
        ),
    ),
    "active_when_shipped": (
        "装箱发货时启用。",
        "Codes become active when their carton ships.",
    ),
}
