"""HTTP of anti_fraud."""

from litestar import Router

from anti_fraud.routes import facts, rule_sets
from core.doors import GUARDS

ROUTER = Router(
    path="/",
    guards=GUARDS,
    route_handlers=[
        facts.list_facts,
        rule_sets.write_rule_set,
        rule_sets.list_rule_sets,
        rule_sets.show_rule_set,
        rule_sets.commit_rule_set,
        rule_sets.activate_rule_set,
        rule_sets.roll_rules_back,
    ],
)
