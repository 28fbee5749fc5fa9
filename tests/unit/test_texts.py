"""What consumers read: every outcome, in both languages, in the one they asked for."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from codegen.domain.ranges import Binding, RangeState
from codegen.domain.terms import RangeTerms
from core.pages import LANGUAGES, choose_language
from rewards.domain.active_campaigns import Campaign, Offer, OfferState
from rewards.domain.awards import Award, AwardState
from rewards.domain.campaigns import CampaignState
from rewards.domain.limits import Limit, Per
from rewards.domain.plans import RewardKind
from scan_api.domain.scans import CLAIMING, Outcome, Plan, Scan, Settled
from scan_api.page.rendering import tie_units
from scan_api.pipeline.moments import word_begin, word_end, word_hour
from scan_api.pipeline.responses import ScanAnswer, answer_scan
from scan_api.pipeline.texts import Calendar
from tests.fixtures.campaigns import points_campaign

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 28, 12, tzinfo=ZONE)
TOMORROW = datetime(2026, 11, 29, tzinfo=ZONE)
CAMPAIGN = points_campaign(
    NOON - timedelta(days=9),
    TOMORROW + timedelta(days=4),
    limits=(Limit(1, Per.MEMBER_DAY, 5),),
)

EARNED = Award(9, 9, "c", RewardKind.POINTS, 5, AwardState.POSTED)


def answered(
    outcome: Outcome,
    language: str = "en",
    *,
    offer: Offer | None = None,
    member_id: str | None = "ann",
    planned: Outcome | None = None,
    placement: str = "inside",
    **settled: Any,
) -> ScanAnswer:
    """Answer a scan as a worker does, once PostgreSQL has made this of it."""
    plan = Plan(
        planned or outcome,
        rewards=CAMPAIGN.rewards if planned in CLAIMING else (),
        terms=RangeTerms(7, RangeState.ACTIVATED, Binding(), placement, None),
        offer=offer,
    )
    scan = Scan(1, 0, 2, 0, None, member_id, None, None, None, language)
    found = {"points": 17, "claimed_by_caller": False} | settled
    done = Settled(outcome, available=0, claim_scan_id=9, scan_count=1, **found)
    calendar = Calendar(ZONE, TOMORROW)
    return answer_scan(scan, plan, done, today=NOON.date(), calendar=calendar)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_sentence(outcome: Outcome, language: str) -> None:
    """Complete, and no place-holder is left in it."""
    for offer in (None, CAMPAIGN.offer(NOON, ())):
        said = answered(outcome, language, offer=offer).message
        assert said.endswith((".", "。"))
        assert not set("{}") & set(said)
        assert said.isascii() == (language == "en")


def test_a_reward_says_how_much() -> None:
    """The points stand in the sentence."""
    for language in LANGUAGES:
        assert "17" in answered(Outcome.REWARDED, language).message


def test_ones_own_claim_reads_differently_from_anothers() -> None:
    """Nobody is frightened by their own second look, nor promised what was not paid."""
    other = answered(Outcome.ALREADY_CLAIMED).message
    unpaid = answered(Outcome.ALREADY_CLAIMED, claimed_by_caller=True).message
    own = answered(
        Outcome.ALREADY_CLAIMED, claimed_by_caller=True, originals=(EARNED,)
    ).message
    assert len({other, unpaid, own}) == 3
    assert "no reward" in unpaid


@pytest.mark.parametrize(
    ("came_to", "campaign", "state", "next_kind", "words"),
    [
        (
            (Outcome.LIMIT_REACHED, None),
            replace(CAMPAIGN, starts_at=TOMORROW),
            OfferState.NOT_BEGUN,
            "retry_later",
            "begins on 29 Nov 2026",
        ),
        (
            (Outcome.LIMIT_REACHED, Outcome.REWARDED),
            CAMPAIGN,
            OfferState.FULL_TODAY,
            "retry_later",
            "from 29 Nov 2026 on, 00:00; the campaign lasts until 2 Dec 2026",
        ),
        (
            (Outcome.LIMIT_REACHED, Outcome.HELD),
            replace(CAMPAIGN, ends_at=TOMORROW),
            OfferState.FULL_TODAY,
            "none",
            "and the campaign lasts until 28 Nov 2026",
        ),
        (
            (Outcome.NO_REWARD, Outcome.REWARDED),
            CAMPAIGN,
            OfferState.SPENT,
            "none",
            "all gone",
        ),
        (
            (Outcome.NO_REWARD, None),
            replace(CAMPAIGN, ends_at=NOON),
            OfferState.ENDED,
            "none",
            "it lasted until 28 Nov 2026, 12:00",
        ),
        (
            (Outcome.LIMIT_REACHED, None),
            replace(CAMPAIGN, state=CampaignState.PAUSED),
            OfferState.PAUSED,
            "retry_later",
            "keep the cap and come back when it goes on",
        ),
        ((Outcome.NO_REWARD, None), None, None, "none", "no reward for this code"),
    ],
)
def test_a_campaign_that_pays_nothing_says_which_of_five_reasons(
    came_to: tuple[Outcome, Outcome | None],
    campaign: Campaign | None,
    state: OfferState | None,
    next_kind: str,
    words: str,
) -> None:
    """To come, full today, paused, spent, over: no text with an `or`, and with days."""
    outcome, planned = came_to
    offer = campaign.offer(NOON, ()) if campaign else None
    answer = answered(outcome, planned=planned, offer=offer)
    assert (answer.offer or None, answer.next.kind) == (state, next_kind)
    assert words in answer.message
    assert " or " not in answer.message
    assert "或" not in answered(outcome, "zh", planned=planned, offer=offer).message


def test_nobody_is_asked_to_sign_in_for_nothing() -> None:
    """Who looks without a name reads what there is, and when."""

    def look(campaign: Campaign, spent: tuple[int, ...] = ()) -> tuple[str, str]:
        offer = campaign.offer(NOON, spent)
        seen = answered(Outcome.VERIFIED, member_id=None, offer=offer)
        return seen.next.kind, seen.message

    assert look(CAMPAIGN) == ("sign_in", "Genuine! Sign in to claim your reward.")
    assert look(CAMPAIGN, (1,))[0] == "none"
    assert "all gone" in look(CAMPAIGN, (1,))[1]
    assert look(replace(CAMPAIGN, ends_at=NOON))[0] == "none"
    assert look(replace(CAMPAIGN, starts_at=TOMORROW))[0] == "retry_later"
    outside = answered(Outcome.VERIFIED, member_id=None, placement="outside")
    assert outside.next.kind == "none"
    assert "only proves" in outside.message


def test_days_are_worded_and_a_whole_last_day_is_named() -> None:
    """An end at midnight is the day before; an hour has both its ends."""
    assert word_end("zh", ZONE, TOMORROW) == "2026年11月28日"
    assert word_end("en", ZONE, NOON) == "28 Nov 2026, 12:00"
    assert word_begin("zh", ZONE, TOMORROW) == "2026年11月29日"
    assert word_begin("en", ZONE, NOON) == "28 Nov 2026, 12:00"
    late = NOON.replace(hour=23, minute=54)
    assert word_hour("zh", ZONE, late) == "2026年11月28日 23–24\u00a0点之间"
    assert word_hour("en", ZONE, late) == "28 Nov 2026, between 23:00 and 24:00"


def test_a_quantity_and_its_unit_stay_on_one_line() -> None:
    """`250 ml` is one thing; a number before a word is not."""
    tied = "Milk 250\u00a0ml"
    assert tie_units("Milk 250 ml") == tied
    assert tie_units("鲜奶 1 升装") == "鲜奶 1\u00a0升装"
    assert tie_units("Top 10 Dairy") == "Top 10 Dairy"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.2, zh;q=0.9", "zh"),
        ("en;q=0.9, zh;q=0.2", "en"),
        ("fr, de;q=0.5", "en"),
        ("fr;q=0.5, zh;q=0.1", "zh"),
        ("fr, *;q=0.1", "en"),
        ("fr;q=0", "zh"),
        ("zh-TW, ja", "zh"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0", "zh"),
        ("en;q=nonsense", "zh"),
        ("en;q=nan", "zh"),
        ("*", "zh"),
        (";;;,,,", "zh"),
        ("en," * 10_000, "en"),
    ],
)
def test_the_language_follows_the_header(header: str | None, expected: str) -> None:
    """RFC 9110; English for who reads neither, Chinese for who says nothing."""
    assert choose_language(header) == expected
