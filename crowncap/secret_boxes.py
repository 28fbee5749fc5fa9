"""What closes secrets that the database holds: keys derived from the signing key."""

from enum import Enum

from core.secret_box import SecretBox
from core.settings import Settings
from printer_export.files.signing import SigningKeyFile


class BoxInfo(Enum):
    """What is closed, as HKDF's info: no key of one opens another."""

    WEBHOOKS = b"crowncap/v1/webhook-secrets"
    ADDRESSES = b"crowncap/v1/addresses"
    PAYEES = b"crowncap/v1/payees"
    DRAWS = b"crowncap/v1/draw-secrets"


def open_box(settings: Settings, info: BoxInfo) -> SecretBox:
    """Open what closes one kind of secrets; raises MisconfiguredError."""
    return SigningKeyFile(settings.signing_key).load().secret_box(info.value)
