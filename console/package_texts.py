"""What staff read about packages, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

PACKAGE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "check_link": ("链接", "Link"),
    "every_cap_opens": ("每个瓶盖上的链接", "What every cap opens"),
}
