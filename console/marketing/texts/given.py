"""What marketers read of what is given beside scans."""

from collections.abc import Mapping
from typing import Final

GIVEN_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "given_kind": ("发什么", "It gives"),
    "given_nothing": ("实物，由客服寄送", "a thing, which support sends"),
    "given_what": (
        "多少积分、礼品名称或优惠券池编号",
        "How many points, the gift's name, or the pool's id",
    ),
}
