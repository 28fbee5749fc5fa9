"""What there is to say of packages: of orders, pre-flight and downloads."""

from typing import Final

from core.messages import Sentences

PACKAGES: Final[Sentences] = {
    # Orders
    "indexes_not_in_batch": (
        (
            "序号 {first} 到 {last} 不都在本批次内；本批次有 {quantity:,} 个码，从 0 数"
            "起。"
        ),
        (
            "Indexes {first} to {last} are not all in the batch, which has "
            "{quantity:,} codes from index 0 on."
        ),
    ),
    "too_many_files": (
        "{rolls:,} 卷、每卷 {lanes} 列，文件会超过 {most:,} 个。",
        "{rolls:,} rolls of {lanes} lanes make more than {most:,} files.",
    ),
    "epcis_needs_gtin": (
        "EPCIS 以产品称呼瓶盖，而本批次没有 GTIN。",
        "EPCIS names caps by their product, and this batch has no GTIN.",
    ),
    "sheet_without_symbol": (
        "小二维码装不下 {prefix}… 这样的链接，所以不能附标签页。",
        "No small symbol holds links like {prefix}…, so no sheet does.",
    ),
    "link_needs_gtin": (
        "GS1 数字链接需要批次的 GTIN。",
        "A GS1 Digital Link needs the batch's GTIN.",
    ),
    "recipients_of_age": (
        "age 加密（且仅它）要写明收件人。",
        "Encryption with age, and only that, names its recipients.",
    ),
    "no_recipient": (
        "age 收件人写作 age1…，共 62 个字符。",
        "An age recipient looks like age1… and has 62 characters.",
    ),
    "quantity_or_end": (
        "请写数量，或写范围的结尾；不要两样都写。",
        "Say a quantity, or where the range ends; not both.",
    ),
    "unknown_printhouse": (
        "没有名为 {printhouse} 的印刷厂令牌。",
        "Nobody has a print house's token in the name of {printhouse}.",
    ),
    "must_encrypt": (
        "码必须加密送出：请写明 age 收件人，或选择密码。",
        "Codes have to leave encrypted: name age recipients, or ask for a password.",
    ),
    "packaged_twice": (
        (
            "同一个码绝不打包两次：码包 {package_id} 已有序号 {first} 到 {last}。请换序"
            "号，或先撤销那个码包。"
        ),
        (
            "The same code is never packaged twice: package {package_id} holds "
            "indexes {first} to {last}. Order other indexes, or cancel that package."
        ),
    ),
    "packaged_before": (
        "其中有的码已打包过。",
        "Some of these codes were packaged before.",
    ),
    "exported_in_clear": (
        "批次 {batch_id} 曾以明文导出，其中的码不能再打包。请签发新批次。",
        (
            "Batch {batch_id} was exported in the clear; its codes are not packaged "
            "again. Issue a new batch."
        ),
    ),
    "kept_from_print": (
        "序号 {first} 至 {last} 中有不付印的码。请订购其余序号。",
        (
            "Among indexes {first} to {last} are codes that are kept from print. Order "
            "the indexes around them."
        ),
    ),
    # Honey codes
    "honey_of_all_brands": (
        "诱饵码归全部品牌的分析员管理；您的账号限于一个品牌。",
        "Honey codes are for analysts of all brands; your account is for one.",
    ),
    "honey_exported": (
        "批次 {batch_id} 已全部导出：没有未印的码可作诱饵。请用另一批次。",
        (
            "Batch {batch_id} was exported whole: no code of it is unprinted. Take "
            "another batch."
        ),
    ),
    "too_few_unprinted": (
        (
            "批次 {batch_id} 只有 {left} 个码不在任何码包、卷和产线报告里，不足 "
            "{quantity} 个。请减少数量，或用另一批次。"
        ),
        (
            "Of batch {batch_id} only {left} codes are issued and in no package, roll "
            "or line report; {quantity} were asked for. Ask for fewer, or take another "
            "batch."
        ),
    ),
    "honey_changed": (
        "批次 {batch_id} 的码刚刚有变动。请重试。",
        "Codes of batch {batch_id} changed just now. Try again.",
    ),
    "too_much_honey": (
        "一个批次最多 {most} 个诱饵码；批次 {batch_id} 已有 {known} 个。",
        "A batch has {most} honey codes at most; batch {batch_id} has {known}.",
    ),
    # Exports
    "export_with_kept": (
        ("批次 {batch_id} 有 {count} 个码不付印，不能整批导出。请为其余序号订购码包。"),
        (
            "Batch {batch_id} has {count} codes that are kept from print, so it is not "
            "exported whole. Order packages of its other indexes."
        ),
    ),
    "exported_before": (
        (
            "批次 {batch_id} 已导出过；同一个码绝不印两次。如有缺少，请为缺少的数量签发"
            "新批次。"
        ),
        (
            "Batch {batch_id} was exported before; the same codes are never printed "
            "twice. Issue a new batch for what is missing."
        ),
    ),
    "in_a_package": (
        (
            "批次 {batch_id} 有码在码包 {package_id} 里；同一个码绝不送出两次。请先撤销"
            "那个码包。"
        ),
        (
            "Batch {batch_id} has codes in package {package_id}; the same codes never "
            "leave twice. Cancel that package first."
        ),
    ),
    "not_exportable": (
        "批次 {batch_id} 无法写成文件：{why}",
        "Batch {batch_id} cannot be written: {why}",
    ),
    # Pre-flight
    "rows_in_files": (
        "{rows:,} 行，{files:,} 个文件，共 {quantity:,} 个码。",
        "{rows:,} rows in {files:,} files for {quantity:,} codes.",
    ),
    "sheet_of_samples": (
        "标签页最多 {most:,} 个标签；这次只印样码。",
        "Sheets have up to {most:,} labels; this one shows samples.",
    ),
    "epoch_frozen": (
        "这些码的密钥纪元已冻结。",
        "The epoch of these codes is frozen.",
    ),
    "epoch_retired": (
        "这些码的密钥纪元已停用。",
        "The epoch of these codes is retired.",
    ),
    "not_encrypted": (
        "未加密，仅供演示。",
        "Not encrypted; for the demo only.",
    ),
    "caps_open": (
        "瓶盖打开 {link}…。",
        "Caps open {link}….",
    ),
    "foreign_host": (
        "瓶盖会打开 {host}，而它不在允许印刷的主机之列（CROWNCAP_LINK_HOSTS）。",
        (
            "Caps would open {host}, which is not among the hosts that may be printed "
            "(CROWNCAP_LINK_HOSTS)."
        ),
    ),
    "large_symbol": (
        "链接有 {length} 个字符，二维码会更大。",
        "A link of {length} characters needs a large symbol.",
    ),
    "symbol": (
        "QR {version}-M，{modules}×{modules} 模块。",
        "QR {version}-M, {modules} by {modules} modules.",
    ),
    "symbol_of_small_letters": (
        "链接含小写字母：QR {version}-M，{modules}×{modules} 模块。",
        ("The link has small letters: QR {version}-M, {modules} by {modules} modules."),
    ),
    "none_blocked": (
        "没有已启用或作废的码。",
        "No code is active or void.",
    ),
    "codes_blocked": (
        "其中 {count:,} 个码{state}。",
        "{count:,} of these codes are {state} already.",
    ),
    "are_activated": ("已启用", "activated"),
    "are_void": ("已作废", "void"),
    "are_recalled": ("已召回", "recalled"),
    "rows_right": (
        "回读了 {count:,} 行，全部正确。",
        "{count:,} rows were read back and are right.",
    ),
    "codes_twice": (
        "回读的行中有 {count:,} 个码重复。",
        "{count:,} codes are there twice among the rows read.",
    ),
    "row_cut": (
        "{path}：有一行不完整或没有行尾。",
        "{path}: a row is truncated or has no line end.",
    ),
    "row_without_link": (
        "{path}：第 {row} 行缺少链接。",
        "{path}: row {row} lacks its link.",
    ),
    "columns_disagree": (
        "{path}：第 {row} 行的各列不一致。",
        "{path}: the columns of row {row} disagree.",
    ),
    "wrong_code": (
        "{path}：有一个码放错了位置。",
        "{path}: a code is not the one that belongs there.",
    ),
    # The life of a package
    "no_package": (
        "没有码包 {package_id}，或不在您的范围内。",
        "There is no package {package_id}.",
    ),
    "package_cancelled": (
        "这个码包已被撤销。",
        "This package was cancelled.",
    ),
    "package_approved": (
        "这个码包已经批准过了。",
        "This package was approved already.",
    ),
    "other_approver": (
        "码包要由下单人以外的人批准。",
        "A package is approved by someone other than who ordered it.",
    ),
    "preflight_failed": (
        "放行前检查没有通过：{why}",
        "Pre-flight keeps this package back: {why}",
    ),
    "no_password": (
        "这个码包没有密码。",
        "This package has no password.",
    ),
    "not_the_approver": (
        "只有批准人能看到密码；文件和密码要走不同的路。",
        (
            "Only who approved a package is told its password; the file and the "
            "password go different ways."
        ),
    ),
    "has_the_file": (
        (
            "您下载过这个码包，不能再得知密码；同一个人绝不两样都有。请撤销后重新下单，"
            "由另一人批准。"
        ),
        (
            "You downloaded this package, so its password is not told to you; nobody "
            "has both. Cancel it, and let another person approve a new one."
        ),
    ),
    "codes_active": (
        "其中的码已启用，可能已在消费者手里；请先作废或召回。",
        (
            "Codes of this package are active, in consumers' hands perhaps; void or "
            "recall those first."
        ),
    ),
    "no_such_index": (
        "批次 {batch_id} 有 {quantity:,} 个码，从 0 数起。",
        "Batch {batch_id} has {quantity:,} codes from 0 on.",
    ),
    # Downloads
    "not_approved": (
        "这个码包还在等待批准。",
        "This package waits for approval.",
    ),
    "link_expired": (
        "下载链接已于 {at} 失效。",
        "This link expired at {at}.",
    ),
    "knows_the_password": (
        "您已得知这个码包的密码，文件要由另一人下载；同一个人绝不两样都有。",
        (
            "You were told the password of this package, so somebody else takes its "
            "file; nobody has both."
        ),
    ),
    "downloads_used_up": (
        "这个码包的 {allowed} 次下载已用完。",
        "All {allowed} downloads of this package are used.",
    ),
    "one_range": (
        "每次只能请求一段字节。",
        "Ask for one range of bytes at a time.",
    ),
    "no_such_bytes": (
        "内容共 {length:,} 字节，其中没有所请求的部分。",
        "This has {length:,} bytes, and none of those asked for.",
    ),
}
