"""Signed JSON tokens (RFC 7515, RFC 7519), each taken apart once.

PyJWT reads the head of a token twice and looks at each character of it in Python, which
costs half of what its signature does. Its keys and algorithms are used as they are.
"""

from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import Any, Final

import jwt
import msgspec

from core.errors import Unauthenticated
from core.sentences import message

ALGORITHMS: Final = frozenset({"EdDSA", "ES256", "RS256"})
# Base64 for URLs is that of RFC 4648 with two other characters; with those of the
# plain one, or any junk, what was decoded encodes to something else.
_FROM_URLS: Final = bytes.maketrans(b"-_+/", b"+/!!")
_UNREADABLE: Final = (
    *(jwt.PyJWTError, msgspec.MsgspecError),
    *(ValueError, TypeError, RecursionError),
)


class _Head(msgspec.Struct, frozen=True):
    """By which key a token says that it is signed, and how."""

    kid: str | None = None
    alg: str | None = None
    # What whoever verifies must understand; we know no extension.
    crit: Any = None
    b64: Any = True


class Claims(msgspec.Struct, frozen=True, gc=False):
    """What a token says; times are seconds since 1970, and not yet looked at."""

    iss: str
    aud: str | list[str]
    sub: str
    exp: float
    nbf: float = 0
    iat: float = 0
    jti: str = ""

    def is_for(self, audience: str) -> bool:
        """Tell whether it was made for `audience`, among others perhaps."""
        return (
            audience == self.aud if isinstance(self.aud, str) else audience in self.aud
        )


_read_head = msgspec.json.Decoder(_Head).decode
_read_claims = msgspec.json.Decoder(Claims).decode


def read_token(token: str, keys: Mapping[str, jwt.PyJWK]) -> Claims:
    """Give what a token says that one of `keys` signed; raises Unauthenticated."""
    try:
        signed, _, signature = token.encode("ascii").rpartition(b".")
        encoded_head, _, encoded_claims = signed.partition(b".")
        head = _read_head(_decode(encoded_head))
        key = keys.get(head.kid or "")
        if key is None or head.alg not in ALGORITHMS:
            raise Unauthenticated(message("member_token_stranger"))
        if (
            head.alg == key.algorithm_name
            and head.crit is None
            and head.b64 is True
            and key.Algorithm.verify(signed, key.key, _decode(signature))
        ):
            return _read_claims(_decode(encoded_claims))
    except _UNREADABLE:
        pass
    raise Unauthenticated(message("member_token_invalid"))


def _decode(segment: bytes) -> bytes:
    """Decode a part of a token, padded or not; raises ValueError."""
    encoded = segment.translate(_FROM_URLS)
    if not encoded.endswith(b"="):
        encoded += b"=" * (-len(encoded) % 4)
    decoded = a2b_base64(encoded)
    if b2a_base64(decoded, newline=False) != encoded:
        reason = "not in the one way to encode it"
        raise ValueError(reason)
    return decoded
