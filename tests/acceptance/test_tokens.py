"""Staff tokens and members' tokens: shown once, scoped, expiring, revoked, forged."""

import base64
import json

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.auth.members import MemberSigner
from tests.fixtures.processes import wait_for
from tests.fixtures.service import CLOCK, Service

SIGNED = {"iss": "crowncap-demo", "aud": "crowncap", "sub": "eve", "exp": 9_999_999_999}


def wallet(service: Service, token: str) -> httpx.Response:
    """Ask for a member's wallet with a token."""
    return service.get("/v1/me/wallet", token)


def test_member_tokens_come_one_a_line_in_the_order_asked(service: Service) -> None:
    """Nothing else is printed, and each is good."""
    names = ["zoe", "adam", "li", "王芳"]
    tokens = service.cli("token", "member", *names).splitlines()
    assert len(tokens) == len(names)
    for name, token in zip(names, tokens, strict=True):
        assert wallet(service, token).json()["member_id"] == name


@pytest.mark.parametrize("missing", sorted(SIGNED))
def test_a_member_token_needs_every_claim(service: Service, missing: str) -> None:
    """iss, aud, sub and exp, each as expected."""
    signer = MemberSigner.load_or_create(service.data_dir / "keys")
    without = {name: value for name, value in SIGNED.items() if name != missing}
    for claims in (without, without | {missing: 7 if missing == "exp" else "other"}):
        if missing == "sub" and "sub" in claims:
            continue
        token = jwt.encode(claims, signer.key, "EdDSA", headers={"kid": "demo"})
        assert wallet(service, token).status_code == 401
    token = jwt.encode(SIGNED, signer.key, "EdDSA", headers={"kid": "demo"})
    assert wallet(service, token).status_code == 200


@pytest.mark.parametrize("subject", ["", "x" * 129, 7, None, ["eve"], "a\0b", "\ud800"])
def test_a_member_is_named_by_1_to_128_characters(
    service: Service, subject: object
) -> None:
    """Anything else names nobody."""
    signer = MemberSigner.load_or_create(service.data_dir / "keys")
    claims = SIGNED | {"sub": subject}
    # PyJWT refuses to sign some of these, so the payload is signed by hand.
    head = {"alg": "EdDSA", "typ": "JWT", "kid": "demo"}
    parts = [_base64(json.dumps(part).encode()) for part in (head, claims)]
    signature = signer.key.sign(".".join(parts).encode())
    token = ".".join([*parts, _base64(signature)])
    assert wallet(service, token).status_code == 401


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def test_a_forged_member_token_is_refused(service: Service) -> None:
    """Another key, another algorithm, none at all, or a changed letter."""
    stranger = Ed25519PrivateKey.generate()
    good = service.member_token("eve")
    path = service.data_dir / "keys" / "member-jwks.json"
    [jwk] = json.loads(path.read_text())["keys"]
    public = base64.urlsafe_b64decode(jwk["x"] + "=")
    head, body, signature = good.split(".")
    none = _base64(b'{"alg":"none","typ":"JWT","kid":"demo"}')
    changed = _base64(json.dumps(SIGNED | {"sub": "mallory"}).encode())
    forged = [
        jwt.encode(SIGNED, stranger, "EdDSA", headers={"kid": "demo"}),
        jwt.encode(SIGNED, stranger, "EdDSA", headers={"kid": "other"}),
        jwt.encode(SIGNED, public, "HS256", headers={"kid": "demo"}),
        f"{none}.{body}.",
        f"{head}.{changed}.{signature}",
        f"{head}.{body}.",
        good[:-2],
    ]
    for token in forged:
        assert wallet(service, token).status_code == 401, token
    assert wallet(service, good).status_code == 200


def test_an_expired_member_token_is_refused(service: Service) -> None:
    """Also one that was good a moment ago and is remembered."""
    signer = MemberSigner.load_or_create(service.data_dir / "keys")
    old = signer.mint("eve", now_ms=CLOCK.now_ms() - 90_000_000)
    assert wallet(service, old).status_code == 401
    # It is taken for a minute longer.
    short = signer.mint("eve", now_ms=CLOCK.now_ms(), lifetime_s=-57)
    assert wallet(service, short).status_code == 200
    wait_for(lambda: wallet(service, short).status_code == 401, what="the expiry")


