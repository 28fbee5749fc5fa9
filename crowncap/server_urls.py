"""Which servers and key files the settings mean."""

from pathlib import Path

from codegen.keyring import HighWaterMark, MasterKeyFile
from codegen.pipeline import Issuance
from core.errors import MisconfiguredError
from core.origin import authority_of
from core.settings import Settings
from crowncap import embedded
from crowncap.embedded import ServerUrls


def server_urls(settings: Settings) -> ServerUrls:
    """Give the servers of the environment, or those that `up` started."""
    if settings.database_url and settings.redis_url:
        return ServerUrls(settings.database_url, settings.redis_url)
    if settings.database_url or settings.redis_url:
        raise MisconfiguredError(
            "Set both CROWNCAP_DATABASE_URL and CROWNCAP_REDIS_URL, or neither."
        )
    return embedded.connection_urls(settings.data_dir)


def note_served_url(settings: Settings) -> None:
    """Remember what links begin with, for commands that run beside the server."""
    path = settings.data_dir / "run" / "public-url"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(settings.public_url)


def served_url(data_dir: Path) -> str | None:
    """Tell what links began with when this data directory was served last."""
    path = data_dir / "run" / "public-url"
    return path.read_text() if path.exists() else None


def member_keys(settings: Settings) -> Path:
    """Give the file of members' public keys: the brand's, or the demo's own."""
    return settings.member_jwks or settings.data_dir / "keys" / "member-jwks.json"


def issuance_of(settings: Settings) -> Issuance:
    """Tell where keys and the high-water mark are, and what links begin with."""
    return Issuance(
        MasterKeyFile(settings.master_keys),
        HighWaterMark(settings.data_dir / "keys" / "high-water.json"),
        settings.public_url.upper(),
        frozenset({authority_of(settings.public_url), *settings.link_hosts}),
    )
