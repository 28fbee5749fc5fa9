"""What lines and print houses read, by page."""

from collections.abc import Mapping
from typing import Final

from console.line.texts.batches import BATCH_TEXTS
from console.line.texts.home import HOME_TEXTS
from console.line.texts.packages import PACKAGE_TEXTS
from console.line.texts.plants import PLANT_TEXTS
from console.line.texts.reports import REPORT_TEXTS

LINE_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **HOME_TEXTS,
    **BATCH_TEXTS,
    **PLANT_TEXTS,
    **PACKAGE_TEXTS,
    **REPORT_TEXTS,
}
