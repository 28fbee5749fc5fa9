"""Tickets and cards of scans against a plain model, from two workers, up to a draw."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.ids import random_token
from rewards.domain.holds import Resolution
from tests.fixtures.cards import Album
from tests.fixtures.claims import Claims, Json, card, ticket
from tests.fixtures.coupons import SetClock
from tests.fixtures.draws import Raffle
from tests.fixtures.ground import CLOCK, Ground, prepare_ground
from tests.fixtures.taking import Taking

CODES, MEMBERS, EACH = 14, 3, 2
Pairs = list[tuple[int, int]]
BATCH = st.builds(
    lambda codes, members: list(zip(codes, members, strict=False)),
    st.lists(st.integers(0, CODES - 1), min_size=1, max_size=MEMBERS, unique=True),
    st.permutations(range(1, MEMBERS + 1)),
)


class TicketsMachine(RuleBasedStateMachine):
    """Scans, one batch or two at once; holds and their ends; the draw, once."""

    claims: Claims
    raffle: Raffle
    album: Album
    runner: asyncio.Runner

    def run(self, work: Any) -> Any:
        """Run async work to its end."""
        return self.runner.run(work)

    @initialize(most=st.integers(1, 9))
    def begin(self, most: int) -> None:
        """Let a campaign give two tickets and a card, of which there are two."""
        self.most, self.is_drawn = most, False
        self.claimed: set[int] = set()
        self.room = Counter(dict.fromkeys(range(1, MEMBERS + 1), most))
        self.tickets: Counter[str] = Counter()
        self.cards: Counter[tuple[int, str]] = Counter()
        self.complete: Counter[int] = Counter()
        self.held: dict[int, tuple[int, int, str]] = {}
        self.run(self._begin())

    async def _begin(self) -> None:
        name = random_token(9)
        self.draw = await self.raffle.make(name, most_tickets=self.most)
        await self.album.set(name, ("a", "b"))
        offers = ticket(name, EACH), card(name)
        await self.claims.campaign(name, *offers, applies_to="bound")
        ground = self.claims.ground
        codes = await ground.live(CODES, campaign_id=name)
        people = await ground.members(*(f"{name}-{n}" for n in range(MEMBERS)))
        self.taking = Taking(
            *(self.claims, name, codes, people),
            lambda cards, code_id: cards.cards[code_id % 2],
        )
        await self.taking.start()

    @rule(pairs=BATCH, worker=st.integers(0, 1), held=st.booleans())
    def scan(self, pairs: Pairs, worker: int, *, held: bool) -> None:
        """One worker takes a batch."""
        self._note(pairs, self.run(self.taking.take(worker, pairs, held=held)))

    @rule(one=BATCH, other=BATCH)
    def scan_at_once(self, one: Pairs, other: Pairs) -> None:
        """Two workers at once, one of which holds what it pays."""

        async def both() -> list[list[Json]]:
            takes = (
                self.taking.take(0, one, held=False),
                self.taking.take(1, other, held=True),
            )
            return list(await asyncio.gather(*takes))

        first, second = self.run(both())
        self._note([*one, *other], [*first, *second])

    def _note(self, pairs: Pairs, told: list[Json]) -> None:
        """Hold answers against the model; a code is won once, a limit never passed."""
        paid = {"rewarded", "held"}
        won: list[tuple[int, int, Json]] = []
        for (code, member), answer in zip(pairs, told, strict=True):
            if answer["outcome"] in paid:
                assert code not in self.claimed
                self.claimed.add(code)
                won.append((code, member, answer))
        assert {code for code, _ in pairs} <= self.claimed
        wins = Counter(member for _, member, _ in won)
        given: Counter[int] = Counter()
        for code, member, answer in won:
            rewards = {each["kind"]: each for each in answer["rewards"]}
            amount = rewards.get("ticket", {"amount": 0})["amount"]
            got = rewards["card"]["card_id"]
            assert got == "ab"[self.taking.codes[code] % 2]
            given[member] += amount
            if answer["outcome"] == "held":
                assert not rewards["card"]["completes"]
                self.held[int(answer["scan_id"])] = member, amount, got
            else:
                self.tickets["valid"] += amount
                self.cards[member, got] += 1
                self.complete[member] += rewards["card"]["completes"]
        for member, count in wins.items():
            most = 0 if self.is_drawn else self.room[member] // EACH
            assert given[member] == EACH * min(count, most)
        self.room -= given

    @precondition(lambda self: self.held)
    @rule(data=st.data(), resolution=st.sampled_from(Resolution))
    def end_a_hold(self, data: st.DataObject, resolution: Resolution) -> None:
        """Post or void all of a scan; tickets come too late for a draw that is over."""
        scan_id = data.draw(st.sampled_from(sorted(self.held)))
        member, amount, got = self.held.pop(scan_id)
        assert self.run(self.claims.resolve(scan_id, by=resolution)) == 1
        if resolution is Resolution.VOIDED:
            self.tickets["void"] += amount
            self.room[member] += amount
            return
        self.tickets["late" if self.is_drawn else "valid"] += amount
        self.cards[member, got] += 1
        has_both = self.cards[member, "a"] and self.cards[member, "b"]
        self.complete[member] = max(self.complete[member], int(bool(has_both)))

    @precondition(lambda self: len(self.claimed) > 3 and not self.is_drawn)
    @rule()
    def be_drawn(self) -> None:
        """Draw; nothing is added any more."""
        self.run(self.raffle.draw(self.draw))
        self.is_drawn = True

    @invariant()
    def tickets_and_cards_agree(self) -> None:
        """So do tables; who has both cards has completed the set, once."""
        if not hasattr(self, "taking"):
            return
        rows = self.claims.ground.rows
        states = self.run(
            rows(
                "SELECT state, sum(amount)::int FROM draw_tickets WHERE state <> 'held'"
                f" AND draw_no = {self.draw.draw_no} GROUP BY state"
            )
        )
        assert dict(states) == +self.tickets
        [(counted,)] = self.run(
            rows(
                f"SELECT tickets FROM draw_counters WHERE draw_no = {self.draw.draw_no}"
            )
        )
        assert counted == self.tickets["valid"]
        people = dict(enumerate(self.taking.people, 1))
        numbers = ",".join(map(str, people.values()))
        had = self.run(
            rows(
                "SELECT member_no, card_id, available::int FROM balances"
                " JOIN cards USING (unit)"
                f" WHERE available > 0 AND member_no IN ({numbers})"
            )
        )
        assert {(m, c): n for m, c, n in had} == {
            (people[member], got): count
            for (member, got), count in self.cards.items()
            if count
        }
        done = self.run(
            rows(
                "SELECT member_no FROM collected_sets WHERE completed_at IS NOT NULL"
                f" AND member_no IN ({numbers})"
            )
        )
        both = {m for m in people if self.cards[m, "a"] and self.cards[m, "b"]}
        assert {number for (number,) in done} == {people[member] for member in both}
        assert +self.complete == Counter(both)

    def teardown(self) -> None:
        """Let the connections go."""
        if hasattr(self, "taking"):
            self.run(self.taking.close())


@pytest.fixture
def grounded(
    database_url: str, tmp_path: Path
) -> Iterator[tuple[asyncio.Runner, Ground]]:
    """Give a database and the loop that its connections live in; ends sound."""
    with asyncio.Runner() as runner:
        ground: Ground = runner.run(prepare_ground(database_url, tmp_path))
        runner.run(ground.rules())
        yield runner, ground
        assert runner.run(ground.audit()) == []
        runner.run(ground.close())


def test_tickets_and_cards_are_what_a_model_says(
    grounded: tuple[asyncio.Runner, Ground],
) -> None:
    """Any order of batches, of holds and their ends, before the draw and after it."""
    loop, ground = grounded
    clock = SetClock(CLOCK.now_ms())

    class Grounded(TicketsMachine):
        runner = loop
        claims, raffle, album = (
            Claims(ground),
            Raffle(ground, clock),
            Album(ground, clock),
        )

    run_state_machine_as_test(
        Grounded,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=[Phase.generate],  # fifteen steps read well; shrinking takes long
        ),
    )