def test_a_staff_token_is_stored_hashed_and_listed_without_itself(
    service: Service,
) -> None:
    """Neither the database nor the list could be used to sign in."""
    token = service.staff_token("line", name="Lin of Seven", line="line-7")
    # Either part may hold underscores of its own, but for the token's id.
    secret = token.split("_", 3)[3]
    assert len(secret) == 32
    listed = service.cli("token", "list")
    assert secret not in listed
    [row] = [row for row in json.loads(listed) if row["person"] == "Lin of Seven"]
    # An id that began with a hyphen was once taken for an option of `token revoke`.
    assert int(row["token_id"], 16) >= 0
    assert (row["role"], row["line"]) == ("line", "line-7")
    dump = str(service.query("SELECT * FROM staff_tokens"))
    assert secret not in dump
    assert service.get("/v1/batches/1", token).status_code in {200, 404}


def test_a_revoked_staff_token_stops_working_on_every_worker(service: Service) -> None:
    """Within seconds, also where it was remembered."""
    token = service.staff_token("issuer", name="Who Leaves")
    for _ in range(6):
        with service.client() as client:
            headers = {"authorization": f"Bearer {token}"}
            assert client.get("/v1/batches/1", headers=headers).status_code == 200
    rows = json.loads(service.cli("token", "list"))
    [row] = [row for row in rows if row["person"] == "Who Leaves"]
    service.cli("token", "revoke", row["token_id"])

    def refused_everywhere() -> bool:
        seen = set()
        for _ in range(6):
            with service.client() as client:
                headers = {"authorization": f"Bearer {token}"}
                seen.add(client.get("/v1/batches/1", headers=headers).status_code)
        return seen == {401}

    wait_for(refused_everywhere, what="the refusal")
    assert service.run("token", "revoke", "no-such-token").returncode == 2


def test_a_staff_token_with_a_wrong_secret_is_refused(service: Service) -> None:
    """The id alone, or another's secret, opens nothing."""
    token = service.issuer
    only_id = token.removesuffix(token.split("_", 3)[3])
    for wrong in (token[:-1], token + "x", only_id, token[:20]):
        answer = service.get("/v1/batches/1", wrong)
        assert answer.status_code == 401


def test_an_expired_staff_token_is_refused(service: Service) -> None:
    """Its last day is over."""
    token = service.expired_token("issuer", name="Temp")
    assert service.get("/v1/batches/1", token).status_code == 401


def test_tokens_are_narrowed_to_their_brand_and_line(service: Service) -> None:
    """What is out of scope does not exist for them."""
    ours, other = service.issue(1), service.issue(1, gtin=None, line="line-9")
    rival = service.staff_token("issuer", name="Rival", brand="Other Brand")
    line = service.staff_token("line", name="Liu", line="line-3")
    hidden = f"/v1/batches/{ours['batch_id']}"
    assert service.get(hidden, rival).status_code == 404
    for path, token in ((hidden, rival), (f"/v1/batches/{other['batch_id']}", line)):
        assert service.post(f"{path}/activations", {}, token).status_code == 404
        void = {"reason": "mine"}
        assert service.post(f"{path}/voids", void, token).status_code == 404
    product = {"gtin": "06901234567021", "name": "n", "brand": "Demo Dairy"}
    assert service.post("/v1/products", product, rival).status_code == 422
    order = {"quantity": 1, "gtin": ours["gtin"]}
    assert service.post("/v1/batches", order, rival).status_code == 422


@pytest.mark.parametrize(
    ("role", "scope"),
    [
        ("admin", "brand"),
        ("issuer", "store"),
        ("analyst", "line"),
        ("app", "line"),
        ("printhouse", "store"),
    ],
)
def test_a_scope_that_narrows_nothing_is_refused(
    service: Service, role: str, scope: str
) -> None:
    """Nobody trusts a token to be narrow that is not."""
    done = service.run("token", "staff", "--role", role, "--name", "x", f"--{scope}=y")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"A {scope} narrows nothing for the role {role}" in done.stderr


def test_a_token_without_a_name_is_a_fresh_person_each_time(service: Service) -> None:
    """Four eyes compare persons, so the demo's tokens must differ in them."""
    before = {r["person"] for r in json.loads(service.cli("token", "list"))}
    service.cli("token", "staff", "--role", "issuer")
    service.cli("token", "staff", "--role", "issuer")
    after = {r["person"] for r in json.loads(service.cli("token", "list"))}
    assert len(after - before) == 2
