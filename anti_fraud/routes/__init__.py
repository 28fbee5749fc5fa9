"""HTTP of anti_fraud."""

from litestar import Router

from anti_fraud.routes import (
    case_settings,
    facts,
    incidents,
    lists,
    rule_sets,
    shadows,
)
from anti_fraud.routes.cases import acting, deciding, listing, undoing, working
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
        shadows.start_shadow,
        shadows.end_shadow,
        shadows.show_shadow_report,
        listing.list_cases,
        listing.show_case,
        working.assign_case,
        working.take_next_case,
        working.snooze_case,
        working.escalate_case,
        working.note_case,
        deciding.decide_case,
        deciding.decide_cases,
        deciding.approve_decision,
        deciding.reject_decision,
        undoing.undo_decision,
        undoing.undo_decisions,
        acting.act_on_case,
        acting.undo_action,
        case_settings.show_case_settings,
        case_settings.put_case_settings,
        case_settings.approve_case_settings,
        lists.add_entry,
        lists.remove_entry,
        lists.show_list,
        incidents.list_incidents,
        incidents.acknowledge_incident,
        incidents.close_incident,
    ],
)
