"""Scans that earn of two campaigns, beside scans that earn points, on one server.

Caps of a festival earn points and a coupon of a campaign with a budget and caps, and
what a chance comes to of another, which has caps of its own. Rounds alternate, from 64
connections of a process of its own; the figure is the median of the rounds' ratios.
Every answer must have the right outcome, and `crowncap audit` must end clean.

Environment: `CROWNCAP_BENCH_SECONDS` (3), `CROWNCAP_BENCH_ROUNDS` (5).
"""

import json
import os
import statistics
import urllib.request
from pathlib import Path
from typing import Any, Final

from bench.measure import rounded
from bench.rig import Target, fire
from bench.serving import CROWNCAP, free_port, scratch_data, started, wait_until_ready
from bench.supply import (
    Supply,
    issue_codes,
    mint_tokens,
    run_crowncap,
)

MEMBERS: Final = 5_000
CODES_PER_S: Final = 6_000
FIRST_TIME_S: Final = 60.0
FESTIVAL: Final = "bench-festival"
LUCK: Final = "bench-luck"
LOT: Final = "BENCH"


def run() -> dict[str, object]:
    """Return scans a second of both kinds, and the median of their ratios."""
    seconds = float(os.environ.get("CROWNCAP_BENCH_SECONDS", "3"))
    rounds = int(os.environ.get("CROWNCAP_BENCH_ROUNDS", "5"))
    port = free_port()
    with scratch_data() as data:
        log = data.parent / "server.log"
        up: list[str | Path] = [CROWNCAP, "up", "--demo", "--no-week", "--workers", "1"]
        up += ["--port", str(port), "--data-dir", data]
        with started(up, log, {}) as process:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(process, f"{url}/health/ready", log)
            _add_campaigns(data, url)
            target = Target(port, (process.pid,))
            return _measure(data, target, seconds, rounds)


def _measure(
    data: Path, target: Target, seconds: float, rounds: int
) -> dict[str, object]:
    each = round(seconds * CODES_PER_S)
    tokens = mint_tokens(data, MEMBERS)
    plain = Supply(issue_codes(data, MEMBERS + rounds * each), tokens)
    festive = Supply(
        issue_codes(data, MEMBERS + rounds * each, campaign=FESTIVAL, lot=LOT), tokens
    )
    kinds = {"points": plain, "rewards": festive}
    for supply in kinds.values():
        shots = supply.first_timers("/v1/scans", MEMBERS)
        _, sent = fire(data, target, shots, FIRST_TIME_S)
        supply.use_up(shots[:sent])
    rates: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, supply in kinds.items():
            shots = supply.new("/v1/scans", each)
            run_, sent = fire(data, target, shots, seconds)
            supply.use_up(shots[:sent])
            rates[name].append(run_.rate)
    run_crowncap(data, "audit")
    ratios = [b / a for a, b in zip(*rates.values(), strict=True)]
    return {
        "rounds": rounds,
        **{f"{k}_per_s": rounded(statistics.median(v)) for k, v in rates.items()},
        "of_points_alone": rounded(statistics.median(ratios)),
    }


def _add_campaigns(data: Path, url: str) -> None:
    """Add a pool and two campaigns, as two marketers do."""
    marketers = [
        run_crowncap(data, "token", "staff", "--role", "marketer", "--name", name)
        for name in ("mona", "max")
    ]
    mona, another = (token.strip() for token in marketers)
    pool = {
        "pool_id": "bench",
        "name": "Five off",
        "stock": 10**9,
        "benefit": {"kind": "amount_off", "minor": 500},
    }
    _post(f"{url}/v1/coupon-pools", pool, mona)
    table = [
        _tier("gold", 10, {"kind": "gift", "name": "Mug"}, stock=1_000),
        _tier("silver", 200_000, {"kind": "coupon", "pool_id": "bench"}),
        _tier("bronze", 300_000, {"kind": "points", "amount": 1}),
    ]
    festival = {
        "offers": [
            {"offer_id": "points", "kind": "points", "amount": 5},
            {"offer_id": "coupon", "kind": "coupon", "pool_id": "bench"},
        ],
        "budget": {"points": 10**12},
        "caps": [{"per": "member_day", "of": "points", "most": 10**9}],
    }
    luck = {
        "applies_to": "all",
        "when": {"fact": "lot", "op": "==", "value": LOT},
        "order": 200,
        "offers": [{"offer_id": "luck", "kind": "chance", "table": table}],
        "caps": [{"per": "day", "of": "claims", "most": 10**9}],
    }
    for campaign_id, terms in ((FESTIVAL, festival), (LUCK, luck)):
        named = {
            "campaign_id": campaign_id,
            "starts_at": "2026-01-01",
            "name": {"zh": campaign_id, "en": campaign_id},
        }
        _post(f"{url}/v1/campaigns", named | terms, mona)
        path = f"{url}/v1/campaigns/{campaign_id}"
        _post(f"{path}/approvals", {"version": 1}, another)
        _post(f"{path}/activations", {"version": 1}, mona)


def _tier(
    tier_id: str, per_million: int, gives: dict[str, Any], **more: int
) -> dict[str, Any]:
    named = {"tier_id": tier_id, "name": tier_id, "per_million": per_million}
    return named | {"gives": gives} | more


def _post(url: str, body: dict[str, Any], token: str) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(  # noqa: S310 - our own server
        url, json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
        answer.read()
