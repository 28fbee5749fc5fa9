"""All that staff read: the frame's texts and those of each audience.

Each stands as (Chinese, English), so that neither is forgotten.
"""

from collections.abc import Mapping
from typing import Final

from console.codes.texts import CAP_TEXTS
from console.frame.texts import FRAME_TEXTS
from console.fraud.texts import FRAUD_TEXTS
from console.line.texts import LINE_TEXTS
from console.marketing.texts import MARKETING_TEXTS
from console.support.texts import SUPPORT_TEXTS
from console.system.texts import SYSTEM_TEXTS
from console.till.texts import TILL_TEXTS

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **FRAME_TEXTS,
    **LINE_TEXTS,
    **CAP_TEXTS,
    **FRAUD_TEXTS,
    **MARKETING_TEXTS,
    **SUPPORT_TEXTS,
    **SYSTEM_TEXTS,
    **TILL_TEXTS,
}
