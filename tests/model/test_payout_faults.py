"""What a payer has paid against what the ledger says: each payout once, and no other.

Real processes: senders that are killed at every step of a payout and at any moment, and
a payer that times out, tells lies and forgets, by a seed.
"""

import asyncio
import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random  # noqa: TID251 - seeded here

import pytest

from core.auth.principal import Role, Staff
from core.errors import Conflict
from crowncap.payout_simulator.dice import FAULTS
from crowncap.wechat_pay.terms import load_wechat_pay
from rewards.domain.payouts import bill_no_of
from tests.fixtures.mortal_senders import PayerProcess, start_sender
from tests.fixtures.payouts import RedPackets

SUPPORT = Staff("s", "sara", Role.SUPPORT)
# More than a payout takes: the last of these live on until they are killed.
STEPS = 34
WITHIN_S = 120


def figures_of(payer: PayerProcess) -> dict[str, object]:
    """Ask a payer what it has paid."""
    url = load_wechat_pay(payer.terms).terms.url + "/simulator/bills"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - it is ours
        told: dict[str, object] = json.load(answer)
    return told


async def all_over(packets: RedPackets) -> dict[int, str]:
    """Wait until no payout goes on."""
    for _ in range(WITHIN_S * 10):
        states = await packets.states()
        if set(states.values()) <= {"paid", "failed", "cancelled"}:
            return states
        await asyncio.sleep(0.1)
    raise AssertionError(Counter((await packets.states()).values()))


async def check(packets: RedPackets, payer: PayerProcess) -> Counter[str]:
    """Hold the ledger to what was paid; tells how many ended how."""
    states = await all_over(packets)
    wanted = [bill_no_of(p) for p, state in states.items() if state == "paid"]
    assert Counter(figures_of(payer)["paid"]) == Counter(wanted)  # type: ignore[call-overload]
    await packets.check_books()
    told = await packets.told()
    assert {p: each[-1] for p, each in told.items()} == states
    return Counter(states.values())


@contextmanager
def killing(processes: list[BaseProcess]) -> Iterator[None]:
    """Kill what is left at the end."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


async def test_killed_between_any_two_steps_each_is_paid_once(
    packets: RedPackets, tmp_path: Path
) -> None:
    """One sender for each step, which dies there; one that lives takes up the rest."""
    url = packets.ground.database_url
    processes: list[BaseProcess] = []
    with PayerProcess(tmp_path / "payer", 0, {}) as payer, killing(processes):
        died = awarded = 0
        for step in range(1, STEPS + 1):
            name = f"m{step}"
            await packets.award(name)
            await packets.pay_to(name)
            mortal = start_sender(url, payer.terms, 100 + step, dies_at=step)
            processes.append(mortal)
            # However slow the machine; who never gets so far is the last.
            await asyncio.to_thread(mortal.join, 20)
            awarded = step
            if mortal.exitcode != -9:
                mortal.kill()
                break
            died += 1
        assert died > STEPS // 2
        processes.append(start_sender(url, payer.terms, 99))
        assert await check(packets, payer) == {"paid": awarded}


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_goes_wrong_each_is_paid_once_or_given_back(
    packets: RedPackets, tmp_path: Path, seed: int
) -> None:
    """Two senders killed at any moment, support that cancels, a payer that lies."""
    random = Random(seed)  # noqa: S311 - a seeded test
    url = packets.ground.database_url
    names = [f"m{n}" for n in range(40)]
    payouts = await packets.award(*names)
    odds = dict.fromkeys(FAULTS, 0.15)
    processes: list[BaseProcess] = []
    with (
        PayerProcess(tmp_path / "payer", seed, odds) as payer,
        killing(processes),
    ):
        processes += [start_sender(url, payer.terms, 10 + n) for n in range(2)]
        await packets.pay_to(*names)
        for round_ in range(12):
            await asyncio.sleep(random.uniform(0.1, 0.8))
            victim = round_ % 2
            processes[victim].kill()
            processes[victim].join()
            processes[victim] = start_sender(url, payer.terms, 20 + round_)
            with suppress(Conflict):
                await _cancel(packets, random.choice(payouts))
        ended = await check(packets, payer)
    assert ended["paid"] > 10
    assert ended["failed"] + ended["cancelled"] > 0


async def _cancel(packets: RedPackets, payout_id: int) -> None:
    async with packets.ground.engine.begin() as conn:
        await packets.ends.cancel(
            conn, payout_id, reason="a test", staff=SUPPORT, now=packets.clock.now
        )
