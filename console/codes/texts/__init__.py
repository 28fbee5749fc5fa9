"""What is read by who answers about single caps, by page."""

from collections.abc import Mapping
from typing import Final

from console.codes.texts.codes import CODE_TEXTS
from console.codes.texts.fakes import FAKE_TEXTS
from console.codes.texts.recalls import RECALL_TEXTS

CAP_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **CODE_TEXTS,
    **FAKE_TEXTS,
    **RECALL_TEXTS,
}
