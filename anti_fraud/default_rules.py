"""The rule set that ships, for an installation that has published none of its own."""

import json
from importlib import resources
from typing import Any

from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.rule_sets import RuleSet


def shipped_rules() -> dict[str, Any]:
    """Read rules.json, as it is stored and published."""
    text = resources.files(__package__).joinpath("rules.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def shipped_rule_set() -> RuleSet:
    """Parse rules.json; raises InvalidInput if someone broke it."""
    return parse_rule_set(shipped_rules())
