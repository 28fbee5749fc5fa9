"""Signals in, a verdict with reasons out; pure."""

from anti_fraud.domain.daily_guesses import most_guesses_a_day
from anti_fraud.domain.decision import decide
from anti_fraud.domain.entities import (
    Entity,
    app_tag,
    block_key,
    code_tag,
    device_tag,
    entity_of,
    guess_key,
    linked_tag,
    member_tag,
    network_tag,
    opened_key,
    place_key,
    site_tag,
    velocity_key,
)
from anti_fraud.domain.facts import KNOWN_FACTS, Fact, FactKind, Facts
from anti_fraud.domain.guesses import (
    Admission,
    Block,
    GuessCounter,
    PendingGuesses,
    Treatment,
)
from anti_fraud.domain.places import Place, Travel, cell_of, travel
from anti_fraud.domain.rule_set import Counter, Rule, RuleSet, Throttle
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.verdict import ConditionValue, Decision, Hit, Verdict

__all__ = [
    "KNOWN_FACTS",
    "Admission",
    "Block",
    "ConditionValue",
    "Counter",
    "Decision",
    "Entity",
    "Fact",
    "FactKind",
    "Facts",
    "GuessCounter",
    "Hit",
    "PendingGuesses",
    "Place",
    "Rule",
    "RuleSet",
    "Throttle",
    "Travel",
    "Treatment",
    "Verdict",
    "app_tag",
    "block_key",
    "cell_of",
    "code_tag",
    "decide",
    "device_tag",
    "entity_of",
    "guess_key",
    "linked_tag",
    "member_tag",
    "most_guesses_a_day",
    "network_tag",
    "opened_key",
    "parse_rule_set",
    "place_key",
    "site_tag",
    "travel",
    "velocity_key",
]
