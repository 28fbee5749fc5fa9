"""What packages are made with, by the settings."""

from core.settings import Settings
from crowncap.server_urls import issuance_of
from printer_export.files.signing import SigningKeyFile
from printer_export.pipeline.packages.orders import Packaging


def packaging_of(settings: Settings) -> Packaging:
    """Tell which keys and hosts packages have, and whose proxies are believed."""
    return Packaging(
        issuance_of(settings),
        SigningKeyFile(settings.signing_key),
        settings.demo,
        settings.trusted_proxies,
    )
