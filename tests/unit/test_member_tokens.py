"""Members' tokens are valid by the clock that a worker is handed, and by no other."""

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.auth.members import MemberSigner, MemberVerifier
from core.auth.principal import Member
from core.errors import Unauthenticated

# Long before and long after any machine that runs this shows it.
TIMES_MS = (1_000_000_000_000, 4_000_000_000_000)


@pytest.mark.parametrize("now_ms", TIMES_MS)
def test_a_token_is_valid_by_the_handed_clock_alone(
    tmp_path: Path, now_ms: int
) -> None:
    """A machine whose clock is a day behind or ahead signs nobody out."""
    signer = MemberSigner.load_or_create(tmp_path)
    verifier = MemberVerifier.from_file(tmp_path / "member-jwks.json")
    token = signer.mint("ann", now_ms=now_ms, lifetime_s=60)
    assert verifier.verify(token, now_ms=now_ms - 1_000) == Member("ann")
    # A minute longer, for clocks that differ, and no more; also once it is remembered.
    assert verifier.verify(token, now_ms=now_ms + 119_000) == Member("ann")
    for known in (verifier, MemberVerifier.from_file(tmp_path / "member-jwks.json")):
        with pytest.raises(Unauthenticated, match="expired"):
            known.verify(token, now_ms=now_ms + 120_000)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("now_ms", TIMES_MS)
def test_a_token_begins_by_the_handed_clock(
    tmp_path: Path, now_ms: int, claim: str
) -> None:
    """With `nbf` and not before it was issued, with a minute for clocks that differ."""
    signer = MemberSigner.load_or_create(tmp_path)
    verifier = MemberVerifier.from_file(tmp_path / "member-jwks.json")
    minted = signer.mint("ann", now_ms=now_ms)
    claims = jwt.decode(minted, options={"verify_signature": False})
    token = jwt.encode(
        claims | {"iat": 0, claim: now_ms // 1000},
        signer.key,
        algorithm="EdDSA",
        headers=jwt.get_unverified_header(minted),
    )
    with pytest.raises(Unauthenticated, match="not valid yet"):
        verifier.verify(token, now_ms=now_ms - 61_000)
    assert verifier.verify(token, now_ms=now_ms - 59_000) == Member("ann")


HEADS = (
    b"",
    b"[]",
    b"null",
    b"\xff",
    b"{",
    b'{"alg":"EdDSA"}',
    b'{"alg":"none","kid":"demo"}',
    b'{"alg":"HS256","kid":"demo"}',
    b'{"alg":"ES256","kid":"demo"}',
    b'{"alg":1,"kid":"demo"}',
    b'{"alg":"EdDSA","kid":7}',
    b'{"alg":"EdDSA","kid":"other"}',
    b'{"alg":"EdDSA","kid":"demo","crit":["exp"]}',
    b'{"alg":"EdDSA","kid":"demo","crit":["b64"],"b64":false}',
    b'{"alg":"EdDSA","kid":"demo","b64":false}',
)


@pytest.mark.parametrize("head", HEADS)
def test_a_token_with_another_head_is_refused(tmp_path: Path, head: bytes) -> None:
    """Whatever it says of keys and algorithms, and even if it was signed so."""
    signer = MemberSigner.load_or_create(tmp_path)
    verifier = MemberVerifier.from_file(tmp_path / "member-jwks.json")
    claims = signer.mint("ann", now_ms=TIMES_MS[0]).split(".")[1]
    signed = f"{jwt.utils.base64url_encode(head).decode()}.{claims}"
    signature = jwt.utils.base64url_encode(signer.key.sign(signed.encode())).decode()
    for end in (f".{signature}", ".", "", ".é"):
        with pytest.raises(Unauthenticated):
            verifier.verify(signed + end, now_ms=TIMES_MS[0])


def test_a_token_is_written_in_one_way(tmp_path: Path) -> None:
    """Not with other characters, nor with bits that say nothing."""
    signer = MemberSigner.load_or_create(tmp_path)
    verifier = MemberVerifier.from_file(tmp_path / "member-jwks.json")
    token = signer.mint("ann", now_ms=TIMES_MS[0])
    assert verifier.verify(token, now_ms=TIMES_MS[0]) == Member("ann")
    signed, _, signature = token.rpartition(".")
    # 64 bytes are 86 characters, of which the last has four bits to spare.
    spare = "AQgw"["AQgw".index(signature[-1]) - 1]
    changed = [
        *(signature[:-1] + chr(ord(signature[-1]) + 1), signature[:-1] + spare),
        *(signature + "=", signature + "!", "\n" + signature, signature + "===="),
    ]
    for other in changed:
        with pytest.raises(Unauthenticated, match="not valid"):
            verifier.verify(f"{signed}.{other}", now_ms=TIMES_MS[0])


KEYS: dict[str, Any] = {
    "EdDSA": Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65_537, 2_048),
}


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("kid", ["", "of the brand"])
def test_a_brand_signs_as_it_likes(tmp_path: Path, algorithm: str, kid: str) -> None:
    """With three algorithms, for one audience or several, its key named or not."""
    key = KEYS[algorithm]()
    algorithms = jwt.get_algorithm_by_name(algorithm)
    public: Any = algorithms.to_jwk(key.public_key(), as_dict=True)
    name = {"kid": kid} if kid else {}
    document = {"keys": [public | name | {"alg": algorithm}]}
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(document | {"issuer": "brand", "audience": "us"}))
    verifier = MemberVerifier.from_file(path)
    claims = {"iss": "brand", "sub": "ann", "exp": 2_000_000_000.5, "jti": "1"}

    def sign(**more: Any) -> str:
        return jwt.encode(claims | more, key, algorithm=algorithm, headers=name)

    for audience in ("us", ["them", "us"]):
        token = sign(aud=audience)
        assert verifier.verify(token, now_ms=TIMES_MS[0]) == Member("ann")
    wrongs: list[dict[str, Any]] = [
        *({"aud": "them"}, {"aud": []}, {"aud": "us", "iss": "other"}, {}),
        *({"aud": "us", "exp": True}, {"aud": "us", "exp": 1e300}),
        {"aud": "us", "sub": ""},
    ]
    for wrong in wrongs:
        with pytest.raises(Unauthenticated):
            verifier.verify(sign(**wrong), now_ms=TIMES_MS[0])
    signature = sign(aud="us").rpartition(".")[2]
    with pytest.raises(Unauthenticated):
        verifier.verify(
            f"{sign(aud='us', sub='bob').rpartition('.')[0]}.{signature}",
            now_ms=TIMES_MS[0],
        )
