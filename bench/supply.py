"""What the scan bench sends: codes, members and the requests made of them."""

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from bench.serving import CROWNCAP, ROOT
from codegen.domain import ALPHABET, CODE_SYMBOLS

GTIN: Final = "06901234567892"
CAMPAIGN: Final = "demo-points"
COMMAND_S: Final = 900
TOKENS_A_CALL: Final = 20_000
# Fewer invalid codes from one address than the throttle of 5 in a minute allows.
FORGED_AN_ADDRESS: Final = 3
MIX: Final = {"new": 0.7, "repeat": 0.2, "forged": 0.1}


@dataclass(frozen=True, slots=True)
class Cap:
    """A code and the member whom its request names."""

    code: str
    member: int


@dataclass(frozen=True, slots=True)
class Shot:
    """One request, and the outcome that alone is right."""

    request: bytes
    outcome: str
    cap: Cap | None = None


def run_crowncap(data: Path, *arguments: str) -> str:
    """Run a command on the running installation; returns its standard output."""
    done = subprocess.run(  # noqa: S603 - our own program
        [CROWNCAP, *arguments, "--data-dir", data],
        check=False,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        cwd=ROOT,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr)[-2000:]
        raise RuntimeError(f"crowncap {arguments[:2]} failed: {said}")
    return done.stdout


def issue_codes(
    data: Path, quantity: int, *, campaign: str = CAMPAIGN, lot: str = ""
) -> list[str]:
    """Issue, activate and export a batch; returns its codes in no order."""
    order = ["--quantity", str(quantity), "--gtin", GTIN, "--campaign", campaign]
    order += ["--lot", lot] if lot else []
    batch = json.loads(run_crowncap(data, "batch", "issue", *order))["batch_id"]
    run_crowncap(data, "batch", "activate", str(batch))
    with tempfile.TemporaryDirectory(prefix="crowncap-bench-") as out:
        command = ["export", str(batch), "--preset", "lines", "--out", out]
        path = json.loads(run_crowncap(data, "batch", *command))["path"]
        links = Path(path).read_text(encoding="ascii").split()
    codes = [link.rpartition("/")[2] for link in links]
    # Caps of one carton are not scanned one after the other.
    order_of_sale = np.random.default_rng(1).permutation(len(codes))
    return [codes[n] for n in order_of_sale]


def mint_tokens(data: Path, members: int) -> list[str]:
    """Mint a token a member."""
    tokens: list[str] = []
    for start in range(0, members, TOKENS_A_CALL):
        ids = [name_of(n) for n in range(start, min(members, start + TOKENS_A_CALL))]
        tokens += run_crowncap(data, "token", "member", *ids).split()
    return tokens


def name_of(member: int) -> str:
    """Name a member."""
    return f"member-{member:06d}"


def mint_app_token(data: Path) -> str:
    """Mint a token for a backend that scans for its users."""
    order = ["--role", "app", "--name", "bench"]
    return run_crowncap(data, "token", "staff", *order).strip()


def request_of(
    path: str,
    code: str,
    address: str,
    token: str,
    device: str,
    *,
    headers: str = "",
    more: str = "",
) -> bytes:
    """Write one request, as a phone's browser behind a proxy sends it.

    `more` is what else is in the body, from a comma on.
    """
    body = f'{{"code":"{code}"'
    if device:
        body += f',"device_id":"{device}"'
    body += more + "}"
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"POST {path} HTTP/1.1\r\nHost: bench.example\r\n"
        "Content-Type: application/json\r\nAccept-Language: zh-CN,zh;q=0.9\r\n"
        f"{authorization}{headers}X-Forwarded-For: {address}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


