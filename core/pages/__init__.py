"""What every server-rendered page here needs: languages, visits, forms, headers."""

from core.pages.answers import Templates
from core.pages.languages import DEFAULT_LANGUAGE, LANGUAGES, choose_language
from core.pages.senders import Sender, is_prefetch, sender_of
from core.pages.visits import MAX_FORM, Visit, read_form, read_parts

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "MAX_FORM",
    "Sender",
    "Templates",
    "Visit",
    "choose_language",
    "is_prefetch",
    "read_form",
    "read_parts",
    "sender_of",
]
