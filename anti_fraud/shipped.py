"""The rule set that ships, for an installation that has published none of its own."""

import json
from importlib import resources

from anti_fraud.domain import RuleSet, parse_rule_set


def shipped_rule_set() -> RuleSet:
    """Read rules.json; raises InvalidInput if someone broke it."""
    text = resources.files(__package__).joinpath("rules.json").read_text("utf-8")
    return parse_rule_set(json.loads(text))
