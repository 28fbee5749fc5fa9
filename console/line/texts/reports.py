"""What staff read of line reports."""

from collections.abc import Mapping
from typing import Final

REPORT_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "reports": ("产线报告", "Line reports"),
    "reports_none": ("还没有报告。", "There is no report yet."),
    "drop_report": ("交产线报告", "Drop a line report"),
    "report_file": (
        "CSV 文件（Excel 请另存为 CSV），可拖到这里",
        "CSV file (in Excel: Save As, CSV): drop it here or choose it",
    ),
    "on_error": ("有错误行时", "When rows are wrong"),
    "skip_wrong": ("正确的行照常计入", "Count the right ones"),
    "refuse_wrong": ("整份不计", "Count nothing"),
    "activate": ("打印好的码", "Printed codes"),
    "activate_none": ("暂不启用", "Stay inactive"),
    "activate_now": ("立即启用", "Become active now"),
    "activate_shipped": ("装箱发货时启用", "Become active when shipped"),
    "send_report": ("提交报告", "Send the report"),
    "report_same": (
        "同样的内容再交一次，不会重复计数；若确实是另一份同样的工作，请在“另一份工作”里写明。",
        (
            "The same rows again count once. If it is other work that happens to be "
            "equal, say so under Other work."
        ),
    ),
    "again": ("另一份工作", "Other work"),
    "again_hint": ("例如：夜班", "such as: night shift"),
    "preview_report": ("先看结果", "See what it would do"),
    "preview": ("这份报告会怎样", "What this report would do"),
    "preview_lead": ("还没有计入任何内容。文件：", "Nothing has counted yet. File:"),
    "would_void": ("将作废", "Would make void"),
    "would_activate": ("将启用", "Would make active"),
    "would_ask": (
        "其中有的码不能由产线单独作废，会提出作废申请，由另一人批准。",
        (
            "Some of these codes a line may not void alone: it would be asked for, and "
            "another person approves."
        ),
    ),
    "would_be": ("计入后的本批次会是", "The batch would be"),
    "count_it": ("计入", "Count it"),
    "choose_large_again": (
        "文件较大，请再选一次",
        "The file is large; choose it once more",
    ),
    "choose_again": (
        "没有计入，请改好后再选：",
        "Not counted; mend it and choose it again:",
    ),
    "counted_new": ("新计入的瓶盖", "Caps newly counted"),
    "known_before": ("早已如此的瓶盖", "Caps that stood so already"),
    "passed_over": ("未读取的列", "Columns passed over"),
    "nothing_new": (
        "每一行都对，但没有新内容。",
        "Every row is right, and none of it was new.",
    ),
    "same_before": ("与报告", "The same as report"),
    "same_after": ("相同，没有新内容。", "; nothing was new."),
    "same_again": (
        "如果这是另一份同样的工作（例如另一班），请重新提交，并在“另一份工作”里写明。",
        (
            "If it is other work that happens to be equal (another shift, perhaps), "
            "send it again and say so under Other work."
        ),
    ),
    "corrected": ("重复报告或后来更正", "told twice, or corrected later"),
    "report_templates": ("空白模板：", "Templates to fill in:"),
    "template_ranges": ("按序号", "by index"),
    "template_codes": ("按码", "by code"),
    "template_units": ("按卷或箱", "by roll or box"),
    "wrong_csv": ("下载错误行", "Download these rows"),
    "last_report": ("最近一次报告：", "Last report"),
    "minutes_ago": ("分钟前", "min ago"),
    "last_hour": ("过去一小时打印", "Printed in the last hour:"),
    "wrong_list": ("错误行", "Rows that did not count"),
    "wrong_more": ("另有错误行未列出：", "More wrong rows, not listed: "),
    "all_right": ("每一行都计入了。", "Every row counted."),
    "after_it": ("计入后的本批次", "The batch after this report"),
    "made_active": ("因此启用", "Made active"),
    "made_void": ("因此作废", "Made void"),
    "report_columns": (
        "首行写列名，顺序不限；逗号、分号或制表符分隔均可。",
        (
            "The first line names the columns, in any order, separated by commas, "
            "semicolons or tabs."
        ),
    ),
}
