"""The two languages that people here read."""

from functools import lru_cache
from typing import Final

LANGUAGES: Final = ("zh", "en")
DEFAULT_LANGUAGE: Final = "zh"
_FOREIGN_LANGUAGE: Final = "en"


@lru_cache(maxsize=1024)
def choose_language(accept_language: bytes | str | None) -> str:
    """Pick zh or en from an Accept-Language header (RFC 9110, section 12.5.4).

    Who reads neither is more likely to read English; who says nothing, or `*`, is at
    home.
    """
    best, best_weight = DEFAULT_LANGUAGE, 0.0
    if isinstance(accept_language, bytes):
        accept_language = accept_language.decode("latin-1")
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        language = tag.partition("-")[0].lower()
        weight = _weight(parameter)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
        elif best_weight == 0 and weight > 0 and language.isalpha():
            best = _FOREIGN_LANGUAGE
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
