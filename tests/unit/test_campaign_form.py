"""The form of a campaign: terms come back from it as they went in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import TEXTS
from console.frame.conditions import (
    CONDITION_FIELDS,
    WrittenCondition,
    lay_condition_out,
    ops_of,
)
from console.marketing.building.drafts import (
    FIELDS,
    GIVEN,
    Draft,
    change_draft,
    read_draft,
)
from console.marketing.building.terms import FACTS, draft_of, field_of, write_terms
from console.marketing.words import Wording
from core.conditions import FactKind
from core.conditions.reading import read_condition
from core.names import tidy
from rewards.domain.terms import OfferKind, Terms

ZONE = ZoneInfo("Asia/Shanghai")
# With one that is true or false, of which there is none yet.
KINDS = {**FACTS, "is_birthday": FactKind.FLAG}
NAMES = st.text("abc é春-", min_size=1, max_size=9).map(tidy).filter(bool)
COUNTS = st.integers(1, 10**6)
MOMENTS = st.integers(0, 10**8).map(
    lambda minutes: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@st.composite
def comparisons(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a comparison that makes sense on its fact."""
    fact = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[fact]
    op = draw(st.sampled_from(ops_of(kind)))
    values: st.SearchStrategy[Any] = {
        FactKind.FLAG: st.booleans(),
        FactKind.NUMBER: st.integers(-9, 99),
        FactKind.TEXT: NAMES,
    }[kind]
    if op not in {"in", "not in"}:
        return {"fact": fact, "op": op, "value": draw(values)}
    several = draw(st.lists(values, min_size=1, max_size=3))
    node = {"fact": fact, "op": "in", "value": several}
    return {"not": node} if op == "not in" else node


GROUPS = st.one_of(
    comparisons(),
    st.builds(
        lambda word, parts: {word: parts},
        st.sampled_from(["all", "any"]),
        st.lists(comparisons(), min_size=1, max_size=3),
    ),
)
TREES = st.one_of(
    st.none(),
    GROUPS,
    st.builds(
        lambda word, parts: {word: parts},
        st.sampled_from(["all", "any"]),
        st.lists(GROUPS, min_size=1, max_size=3),
    ),
)
# What each kind has, by the names of the API.
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    OfferKind.POINTS: st.fixed_dictionaries({"amount": COUNTS}),
    OfferKind.COUPON: st.fixed_dictionaries({"pool_id": NAMES}),
    OfferKind.TICKET: st.fixed_dictionaries({"draw_id": NAMES, "amount": COUNTS}),
    OfferKind.CARD: st.fixed_dictionaries({"set_id": NAMES}),
    OfferKind.RED_PACKET: st.fixed_dictionaries({"minor": COUNTS}),
    OfferKind.GIFT: st.fixed_dictionaries({"name": NAMES}),
}
STOCKS = st.fixed_dictionaries(
    {}, optional={"stock": st.integers(0, 10**9), "daily_stock": st.integers(0, 99)}
)


