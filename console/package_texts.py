"""What staff read about packages, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

PACKAGE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
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
