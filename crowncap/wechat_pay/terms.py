"""What the installation says of WeChat Pay: one TOML file, and the key files it names.

Paths in it are relative to it.
"""

import tomllib
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from core.errors import MisconfiguredError
from core.private_files import refuse_readable

OFFICIAL_URL: Final = "https://api.mch.weixin.qq.com"
_API_KEY_BYTES: Final = 32

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What WeChat Pay is told of a transfer's scene (transfer_scene_report_infos)."""

    type: _Text
    content: _Text


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file as it is written."""

    merchant_id: _Text
    app_id: _Text
    merchant_serial: _Text
    merchant_key: str
    api_v3_key: str
    platform_keys: Annotated[dict[str, str], msgspec.Meta(min_length=1)]
    scene_id: _Text
    remark: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    perception: str | None = None
    report: tuple[Report, ...] = ()
    url: str = OFFICIAL_URL


@dataclass(frozen=True, slots=True)
class WeChatPay:
    """The terms with the keys that they name; shows none of these."""

    terms: Terms
    merchant_key: RSAPrivateKey = field(repr=False)
    api_v3_key: bytes = field(repr=False)
    platform_keys: dict[str, RSAPublicKey] = field(repr=False)


def load_wechat_pay(path: Path) -> WeChatPay:
    """Read the file and its keys; raises MisconfiguredError with one sentence."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        terms = msgspec.convert(given, Terms)
        _check_url(terms.url)
        keys = {
            serial: _public_key(path.parent / name)
            for serial, name in terms.platform_keys.items()
        }
        return WeChatPay(
            terms,
            _private_key(path.parent / terms.merchant_key),
            _api_key(path.parent / terms.api_v3_key),
            keys,
        )
    except OSError as fault:
        why = f"{fault.filename}: {fault.strerror}"
    except (ValueError, msgspec.ValidationError) as fault:
        why = str(fault)
    raise MisconfiguredError(f"Cannot use {path} to pay out by WeChat Pay: {why}.")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"{url} is not an address that begins with https")


def _is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, which the simulator runs on."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _private_key(path: Path) -> RSAPrivateKey:
    refuse_readable(path, "merchant key")
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(f"{path} holds no RSA key in PEM")  # noqa: TRY004 - a file's
    return key


def _public_key(path: Path) -> RSAPublicKey:
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, RSAPublicKey):
        raise ValueError(f"{path} holds no RSA key in PEM")  # noqa: TRY004 - a file's
    return key


def _api_key(path: Path) -> bytes:
    refuse_readable(path, "APIv3 key")
    key = path.read_bytes().strip()
    if len(key) != _API_KEY_BYTES:
        raise ValueError(f"{path}: an APIv3 key has {_API_KEY_BYTES} characters")
    return key
