"""What the page says, in Chinese and English.

Each text stands as (Chinese, English), so that neither is forgotten.
"""

from collections.abc import Mapping
from typing import Final

from scan_api.page.texts.cap_views import CAP_VIEWS
from scan_api.page.texts.forms import FORMS
from scan_api.page.texts.frame import FRAME
from scan_api.page.texts.notices import NOTICES

TEXTS: Final[Mapping[str, tuple[str, str]]] = {**FRAME, **CAP_VIEWS, **FORMS, **NOTICES}

_COLUMN: Final = {"zh": 0, "en": 1}


def raw_text(language: str, name: str) -> str:
    """Give one text with the places for its values; raises KeyError as `text_in`."""
    return TEXTS[name][_COLUMN[language]]


def text_in(language: str, name: str, **values: object) -> str:
    """Say one text in a language; raises KeyError for one that does not exist."""
    return raw_text(language, name).format(**values)