@dataclass(slots=True)
class Supply:
    """Hands out shots; codes and new members are used once, in order."""

    codes: list[str]
    tokens: list[str]
    app_token: str = ""
    # Members that have scanned before, the first `known` of them.
    known: int = 0
    claimed: list[Cap] = field(default_factory=list)
    _code: int = 0
    _member: int = 0
    _repeat: int = 0
    _forged: int = 0
    _dice: np.random.Generator = field(default_factory=lambda: np.random.default_rng(2))

    def first_timers(self, path: str, count: int) -> list[Shot]:
        """Give new codes to members who were never seen."""
        members = range(self.known, min(self.known + count, len(self.tokens)))
        return self._new(path, list(members))

    def new(self, path: str, count: int) -> list[Shot]:
        """Give new codes to members who have scanned before."""
        return self._new(path, self._scanned_before(count))

    def keyed(self, path: str, count: int) -> list[Shot]:
        """Give new codes as `new` does, each with an idempotency key."""
        return self._new(path, self._scanned_before(count), self._keyed)

    def by_app(self, path: str, count: int) -> list[Shot]:
        """Give new codes to the same members, whose app's backend asks."""
        return self._new(path, self._scanned_before(count), self._by_app)

    def placed(self, path: str, count: int) -> list[Shot]:
        """Give new codes as `new` does, each with a position."""
        return self._new(path, self._scanned_before(count), self._placed)

    def _scanned_before(self, count: int) -> list[int]:
        known = max(1, self.known)
        return [(self._member + n) % known for n in range(count)]

    def _new(
        self,
        path: str,
        members: list[int],
        write: Callable[[str, Cap], bytes] | None = None,
    ) -> list[Shot]:
        codes = self.codes[self._code : self._code + len(members)]
        if len(codes) < len(members):
            raise RuntimeError("The bench has used up its codes; issue more.")
        return [
            self._shot(path, Cap(code, member), "rewarded", write)
            for code, member in zip(codes, members, strict=True)
        ]

    def repeats(self, path: str, count: int) -> list[Shot]:
        """Scan claimed codes again: half by their owners, half by others."""
        shots = []
        for n in range(self._repeat, self._repeat + count):
            cap = self.claimed[n % len(self.claimed)]
            # Somebody who does not scan a cap of his own at the same moment.
            other = (cap.member + self.known // 2) % self.known
            member = cap.member if n % 2 else other
            shots.append(self._shot(path, Cap(cap.code, member), "already_claimed"))
        return shots

    def forged(self, path: str, count: int) -> list[Shot]:
        """Guess, anonymously and from ever new addresses."""
        shots = []
        for n in range(self._forged, self._forged + count):
            symbols = self._dice.integers(0, len(ALPHABET), CODE_SYMBOLS)
            code = "".join(ALPHABET[symbol] for symbol in symbols)
            address = address_of(101, n // FORGED_AN_ADDRESS)
            request = request_of(path, code, address, "", "")
            shots.append(Shot(request, "invalid"))
        return shots

    def mixed(self, path: str, count: int) -> list[Shot]:
        """Mix 70 % new, 20 % repeated and 10 % forged codes."""
        kinds = self._dice.choice(list(MIX), count, p=list(MIX.values())).tolist()
        sizes = Counter(kinds)
        stacks = {
            "new": iter(self.new(path, sizes["new"])),
            "repeat": iter(self.repeats(path, sizes["repeat"])),
            "forged": iter(self.forged(path, sizes["forged"])),
        }
        return [next(stacks[kind]) for kind in kinds]

    def _shot(
        self,
        path: str,
        cap: Cap,
        outcome: str,
        write: Callable[[str, Cap], bytes] | None = None,
    ) -> Shot:
        return Shot((write or self._plain)(path, cap), outcome, cap)

    def _plain(
        self, path: str, cap: Cap, *, headers: str = "", more: str = ""
    ) -> bytes:
        return request_of(
            path,
            cap.code,
            address_of(11, cap.member),
            self.tokens[cap.member],
            f"device-{cap.member:06d}",
            headers=headers,
            more=more,
        )

    def _keyed(self, path: str, cap: Cap) -> bytes:
        return self._plain(path, cap, headers=f"Idempotency-Key: bench-{cap.code}\r\n")

    def _placed(self, path: str, cap: Cap) -> bytes:
        lat, lon = 22 + cap.member % 1800 / 100, 98 + cap.member % 2300 / 100
        position = f'{{"lat":{lat},"lon":{lon},"accuracy_m":25}}'
        return self._plain(path, cap, more=f',"position":{position}')

    def _by_app(self, path: str, cap: Cap) -> bytes:
        context = {
            "ip": address_of(11, cap.member),
            "user_agent": "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50",
            "channel": "mini-program",
            "entry": "camera",
            "risk_rank": 0,
        }
        told = {"member_id": name_of(cap.member), "context": context}
        more = "," + json.dumps(told, separators=(",", ":"))[1:-1]
        device = f"device-{cap.member:06d}"
        return request_of(path, cap.code, "10.0.0.1", self.app_token, device, more=more)

    def use_up(self, fired: list[Shot]) -> None:
        """Learn what was sent; the rest may be handed out again."""
        for shot in fired:
            if shot.outcome == "rewarded" and shot.cap is not None:
                self._code += 1
                self._member += 1
                self.known = max(self.known, shot.cap.member + 1)
                self.claimed.append(shot.cap)
            elif shot.outcome == "already_claimed":
                self._repeat += 1
            else:
                self._forged += 1


def address_of(first: int, number: int) -> str:
    """Give the address with that number below FIRST.0.0.0."""
    return f"{first}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
