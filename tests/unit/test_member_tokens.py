"""Members' tokens are valid by the clock that a worker is handed, and by no other."""

from pathlib import Path

import jwt
import pytest

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
