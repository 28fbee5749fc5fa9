"""A chance is a function of key, version and code, and as likely as its table says."""

import hmac
import math
from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.keys import Secret, derive_secret
from core.clock import utc_datetime
from rewards.domain.chances import (
    WHOLE,
    chance_roll,
    chance_rolls,
    pick_tier,
    tiers_to_try,
)
from rewards.domain.terms import (
    Given,
    OfferKind,
    OfferTerms,
    Terms,
    TierTerms,
    TwoNames,
    find_faults,
)

KEY = bytes(range(32))
POINTS = Given(kind=OfferKind.POINTS, amount=5)


def tier(tier_id: str, per_million: int, gives: Given = POINTS) -> TierTerms:
    """Make a tier."""
    return TierTerms(
        tier_id=tier_id, name=tier_id, per_million=per_million, gives=gives
    )


TABLE = (tier("gold", 1_000), tier("silver", 99_000), tier("bronze", 300_000))


def test_a_roll_is_what_its_published_rule_says() -> None:
    """Numbers that another program has to come to as well."""
    assert derive_secret(KEY, 3, Secret.CHANCES).hex() == (
        "025520ee73f6d48c8547a1e3af19db5b2ffcff0928163f85b4cf2ba2459b5010"
    )
    told = bytes.fromhex("00000000000000070000000200010000003000000005")
    digest = hmac.digest(KEY, told, "sha256")
    code_id = (3 << 36) | 5
    assert chance_roll(KEY, 7, 2, 1, code_id) == int(digest.hex(), 16) % 1_000_000
    rolls = chance_rolls(KEY, 7, 2, 1, range(code_id, code_id + 4))
    assert rolls == [
        268097,
        682586,
        936326,
        315509,
    ]


@given(
    st.tuples(
        st.integers(0, 2**63 - 1),
        st.integers(1, 2**31 - 1),
        st.integers(0, 2**15 - 1),
        st.integers(0, 2**41 - 1),
    )
)
def test_another_code_offer_version_campaign_or_key_rolls_anew(
    told: tuple[int, int, int, int],
) -> None:
    """All of the input counts, at any size it can have."""
    roll = chance_roll(KEY, *told)
    assert 0 <= roll < WHOLE
    assert chance_rolls(KEY, *told[:3], [told[3]]) == [roll]
    campaign_no, version, offer_no, _ = told
    others = [
        chance_rolls(KEY, campaign_no ^ 1, version, offer_no, CODES),
        chance_rolls(KEY, campaign_no, version ^ 1, offer_no, CODES),
        chance_rolls(KEY, campaign_no, version, offer_no ^ 1, CODES),
        chance_rolls(bytes(32), campaign_no, version, offer_no, CODES),
    ]
    mine = chance_rolls(KEY, *told[:3], CODES)
    assert all(each != mine for each in others)


CODES = range(8)


def test_no_secret_is_anothers() -> None:
    """Neither that of another use nor that of another epoch."""
    secrets = {derive_secret(KEY, e, use) for e in range(32) for use in Secret}
    assert len(secrets) == 32 * len(Secret)


@pytest.mark.parametrize(
    ("roll", "places"),
    [
        (0, [0, 1, 2]),
        (999, [0, 1, 2]),
        (1_000, [1, 2]),
        (99_999, [1, 2]),
        (100_000, [2]),
        (399_999, [2]),
        (400_000, []),
        (999_999, []),
    ],
)
def test_a_tier_without_stock_falls_to_the_next_lower(
    roll: int, places: list[int]
) -> None:
    assert list(tiers_to_try(TABLE, roll)) == places
    assert pick_tier(TABLE, roll) == (places[0] if places else None)


def test_a_million_rolls_are_as_likely_as_the_table_says() -> None:
    """Each tier within what the binomial allows once in about 10^9 keys."""
    rolls = chance_rolls(KEY, 1, 1, 1, range(WHOLE))
    picked = Counter(pick_tier(TABLE, roll) for roll in rolls)
    for place, each in enumerate(TABLE):
        odds = each.per_million / WHOLE
        deviation = math.sqrt(WHOLE * odds * (1 - odds))
        assert abs(picked[place] - WHOLE * odds) < 6 * deviation
    # As even within as without: a hundred bins of ten thousand.
    bins = Counter(roll // 10_000 for roll in rolls)
    chi_squared = sum((bins[n] - 10_000) ** 2 / 10_000 for n in range(100))
    assert abs(chi_squared - 99) < 6 * math.sqrt(2 * 99)


def chance(*table: TierTerms, **more: Any) -> Terms:
    """Write terms of one chance."""
    offer = OfferTerms(offer_id="c", kind=OfferKind.CHANCE, table=table, **more)
    name = TwoNames(zh="春", en="Spring")
    return Terms(name=name, starts_at=utc_datetime(0), offers=(offer,))


@pytest.mark.parametrize(
    ("terms", "pointer", "code"),
    [
        (chance(), "/offers/0/table", "required"),
        (chance(*TABLE, amount=5), "/offers/0/amount", "not_of_this_kind"),
        (chance(tier("a", 1), tier("b", WHOLE)), "/offers/0/table", "out_of_range"),
        (
            chance(tier("a", 1), tier("a", 2)),
            "/offers/0/table/1/tier_id",
            "given_twice",
        ),
        (
            chance(tier("a", 1, Given(kind=OfferKind.CHANCE))),
            "/offers/0/table/0/gives/kind",
            "not_of_this_kind",
        ),
        (
            chance(tier("a", 1, Given(kind=OfferKind.GIFT))),
            "/offers/0/table/0/gives/name",
            "required",
        ),
        (
            chance(tier("a", 1, msgspec.structs.replace(POINTS, name="x"))),
            "/offers/0/table/0/gives/name",
            "not_of_this_kind",
        ),
    ],
)
def test_a_table_that_makes_no_sense_is_pointed_at(
    terms: Terms, pointer: str, code: str
) -> None:
    assert [(each.pointer, each.code) for each in find_faults(terms)] == [
        (pointer, code)
    ]
    assert list(find_faults(chance(tier("a", 1), tier("b", WHOLE - 1)))) == []


def test_a_chances_table_is_kept_whole() -> None:
    kept = chance(*TABLE)
    assert msgspec.json.decode(msgspec.json.encode(kept), type=Terms) == kept
