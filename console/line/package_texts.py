"""What staff read about packages, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

PACKAGE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "check_link": ("链接", "Link"),
    "every_cap_opens": ("每个瓶盖上的链接", "What every cap opens"),
    "trial_codes": ("样码，供各码包试印", "trial codes, for samples in packages"),
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
    "house_downloads_left": ("印刷厂剩余下载次数", "Downloads left to the print house"),
    "password_or_file": (
        "您已得知密码，文件要由另一人下载：同一个人绝不两样都有。",
        (
            "You were told the password, so another person takes the file: nobody has "
            "both."
        ),
    ),
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