@st.composite
def gifts(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what an offer or a tier gives."""
    kind = draw(st.sampled_from(GIVEN))
    asked: dict[str, Any] = draw(_FIELDS[kind])
    return asked | {"kind": kind.value}


@st.composite
def offers(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an offer of any kind."""
    named = {"offer_id": draw(NAMES)} | draw(STOCKS)
    if draw(st.booleans()):
        return named | draw(gifts())
    tier = st.builds(
        lambda tier_id, name, odds, stocks, gives: {
            "tier_id": tier_id,
            "name": name,
            "per_million": odds,
            **stocks,
            "gives": gives,
        },
        NAMES,
        NAMES,
        COUNTS,
        STOCKS,
        gifts(),
    )
    table = draw(st.lists(tier, min_size=1, max_size=3))
    return named | {"kind": "chance", "table": table}


TERMS = st.fixed_dictionaries(
    {
        "name": st.fixed_dictionaries({"zh": NAMES, "en": NAMES}),
        "starts_at": MOMENTS,
        "offers": st.lists(offers(), max_size=3),
    },
    optional={
        "ends_at": MOMENTS,
        "applies_to": st.sampled_from(["bound", "all"]),
        "order": st.integers(0, 999),
        "exclusive": st.booleans(),
        "budget": st.fixed_dictionaries({"points": st.integers(0, 10**15)}),
        "caps": st.lists(
            st.fixed_dictionaries(
                {
                    "per": st.sampled_from(["member", "member_day", "day"]),
                    "of": st.sampled_from(["claims", "points", "minor"]),
                    "most": st.integers(0, 10**9),
                }
            ),
            max_size=3,
        ),
    },
)


def form_of(draft: Draft) -> dict[str, str]:
    """Give what a browser would send of a draft that stands in the form."""
    form = dict(draft.values)
    form |= {"when_word": draft.when.word, "when_kept": draft.when.kept}
    for g, group in enumerate(draft.when.groups):
        form[f"g{g}_word"] = group.word
        for r, row in enumerate(group.rows):
            form |= {f"g{g}_r{r}_{name}": value for name, value in row.items()}
    for o, offer in enumerate(draft.offers):
        form |= {f"o{o}_{name}": value for name, value in offer.values.items()}
        for n, tier in enumerate(offer.tiers):
            form |= {f"o{o}_t{n}_{name}": value for name, value in tier.items()}
    for c, cap in enumerate(draft.caps):
        form |= {f"c{c}_{name}": value for name, value in cap.items()}
    return form


def english(name: str) -> str:
    """Give a text of the console."""
    return TEXTS[name][1]


@given(TERMS)
def test_terms_come_back_from_the_form_as_they_went_in(said: dict[str, Any]) -> None:
    """Through the very fields that a browser sends, all of which the form knows."""
    terms = msgspec.convert(said, Terms)
    form = form_of(draft_of(terms, ZONE))
    assert form.keys() <= FIELDS
    written, faults = write_terms(read_draft(form), ZONE)
    assert (written, faults) == (terms, {})


@given(TREES)
def test_a_condition_means_the_same_after_the_form(tree: Any) -> None:
    """It may come back flatter and in another order, in which it stays then."""
    laid = lay_condition_out(tree)
    assert not laid.kept
    condition = laid.write(KINDS)
    written = condition.tree
    assert condition.faults == []
    if tree is None:
        assert written is None
        return
    read_condition(written, "/when", KINDS)
    words = Wording(english, str).conditions
    rounds = [written]
    for _ in range(2):
        rounds.append(lay_condition_out(rounds[-1]).write(KINDS).tree)
    assert rounds[1] == rounds[2]
    # Each comparison is found from its place in what was written.
    told = words.tell(tree)
    for at, field in condition.places.items():
        node = written
        for step in at.split("/")[2:]:
            node = node[int(step) if step.isdigit() else step]
        assert words.tell(node).strip("()") in told
        assert field in CONDITION_FIELDS


@pytest.mark.parametrize(
    "tree",
    [
        {"not": {"fact": "hour", "op": ">", "value": 3}},
        {"not": {"all": [{"fact": "hour", "op": ">", "value": 3}]}},
        {"all": [{"any": [{"all": [{"fact": "hour", "op": ">", "value": 3}]}]}]},
    ],
)
def test_what_goes_deeper_is_kept_whole(tree: Any) -> None:
    draft = Draft({}, when=lay_condition_out(tree))
    assert draft.when.groups == []
    assert draft.when.write(KINDS).tree == tree
    change_draft(draft, "remove_kept", {})
    assert draft.when.write(KINDS).tree is None


@pytest.mark.parametrize(
    ("pointer", "field"),
    [
        ("/name/zh", "name_zh"),
        ("/starts_at", "starts_on"),
        ("/offers", "add_offer_kind"),
        ("/offers/3", "o3_kind"),
        ("/offers/3/stock", "o3_stock"),
        ("/offers/3/table", "o3_add_kind"),
        ("/offers/3/table/1/per_million", "o3_t1_percent"),
        ("/offers/3/table/1/name", "o3_t1_title"),
        ("/offers/3/table/1/gives/name", "o3_t1_name"),
        ("/offers/3/table/1/gives", "o3_t1_kind"),
        ("/caps/2", "c2_per"),
        ("/caps/2/most", "c2_most"),
        ("/budget", "budget_points"),
        ("/when/all/0/any/1/value/3", "g1_r1_value"),
        ("/when", "when_word"),
    ],
)
def test_a_fault_is_told_at_the_field_of_its_place(pointer: str, field: str) -> None:
    places = {"/when/all/0/any/1": "g1_r1_value"}
    assert field_of(pointer, WrittenCondition(None, places, [])) == field


def test_every_fact_and_kind_has_its_words() -> None:
    """Whoever adds one says what it is called."""
    for name in FACTS:
        assert TEXTS[f"fact_{name}"]
    for kind in OfferKind:
        assert TEXTS[f"kind_{kind.value}"]
        assert TEXTS[f"gives_{kind.value}"]
