"""Ways to sign in: the demo's own, the brand's address, or the brand's app."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.auth.members import MemberSigner
from core.settings import Settings

SIGN_IN_PATH: Final = "/sign-in"
SIGN_OUT_PATH: Final = "/sign-out"
WALLET_PATH: Final = "/me"
SESSION_S: Final = 86_400
MAX_NAME: Final = 64


class SignInKind(StrEnum):
    """Who knows the members."""

    DEMO = "demo"
    BRAND = "brand"
    APP = "app"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a visitor becomes a member here."""

    kind: SignInKind
    address: str | None = None
    public_url: str = ""
    keys: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Choose: the demo mints tokens only where its own keys verify them."""
        if settings.demo and settings.member_jwks is None:
            return cls(SignInKind.DEMO, SIGN_IN_PATH, keys=settings.data_dir / "keys")
        if settings.sign_in_url is not None:
            return cls(SignInKind.BRAND, settings.sign_in_url, settings.public_url)
        return cls(SignInKind.APP)

    def link(self, path: str) -> str | None:
        """Give the address to sign in at and come back from, if there is one."""
        if self.address is None:
            return None
        # A brand's sign-in may live on another host, so it is told the whole address.
        target = self.public_url + path
        joint = "&" if "?" in self.address else "?"
        return f"{self.address}{joint}next={quote(target, safe='')}"

    def mint(self, member_id: str, *, now_ms: int) -> str:
        """Sign a member's token with the demo's key."""
        assert self.keys is not None
        return _load_signer(self.keys).mint(
            member_id, now_ms=now_ms, lifetime_s=SESSION_S
        )


def _load_signer(directory: Path) -> MemberSigner:
    """Read the key that `up` made before any worker began."""
    pem = (directory / "member-signing.pem").read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, Ed25519PrivateKey)
    return MemberSigner(key)


def read_name(text: str) -> str | None:
    """Read a member's name as typed; None when it cannot be one."""
    name = " ".join(text.split())
    return name if 0 < len(name) <= MAX_NAME and name.isprintable() else None
