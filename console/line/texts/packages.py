"""What staff read of packages, from their order to their download."""

from collections.abc import Mapping
from typing import Final

PACKAGE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    # Orders ---------------------------------------------------------------------------
    "order": ("订码包", "Order a package"),
    "order_lead": (
        "码包由另一人批准后才能下载。同一个码绝不装进两个码包。",
        (
            "Another person approves a package before it can be taken. The same "
            "code is never in two packages."
        ),
    ),
    "which_codes": ("哪些码", "Which codes"),
    "from_index": ("起始序号", "First index"),
    "from_index_hint": ("从 0 数起", "counted from 0"),
    "order_quantity": ("净数量", "Net quantity"),
    "order_quantity_hint": ("留空即全部", "empty: all of them"),
    "overage_percent": ("加放（%）", "Overage in %"),
    "overage_hint": ("在净数量之上", "on top of the net quantity"),
    "order_unit_hint": ("代替序号和数量", "instead of index and quantity"),
    "as_what": ("格式", "In which form"),
    "ordered_what": ("订单内容", "What was ordered"),
    "preset": ("文件格式", "File format"),
    "link_form": ("链接形式", "Link"),
    "link_of_batch": ("与批次相同", "As the batch says"),
    "link_short": ("短链接", "Short link"),
    "link_gs1": ("GS1 数字链接", "GS1 Digital Link"),
    "lanes": ("列数", "Lanes"),
    "per_roll": ("每卷码数", "Codes a roll"),
    "per_roll_hint": ("留空即一卷", "empty: one roll"),
    "sheet": ("标签页", "Sheets of labels"),
    "sheet_none": ("不附", "None"),
    "sheet_a4": ("A4 PDF，供打样和小批量", "A4 PDF, for proofs and small runs"),
    "unwind": ("放卷方向", "Unwind"),
    "forward": ("正向", "Forward"),
    "reverse": ("反向", "Reverse"),
    "for_whom": ("交给谁，怎样加密", "For whom, and how it is closed"),
    "encryption": ("加密", "Encryption"),
    "enc_password": ("AES-256 密码", "AES-256 password"),
    "enc_age": ("age 公钥", "age recipients"),
    "enc_none": ("不加密（仅演示）", "None (demo only)"),
    "age_recipients": ("age 收件人", "age recipients"),
    "age_hint": ("仅用于 age 加密，一行一个", "for age only; one a line"),
    "downloads_allowed": ("可下载次数", "Downloads allowed"),
    "expires_after_days": ("链接有效天数", "Days the link lasts"),
    "expires_hint": ("从批准起算", "from approval on"),
    "place_order": ("提交", "Place the order"),
    "in_package": ("已在码包", "in package"),
    "unit_free": ("可订", "free"),
    "house_none": ("不指定（由品牌人员下载）", "nobody (the brand's staff take it)"),
    "preset_lines": ("各种文件格式是什么样", "What the file formats look like"),
    "preset_csv": (
        "逗号分隔，UTF-8，首行为列名：序号、链接、瓶盖码",
        "comma-separated, a header line: sequence, link, code",
    ),
    "preset_csv-excel": (
        "同上，带 Excel 需要的字节顺序标记",
        "the same with the byte order mark that Excel wants",
    ),
    "preset_csv-gb18030": (
        "同上，中文列名，GB18030 编码",
        "the same with a Chinese header, in GB18030",
    ),
    "preset_fixed-width": (
        "同样的列，每列位置固定，以空格隔开",
        "the same columns at fixed places, with a space between",
    ),
    "preset_epcis": (
        "不用于印刷：供事件系统登记每个码的 EPCIS 文件",
        "not to print from: an EPCIS document that commissions each code",
    ),
    "preset_lines_only": ("一行一个完整链接", "one whole link a line"),
    # Packages -------------------------------------------------------------------------
    "downloaded": ("已下载", "Downloaded"),
    "expired": ("已失效", "Expired"),
    "cancelled": ("已撤销", "Cancelled"),
    "preflight": ("放行前检查", "Pre-flight"),
    "ok": ("通过", "Fine"),
    "warning": ("注意", "Mind"),
    "blocking": ("不能放行", "Keeps it back"),
    "check_sheet": ("标签页", "Sheets"),
    "check_row_count": ("行数", "Row count"),
    "check_symbol": ("二维码", "Symbol"),
    "check_epoch": ("密钥纪元", "Key epoch"),
    "check_encryption": ("加密", "Encryption"),
    "check_printhouse": ("印刷厂", "Print house"),
    "check_blocked_ranges": ("已启用或作废的码", "Codes in use or void"),
    "check_rows": ("回读的行", "Rows read back"),
    "check_duplicates": ("重复", "Duplicates"),
    "approve": ("批准放行", "Approve"),
    "approve_own": (
        "您下的单要由另一位签发人批准。",
        "You ordered this; another issuer approves it.",
    ),
    "approve_blocked": (
        "放行前检查没有通过，不能批准。请撤销后改订别的码。",
        "Pre-flight keeps it back. Cancel it and order other codes.",
    ),
    "approve_wait": ("等待签发人批准。", "It waits for an issuer's approval."),
    "download": ("下载", "Download"),
    "downloads": ("下载记录", "Downloads"),
    "downloads_left": ("剩余下载次数", "Downloads left"),
    "download_note": (
        "每次下载都会计数，并记下时间、人和地址。",
        "Each download counts, and is logged with its time, person and address.",
    ),
    "unfinished": ("未完成", "not finished"),
    "expires_at": ("链接失效时间", "Link expires"),
    "password": ("密码", "Password"),
    "tell_password": ("显示密码", "Show the password"),
    "password_note": (
        "密码要与文件分开送出。每次显示都会留下记录。",
        "Send it another way than the file. Each look is audited.",
    ),
    "cancel": ("撤销码包", "Cancel the package"),
    "cancel_note": (
        "如已被下载，其中的码会全部作废，不能恢复。",
        "If it was taken, its codes become void for good.",
    ),
    "cancel_reason": ("撤销原因", "Why"),
    "net": ("净", "net"),
    "check_link": ("链接", "Link"),
    "every_cap_opens": ("每个瓶盖上的链接", "What every cap opens"),
    "house_downloads_left": ("印刷厂剩余下载次数", "Downloads left to the print house"),
    "password_or_file": (
        "您已得知密码，文件要由另一人下载：同一个人绝不两样都有。",
        (
            "You were told the password, so another person takes the file: nobody has "
            "both."
        ),
    ),
    # What a print house does ----------------------------------------------------------
    "house_steps": ("印刷厂的步骤", "What the print house does"),
    "house_step_open": (
        "下载后用您的 age 私钥或另行告知的密码解开；下载中断可在一天内继续，只计一次。",
        (
            "Open it with your age key, or with the password that somebody else tells "
            "you. A download that was cut goes on within a day and counts once."
        ),
    ),
    "house_step_check": (
        "先按包内 README 核对校验和与签名，全部通过才印。验签公钥：",
        (
            "Check sums and signature as the README inside says, and print only if all "
            "is well. The key that verifies:"
        ),
    ),
    "house_step_trial": (
        "用 samples/ 里的样码试印，以多部手机扫描，与 .txt 比对；样码用后销毁。",
        (
            "Make trial prints of samples/, scan them with several phones, and compare "
            "with the .txt files. Destroy the prints."
        ),
    ),
    "house_step_once": (
        "同一个码绝不印第二次；停机、断电后从下一个没有用过的码继续。",
        (
            "Never print a code twice: after a stop or a power cut, go on with the "
            "next code that was not used."
        ),
    ),
    "house_step_report": (
        "把下面格式的 CSV 交给品牌（序号从 0 起，首尾都含），由其产线账号上传：",
        (
            "Give the brand a CSV like the one below, whose line account uploads it "
            "(indexes from 0, both ends included):"
        ),
    ),
    "house_step_delete": (
        "印完后删除码包、解开的文件和打印机缓存，并告知品牌。",
        (
            "Afterwards delete the package, what you decrypted and the memory of the "
            "press, and tell the brand."
        ),
    ),
}
