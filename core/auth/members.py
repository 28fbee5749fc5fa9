"""Members' tokens: JWTs that the brand's own sign-in issues."""

import hashlib
import json
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.auth.json_tokens import read_token
from core.auth.principal import Member
from core.bounds import is_plain
from core.errors import MisconfiguredError, Unauthenticated
from core.private_files import refuse_readable, refuse_writable
from core.sentences import message

_MAX_ID = 128
# The clocks of a brand's sign-in and ours may differ by so much, either way.
_LEEWAY_S = 60
# The last second of the year 9999: no calendar knows what comes later.
_END_OF_TIME_S = 253_402_300_799


def is_member_id(text: str) -> bool:
    """Tell whether a text can be the id of a member."""
    return 1 <= len(text) <= _MAX_ID and is_plain(text)


@dataclass(slots=True)
class MemberVerifier:
    """Verifies members' JWTs; a verified token is remembered until it expires.

    The cache holds hashes of tokens, at most `cache_size` of them.
    """

    keys: dict[str, jwt.PyJWK] = field(repr=False)
    issuer: str
    audience: str
    cache_size: int = 200_000
    _seen: OrderedDict[bytes, tuple[Member, float]] = field(
        default_factory=OrderedDict, repr=False
    )

    @classmethod
    def from_file(cls, path: Path) -> "MemberVerifier":
        """Read a JWK set that also names its `issuer` and `audience`."""
        try:
            # Who adds a key to it signs in as anybody.
            refuse_writable(path, message("members_keys"))
            document = json.loads(path.read_text())
            keys = jwt.PyJWKSet.from_dict(document).keys
            issuer, audience = document["issuer"], document["audience"]
        except OSError as fault:
            raise MisconfiguredError(
                message(
                    "member_keys_unreadable",
                    path=str(path),
                    why=fault.strerror or str(fault),
                )
            ) from None
        except (ValueError, KeyError, jwt.PyJWTError) as fault:
            raise MisconfiguredError(
                message("not_a_key_set", path=str(path), why=str(fault))
            ) from None
        return cls({key.key_id or "": key for key in keys}, issuer, audience)

    def verify(self, token: str, *, now_ms: int) -> Member:
        """Return the member; raises Unauthenticated."""
        octets = token.encode(errors="surrogatepass")
        digest = hashlib.blake2b(octets, digest_size=16).digest()
        hit = self._seen.get(digest)
        if hit is not None:
            if hit[1] * 1000 > now_ms:
                return hit[0]
            del self._seen[digest]
            raise Unauthenticated(message("member_token_expired"))
        member, begins_at_s, expires_at_s = self._verify_anew(token)
        good_until_s = expires_at_s + _LEEWAY_S
        if good_until_s * 1000 <= now_ms:
            raise Unauthenticated(message("member_token_expired"))
        if (begins_at_s - _LEEWAY_S) * 1000 > now_ms:
            raise Unauthenticated(message("member_token_early"))
        self._seen[digest] = (member, good_until_s)
        if len(self._seen) > self.cache_size:
            self._seen.popitem(last=False)
        return member

    def _verify_anew(self, token: str) -> tuple[Member, float, float]:
        claims = read_token(token, self.keys)
        # A token is not valid before it was issued either.
        begins_at_s = max(claims.nbf, claims.iat)
        times = (claims.exp, claims.nbf, claims.iat)
        if (
            claims.iss != self.issuer
            or not claims.is_for(self.audience)
            or not all(0 <= at_s <= _END_OF_TIME_S for at_s in times)
        ):
            raise Unauthenticated(message("member_token_invalid"))
        if not is_member_id(claims.sub):
            raise Unauthenticated(message("member_token_nameless"))
        return Member(claims.sub), begins_at_s, claims.exp


@dataclass(frozen=True, slots=True)
class MemberSigner:
    """Mints members' tokens where no brand sign-in exists: the demo and tests."""

    key: Ed25519PrivateKey = field(repr=False)
    issuer: str = "crowncap-demo"
    audience: str = "crowncap"

    @classmethod
    def load_or_create(cls, directory: Path) -> "MemberSigner":
        """Keep the private key and its public JWK set in `directory` (0600)."""
        path = directory / "member-signing.pem"
        if not path.exists():
            _write_private(
                path,
                Ed25519PrivateKey.generate().private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ),
            )
        refuse_readable(path, message("members_signing_key"))
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        signer = cls(key)
        _write_private(directory / "member-jwks.json", signer.jwks())
        return signer

    def jwks(self) -> bytes:
        """Give the public half as the file that MemberVerifier reads."""
        jwk: dict[str, Any] = json.loads(
            jwt.algorithms.OKPAlgorithm.to_jwk(self.key.public_key())
        )
        jwk |= {"kid": "demo", "alg": "EdDSA", "use": "sig"}
        document = {"keys": [jwk], "issuer": self.issuer, "audience": self.audience}
        return json.dumps(document).encode()

    @property
    def key_id(self) -> str:
        """Name the key: 16 hex digits of the SHA-256 of its public half."""
        return hashlib.sha256(self.key.public_key().public_bytes_raw()).hexdigest()[:16]

    def mint(self, member_id: str, *, now_ms: int, lifetime_s: int = 86_400) -> str:
        """Sign a token for a member, good for `lifetime_s` seconds."""
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": member_id,
            "iat": now_ms // 1000,
            "exp": now_ms // 1000 + lifetime_s,
        }
        return jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": "demo"})


def _write_private(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(
        os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as file:
        file.write(content)
    temporary.replace(path)
