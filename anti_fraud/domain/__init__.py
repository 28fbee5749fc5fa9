"""Signals in, a verdict with reasons out; pure."""

from anti_fraud.domain.decision import decide
from anti_fraud.domain.entities import (
    Entity,
    block_key,
    code_tag,
    device_tag,
    entity_of,
    invalid_key,
    member_tag,
    network_tag,
    place_key,
    velocity_key,
)
from anti_fraud.domain.facts import KNOWN_FACTS, Fact, FactKind, Facts
from anti_fraud.domain.invalid import InvalidCounter, PendingInvalid
from anti_fraud.domain.places import Place, Travel, cell_of, travel
from anti_fraud.domain.rule_set import Counter, Rule, RuleSet, Throttle
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.verdict import ConditionValue, Decision, Hit, Verdict

__all__ = [
    "KNOWN_FACTS",
    "ConditionValue",
    "Counter",
    "Decision",
    "Entity",
    "Fact",
    "FactKind",
    "Facts",
    "Hit",
    "InvalidCounter",
    "PendingInvalid",
    "Place",
    "Rule",
    "RuleSet",
    "Throttle",
    "Travel",
    "Verdict",
    "block_key",
    "cell_of",
    "code_tag",
    "decide",
    "device_tag",
    "entity_of",
    "invalid_key",
    "member_tag",
    "network_tag",
    "parse_rule_set",
    "place_key",
    "travel",
    "velocity_key",
]
