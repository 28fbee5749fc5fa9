"""What every server-rendered page here needs: languages, requests, forms, headers."""

from core.pages.languages import DEFAULT_LANGUAGE, LANGUAGES, choose_language
from core.pages.page_request import MAX_FORM, PageRequest, read_form, read_parts
from core.pages.responses import Templates
from core.pages.senders import Sender, is_prefetch, sender_of

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "MAX_FORM",
    "PageRequest",
    "Sender",
    "Templates",
    "choose_language",
    "is_prefetch",
    "read_form",
    "read_parts",
    "sender_of",
]
