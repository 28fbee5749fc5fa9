"""What marketers read of what is given beside scans."""

from collections.abc import Mapping
from typing import Final

GIVEN_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "given_kind": ("发什么", "It gives"),
    "given_nothing": ("实物", "a thing to send"),
    "given_what": (
        "积分数、礼品名称或券池编号",
        "Points, gift's name or pool id",
    ),
}
