"""What the environment says, read once by the shell and handed down."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import MisconfiguredError
from core.networks import Networks
from core.origin import OriginError, read_authority, read_origin
from core.sentences import message

_LAST_PORT = 65_535
_MOST_LATE_HOURS = 400


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside. No secret has a default."""

    data_dir: Path
    timezone: ZoneInfo
    database_url: str | None = field(repr=False)
    redis_url: str | None = field(repr=False)
    master_keys: Path
    signing_key: Path
    member_jwks: Path | None
    public_url: str
    link_hosts: tuple[str, ...]
    sign_in_url: str | None
    trusted_proxies: Networks
    webhook_networks: Networks
    wechat_pay: Path | None
    network_data: tuple[Path, ...]
    health_port: int | None
    late_scan_hours: int
    demo: bool
    demo_week: bool

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read `CROWNCAP_*`; raises MisconfiguredError with one sentence."""
        data_dir = Path(environ.get("CROWNCAP_DATA_DIR") or ".crowncap").absolute()
        master_keys = environ.get("CROWNCAP_MASTER_KEYS")
        signing = environ.get("CROWNCAP_SIGNING_KEY")
        jwks = environ.get("CROWNCAP_MEMBER_JWKS")
        wechat_pay = environ.get("CROWNCAP_WECHAT_PAY")
        return cls(
            data_dir=data_dir,
            timezone=_timezone(environ.get("CROWNCAP_TIMEZONE") or "Asia/Shanghai"),
            database_url=_database_url(environ.get("CROWNCAP_DATABASE_URL")),
            redis_url=environ.get("CROWNCAP_REDIS_URL") or None,
            master_keys=(
                Path(master_keys) if master_keys else data_dir / "keys" / "master-keys"
            ),
            signing_key=(
                Path(signing) if signing else data_dir / "keys" / "signing.pem"
            ),
            member_jwks=Path(jwks) if jwks else None,
            public_url=_public_url(
                environ.get("CROWNCAP_PUBLIC_URL") or "http://127.0.0.1:8000"
            ),
            link_hosts=_link_hosts(environ.get("CROWNCAP_LINK_HOSTS") or ""),
            sign_in_url=environ.get("CROWNCAP_SIGN_IN_URL") or None,
            trusted_proxies=_networks(
                "CROWNCAP_TRUSTED_PROXIES", environ.get("CROWNCAP_TRUSTED_PROXIES")
            ),
            webhook_networks=_networks(
                "CROWNCAP_WEBHOOK_NETWORKS", environ.get("CROWNCAP_WEBHOOK_NETWORKS")
            ),
            wechat_pay=Path(wechat_pay) if wechat_pay else None,
            network_data=_paths(environ.get("CROWNCAP_NETWORK_DATA") or ""),
            health_port=_port(environ.get("CROWNCAP_HEALTH_PORT")),
            late_scan_hours=_hours(environ.get("CROWNCAP_LATE_SCAN_HOURS") or "72"),
            demo=environ.get("CROWNCAP_DEMO") in {"1", "week"},
            demo_week=environ.get("CROWNCAP_DEMO") == "week",
        )


def _timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise MisconfiguredError(message("not_a_time_zone", name=name)) from None


def _database_url(url: str | None) -> str | None:
    if not url:
        return None
    if urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise MisconfiguredError(message("not_a_database_url"))
    return url


def _public_url(url: str) -> str:
    try:
        return read_origin(url).lower()
    except OriginError as fault:
        raise _setting_wrong("CROWNCAP_PUBLIC_URL", fault) from None


def _link_hosts(text: str) -> tuple[str, ...]:
    try:
        return tuple(map(read_authority, text.replace(",", " ").split()))
    except OriginError as fault:
        raise _setting_wrong("CROWNCAP_LINK_HOSTS", fault) from None


def _setting_wrong(setting: str, fault: OriginError) -> MisconfiguredError:
    why = message("setting_wrong", setting=setting, why=fault.detail)
    return MisconfiguredError(why)


def _paths(text: str) -> tuple[Path, ...]:
    """Read paths as PATH has them."""
    return tuple(Path(part).absolute() for part in text.split(os.pathsep) if part)


def _port(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _LAST_PORT):
        raise MisconfiguredError(
            message("not_a_health_port", text=text, last=str(_LAST_PORT))
        )
    return int(text)


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_LATE_HOURS):
        raise MisconfiguredError(
            message("not_late_hours", text=text, most=str(_MOST_LATE_HOURS))
        )
    return int(text)


def _networks(setting: str, text: str | None) -> Networks:
    networks = []
    for part in (text or "").replace(",", " ").split():
        try:
            networks.append(ipaddress.ip_network(part, strict=False))
        except ValueError:
            raise MisconfiguredError(
                message("not_a_network", setting=setting, part=part)
            ) from None
    return Networks.of(networks)
