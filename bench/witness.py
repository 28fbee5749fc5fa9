"""Scans over HTTP under faults, every answer kept and held against the database."""

import asyncio
import contextlib
import random  # noqa: TID251 - a bench seeds its own dice
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import httpx
import psycopg

PATIENCE_S: Final = 8.0
CLIENTS: Final = 24
PAYING: Final = frozenset({"rewarded", "held"})


@dataclass(slots=True)
class Sent:
    """One request and what came back; `status` 0 when nothing did."""

    code: str
    member: str
    sent_s: float
    status: int = 0
    body: dict[str, Any] = field(default_factory=dict)
    took_s: float = 0.0

    @property
    def outcome(self) -> str:
        """The outcome, or the status of an answer without one."""
        return str(self.body.get("outcome") or self.status)


@dataclass(slots=True)
class Witness:
    """Sends scans until told, and remembers everything that was acknowledged.

    A third of the codes are sent again by their member, a tenth by another one too at
    the same time, and half of the requests carry an idempotency key.
    """

    base_url: str
    codes: Iterator[str]
    tokens: dict[str, str]
    seed: int
    sent: list[Sent] = field(default_factory=list)
    running: bool = True

    async def run(self) -> None:
        """Send from many clients until `running` is false."""
        limits = httpx.Limits(max_connections=CLIENTS * 2)
        async with httpx.AsyncClient(
            base_url=self.base_url, limits=limits, timeout=PATIENCE_S, trust_env=False
        ) as client:
            await asyncio.gather(*(self._client(client, n) for n in range(CLIENTS)))

    async def _client(self, client: httpx.AsyncClient, number: int) -> None:
        dice = random.Random(self.seed * 1_000 + number)
        members = list(self.tokens)
        while self.running:
            code, member = next(self.codes), dice.choice(members)
            rivals = [member]
            if dice.random() < 0.1:
                rivals.append(dice.choice(members))
            await asyncio.gather(*(self._scan(client, code, m, dice) for m in rivals))
            if dice.random() < 0.3:
                await self._scan(client, code, member, dice)

    async def _scan(
        self, client: httpx.AsyncClient, code: str, member: str, dice: random.Random
    ) -> None:
        one = Sent(code, member, time.monotonic())
        self.sent.append(one)
        headers = {
            "authorization": f"Bearer {self.tokens[member]}",
            "x-forwarded-for": f"10.{dice.randrange(256)}.{dice.randrange(256)}.9",
        }
        if dice.random() < 0.5:
            headers["idempotency-key"] = f"{code}-{member}"
        with contextlib.suppress(httpx.HTTPError):
            answer = await client.post(
                "/v1/scans", json={"code": code}, headers=headers
            )
            one.status = answer.status_code
            if answer.headers.get("content-type", "").startswith("application/json"):
                one.body = answer.json()
        one.took_s = time.monotonic() - one.sent_s
        if one.status != 200:
            await asyncio.sleep(0.05)

    def silences(self) -> list[tuple[float, float]]:
        """List (moment, length) of times over 2 s in which nobody had an outcome."""
        ends = sorted(s.sent_s + s.took_s for s in self.sent if s.body.get("outcome"))
        return [
            (before, after - before)
            for before, after in pairwise(ends)
            if after - before > 2
        ]


# What the database says ---------------------------------------------------------------

_CLAIMS: Final = """
    SELECT k.scan_id, k.code_id, m.member_id, s.outcome, s.points
    FROM claims AS k JOIN members AS m USING (member_no)
    JOIN scans AS s ON s.scan_id = k.scan_id AND s.code_id = k.code_id
    WHERE k.scan_id >= %s
"""


def compare(
    sent: list[Sent], database_url: str, first_scan_id: int
) -> dict[str, object]:
    """Hold every acknowledged answer against the database; returns counts of wrongs."""
    with psycopg.connect(database_url) as conn:
        claims = {
            str(scan_id): (member, outcome, points)
            for scan_id, _, member, outcome, points in conn.execute(
                _CLAIMS, (first_scan_id,)
            )
        }
    lost: list[str] = []
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for one in sent:
        mine = one.outcome in PAYING or one.body.get("by_you")
        if not mine:
            continue
        owners[one.code].add(one.member)
        claim = claims.get(one.body["scan_id"])
        if claim is None or claim[0] != one.member:
            lost.append(one.code)
        elif one.outcome == "rewarded":
            earned = sum(r["amount"] for r in one.body["rewards"])
            if claim[1:] != ("rewarded", earned):
                lost.append(one.code)
    twice = [code for code, members in owners.items() if len(members) > 1]
    return {
        "acknowledged_claims": len(owners),
        "lost": len(lost),
        "paid_to_two": len(twice),
        "wrong_examples": " ".join([*lost, *twice][:5]),
    }


def outcomes_of(sent: list[Sent]) -> dict[str, int]:
    """Count how requests ended; `0` is no answer."""
    return dict(Counter(one.outcome for one in sent).most_common())
