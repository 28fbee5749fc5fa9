"""What features say in English, said to readers of Chinese."""

import re
from collections.abc import Mapping
from typing import Final

from codegen.domain.ranges import RangeState
from console.frame.texts import TEXTS
from core.messages import Message
from printer_export.domain.reports.statuses import STATUSES

# Sentences for faults that people at a line meet, by their stable codes. Others are
# told in English, as the API tells them.
FAULTS: Final[Mapping[str, str]] = {
    "already_packaged": (
        "这些码已在另一个码包里。同一个码绝不打包两次；请换序号，或先撤销那个码包。"
    ),
    "already_exported": "这个批次曾以明文导出，不能再打包。请签发新批次。",
    "second_person_needed": "这件事要由申请人以外的人批准。",
    "already_approved": "这件事已经批准过了。",
    "package_cancelled": "这个码包已被撤销。",
    "not_approved": "这个码包还在等待批准。",
    "package_expired": "下载链接已失效。",
    "downloads_used_up": "下载次数已用完。",
    "preflight_failed": "放行前检查没有通过。",
    "codes_active": "其中的码已启用，可能已在消费者手里；请先作废或召回。",
    "no_password": "这个码包没有密码。",
    "not_the_approver": "只有批准人能看到密码；文件和密码要走不同的路。",
    "account_violated": (
        "计入后本批次的账对不上：报告的瓶盖会比签发的多。没有计入任何内容；请与之前的报告核对。"
    ),
    "knows_the_password": (
        "您已得知这个码包的密码，文件要由另一人下载；同一个人绝不两样都有。"
    ),
    "has_the_file": (
        "您下载过这个码包，不能再得知密码；同一个人绝不两样都有。请撤销后重新下单，"
        "由另一人批准。"
    ),
    "report_refused": "有错误行，按您的选择整份没有计入。",
    "no_header": (
        "第一行要写明列名，顺序不限：from_index 和 to_index"
        "（或 code，或 unit 和 quantity），以及 status；reason 和 grade 可以没有。"
    ),
    "not_utf8": "文件编码无法识别；请另存为 CSV UTF-8。没有计入任何内容。",
    "workbook": (
        "这是 Excel 工作簿，不是文本。请在 Excel 里选“文件”→“另存为”，"
        "类型选“CSV UTF-8（逗号分隔）”，再提交那个文件。没有计入任何内容。"
    ),
    "unstorable": "里面有无法保存的字符。没有计入任何内容。",
    "no_csv": "文件不是 CSV。没有计入任何内容。",
    "not_found": "没有这个东西，或不在您的范围内。",
}

