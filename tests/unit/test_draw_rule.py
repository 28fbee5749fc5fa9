"""The rule of draws: known answers, fairness, and a file that tells every change."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.domain.draws.publishing import (
    Verifier,
    verify,
    write_header,
    write_tickets,
    write_winners,
)
from rewards.domain.draws.rule import TicketDigest, commit_to, draw_places
from rewards.domain.draws.terms import Draw, Entry, Prize, Result, parse_pair
from rewards.domain.draws.tickets import number_tickets, seal_tickets
from tests.fixtures.draw_verifier import redraw

VECTOR = Path(__file__).parents[1] / "vectors" / "draw-1.jsonl"
KNOWN = Path(__file__).parents[1] / "vectors" / "draw-rule-1.json"
SEED = bytes(range(32))
AT = datetime(2027, 1, 1, tzinfo=UTC)
PRIZES = (Prize("car", "A car", 1), Prize("cup", "A cup", 9))


def publish(
    stretches: list[tuple[int, int]], prizes: tuple[Prize, ...] = PRIZES
) -> list[bytes]:
    """Draw, and give the lines of the file."""
    tickets = number_tickets(b"k" * 16, stretches)
    digest = TicketDigest()
    digest.add(tickets)
    quantity = sum(prize.quantity for prize in prizes)
    places = draw_places(SEED, digest.value(), tickets=len(tickets), prizes=quantity)
    draw = Draw(
        *(1, "spring", "Spring", None, AT, AT, AT, Entry.OPEN, None, 7),
        commit_to(SEED),
        prizes,
        len(tickets),
    )
    result = Result(SEED, len(tickets), digest.value(), AT, AT)
    winners = [tickets[place][0] for place in places]
    content = (
        write_header(draw, result)
        + write_tickets(tickets)
        + write_winners(draw, winners)
    )
    return content.splitlines(keepends=True)


def test_known_answers_never_change() -> None:
    """What was drawn once has to come out the same for ever."""
    for each in json.loads(KNOWN.read_text()):
        seed, digest = (bytes.fromhex(each[name]) for name in ("seed", "digest"))
        assert commit_to(seed).hex() == each["commitment"]
        places = draw_places(
            seed, digest, tickets=each["tickets"], prizes=each["prizes"]
        )
        assert places == each["places"]


def test_codes_of_tickets_never_change() -> None:
    """A member has written them down."""
    numbers = np.array([1, 2, 1 << 40], np.uint64)
    assert seal_tickets(bytes(range(16)), numbers) == [
        "ED3175CNR2T1",
        "97B8EMWSKEK8",
        "5TFXE6P895N0",
    ]


def test_the_vector_is_verified_here_and_by_an_outsider() -> None:
    """Whose program knows docs/draws.md, and nothing of ours."""
    lines = VECTOR.read_bytes().splitlines(keepends=True)
    assert verify(lines).differences == ()
    assert redraw(VECTOR) == []
    assert publish([(1, 20), (31, 5)]) == lines


@given(
    tickets=st.integers(0, 40), prizes=st.integers(0, 50), seed=st.binary(min_size=1)
)
def test_each_prize_has_a_winner_while_there_are_tickets(
    tickets: int, prizes: int, seed: bytes
) -> None:
    places = draw_places(seed, bytes(32), tickets=tickets, prizes=prizes)
    assert len(places) == len(set(places)) == min(tickets, prizes)
    assert all(0 <= place < tickets for place in places)


def test_each_ticket_wins_as_often_as_another() -> None:
    """A thousand seeds, ten tickets: within five standard deviations."""
    wins = [0] * 10
    for seed in range(1_000):
        digest = hashlib.sha256(bytes([seed % 256, seed // 256])).digest()
        for place in draw_places(SEED, digest, tickets=10, prizes=3):
            wins[place] += 1
    assert all(abs(each - 300) < 5 * (1_000 * 0.3 * 0.7) ** 0.5 for each in wins)


@given(
    sizes=st.lists(st.integers(1, 9), max_size=9),
    cuts=st.integers(1, 5),
)
def test_a_file_is_read_in_pieces_of_any_size(sizes: list[int], cuts: int) -> None:
    stretches = [(n * 10 + 1, size) for n, size in enumerate(sizes)]
    lines = publish(stretches)
    verifier = Verifier(commit_to(SEED))
    for start in range(0, len(lines), cuts):
        verifier.feed(lines[start : start + cuts])
    assert verifier.end().differences == ()


def _change(lines: list[bytes], number: int, **values: Any) -> list[bytes]:
    changed = json.loads(lines[number]) | values
    line = json.dumps(changed, separators=(",", ":")).encode() + b"\n"
    return [*lines[:number], line, *lines[number + 1 :]]


def spoilt() -> dict[str, tuple[list[bytes], str]]:
    """Give files in which one thing is wrong, and what is said of each."""
    lines = publish([(1, 50)])
    other = "00" * 32
    code = json.loads(lines[9])["ticket_code"]
    return {
        "empty": ([], "empty"),
        "no JSON": ([b"x\n"], "head of a draw"),
        "another rule": (_change(lines, 0, rule=2), "rule 2"),
        "another seed": (_change(lines, 0, seed=other), "not the one that"),
        "both": (
            _change(_change(lines, 0, seed=other), 0, commitment=other),
            "not the one that",
        ),
        "a ticket more": ([*lines[:51], lines[50], *lines[51:]], "51 tickets"),
        "a ticket less": ([*lines[:5], *lines[6:]], "49 tickets"),
        "another order": (
            [*lines[:5], lines[6], lines[5], *lines[7:]],
            "order of their numbers",
        ),
        "another code": (_change(lines, 8, ticket_code=code), "of the digest"),
        "another count": (_change(lines, 0, tickets=49), "50 tickets"),
        "a winner less": (lines[:-1], "9 winners"),
        "a winner more": ([*lines, lines[-1]], "more winners"),
        "winners exchanged": (
            [*lines[:-2], lines[-1], lines[-2]],
            "by the rule it is ticket",
        ),
        "another prize": (_change(lines, 51, prize_id="cup"), "for car"),
        "a ticket after winners": ([*lines, lines[1]], "order of their numbers"),
        "something else": ([*lines, b"{}\n"], "neither"),
        "a huge prize": (
            _change(
                lines, 0, prizes=[{"prize_id": "a", "name": "a", "quantity": 10**9}]
            ),
            "head of a draw",
        ),
        "too many prizes": (
            _change(
                lines,
                0,
                prizes=[
                    {"prize_id": f"{n}", "name": "a", "quantity": 9_999} for n in "ab"
                ],
            ),
            "more than",
        ),
    }


@pytest.mark.parametrize("name", spoilt())
def test_whatever_is_changed_is_told(name: str) -> None:
    lines, told = spoilt()[name]
    seen = verify(lines, commitment=commit_to(SEED))
    assert not seen.verified
    assert told in "; ".join(seen.differences)


def test_a_whole_file_by_another_seed_is_told_by_who_knows_the_commitment() -> None:
    """It is sound in itself."""
    lines = publish([(1, 9)])
    assert verify(lines).verified
    assert not verify(lines, commitment=bytes(32)).verified


@pytest.mark.parametrize(
    "text",
    ["", "1", "-", "1-", "01-1", "1-01", "1-1-1", "٣-1", "9" * 10 + "-1", "1-−1"],
)
def test_what_names_no_prize_is_read_as_none(text: str) -> None:
    assert parse_pair(text) is None


def test_what_names_a_prize_is_read() -> None:
    assert parse_pair("12-0") == (12, 0)
