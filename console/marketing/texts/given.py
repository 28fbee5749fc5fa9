"""What marketers read of what is given beside scans."""

from collections.abc import Mapping
from typing import Final

GIVEN_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "given_kind": ("发什么", "It gives"),
    "given_nothing": ("实物", "a thing to send"),
    "given_what": (
        "积分数、金额（元）、礼品名称，或券池、抽奖（3 × 编号）、卡集的编号",
        "Points, yuan, a gift's name, or the id of a pool, a draw (3 × id) or a set",
    ),
}