# Sentences with gaps for what is named in them; in Chinese the gaps keep their order.
_SENTENCES: Final[Mapping[str, str]] = {
    (
        "Indexes {} to {} are not all in the batch, which has {} codes from index 0 on."
    ): "序号 {} 到 {} 不都在本批次内；本批次有 {} 个码，从 0 数起。",
    (
        "Encryption with age, and only that, names its recipients."
    ): "age 加密（且仅它）要写明收件人。",
    (
        "Codes leave encrypted: name age recipients, or ask for a password."
    ): "码必须加密送出：请写明 age 收件人，或选择密码。",
    "A GS1 Digital Link needs the batch's GTIN.": "GS1 数字链接需要批次的 GTIN。",
    (
        "Report {} has counted these rows already, with {}. Nothing was counted again. "
        "Activate its codes on their own; or, if this is other work that looks the "
        "same, say so: again=, and a word for it."
    ): (
        "报告 {} 已计入这些行，当时的选项是 {}。没有再次计入。如要启用，请单独启用；"
        "如果是另一份同样的工作，请在“另一份工作”里写明。"
    ),
    # Wrong rows of line reports
    "There are {} fields where {} belong.": "有 {} 列，应有 {} 列。",
    "{} is not a status; it is one of {}.": "{} 不是状态；应为其中之一：{}。",
    "A reason has at most {} characters.": "原因最多 {} 个字。",
    (
        "{} is not a grade of ISO/IEC 15415, 15416 or 29158, which run from 0.0 to 4.0 "
        "or are A, B, C, D or F, such as 3.5/10/660 or B."
    ): (
        "{} 不是 ISO/IEC 15415、15416 或 29158 的等级：从 0.0 到 4.0，"
        "或 A、B、C、D、F；例如 3.5/10/660 或 B。"
    ),
    (
        "Indexes run from 0 to {} in this batch; {} to {} is not a range of it."
    ): "本批次的序号从 0 到 {}；{} 到 {} 不是其中的一段。",
    "{} is not a whole number.": "{} 不是整数。",
    # What core says of a reason, as answers of reports are kept: in English.
    "{} has {} characters; {} are the most.": "{} 有 {} 个字；最多 {} 个。",
    (
        "{} has a character that cannot be shown, {}, at place {}; leave it out."
    ): "{} 含有无法显示的字符 {}（第 {} 个字）；请删去。",
    # The same in the answers of reports that were taken in before.
    "{} is no status; it is one of {}.": "{} 不是状态；应为其中之一：{}。",
    (
        "{} is no grade of ISO/IEC 15415, 15416 or 29158, which run from 0.0 to 4.0 or "
        "are A, B, C, D or F, such as 3.5/10/660 or B."
    ): (
        "{} 不是 ISO/IEC 15415、15416 或 29158 的等级：从 0.0 到 4.0，"
        "或 A、B、C、D、F；例如 3.5/10/660 或 B。"
    ),
    (
        "Indexes run from 0 to {} in this batch; {} to {} is no range of it."
    ): "本批次的序号从 0 到 {}；{} 到 {} 不是其中的一段。",
    "{} is no whole number.": "{} 不是整数。",
    "This code is not of batch {}.": "这个码不属于批次 {}。",
    "This is not one of our codes.": "这不是我们的码。",
    "Batch {} has no unit {}.": "批次 {} 没有名为 {} 的卷或箱。",
    "A code that is {} cannot become {}.": "状态为“{}”的码不能变为“{}”。",
    (
        "What was reported of unit {} leaves no code that can be {}."
    ): "{} 已报告的数量，不容其中的码再成为“{}”。",
    "Unit {} has {} caps left to report.": "{} 只剩 {} 个瓶盖可报告。",
    # What reports put into effect
    (
        "The printed codes lie in {} pieces; nothing was activated yet. Report the "
        "other lanes too, or activate by range."
    ): "打印好的码分散成 {} 段，尚未启用。请把其他列也报告完，或按序号范围启用。",
    (
        "The codes of batch {} lie in {} pieces; none of them was activated. Activate "
        "them by range."
    ): "批次 {} 的码分散成 {} 段，均未启用。请按序号范围启用。",
    "Codes become active when their carton ships.": "装箱发货时启用。",
    "line report": "产线报告",
    "shipment": "发货",
    # Pre-flight
    "{} rows in {} files for {} codes.": "{} 行，{} 个文件，共 {} 个码。",
    (
        "Sheets have up to {} labels; this one shows samples."
    ): "标签页最多 {} 个标签；这次只印样码。",
    "The epoch of these codes is {}.": "这些码的密钥纪元状态为 {}。",
    "Not encrypted; for the demo only.": "未加密，仅供演示。",
    (
        "Nobody has a print house's token in the name of {}."
    ): "没有名为 {} 的印刷厂令牌。",
    "Caps open {}….": "瓶盖打开 {}…。",
    (
        "Caps would open {}, which is not among the hosts that may be printed "
        "(CROWNCAP_LINK_HOSTS)."
    ): "瓶盖会打开 {}，而它不在允许印刷的主机之列（CROWNCAP_LINK_HOSTS）。",
    (
        "The link has small letters: QR {}, {} by {} modules."
    ): "链接含小写字母：QR {}，{}×{} 模块。",
    (
        "A link of {} characters needs a large symbol."
    ): "链接有 {} 个字符，二维码会更大。",
    "QR {}, {} by {} modules.": "QR {}，{}×{} 模块。",
    "No code is active or void.": "没有已启用或作废的码。",
    "{} of these codes are {} already.": "其中 {} 个码的状态已是“{}”。",
    "{} rows were read back and are right.": "回读了 {} 行，全部正确。",
    "{} codes stand twice among the rows read.": "回读的行中有 {} 个码重复。",
    "{}: a row is truncated or has no line end.": "{}：有一行不完整或没有行尾。",
    "{}: row {} has no link where one belongs.": "{}：第 {} 行缺少链接。",
    "{}: the columns of row {} disagree.": "{}：第 {} 行的各列不一致。",
    "{}: a code is not the one that belongs there.": "{}：有一个码放错了位置。",
}
_STATES: Final = {*RangeState, *STATUSES}
_PATTERNS: Final = tuple(
    (re.compile(re.escape(english).replace(r"\{\}", "(.+?)")), chinese)
    for english, chinese in _SENTENCES.items()
)


def sentence_in(language: str, sentence: str) -> str:
    """Tell a sentence in the reader's language, where there are words for it."""
    if isinstance(sentence, Message):
        return sentence.say(language)
    if language == "zh":
        for pattern, chinese in _PATTERNS:
            if found := pattern.fullmatch(sentence):
                return chinese.format(*map(_word, found.groups()))
    return sentence


def _word(named: str) -> str:
    return TEXTS[named][0] if named in _STATES else named


def fault_in(language: str, code: str, detail: str) -> str:
    """Tell a fault in the reader's language, where there are words for it."""
    if language == "zh" and code in FAULTS and not isinstance(detail, Message):
        return FAULTS[code]
    return sentence_in(language, detail)
