"""What analysts read, by the pages on which they read it."""

from collections.abc import Mapping
from typing import Final

from console.fraud.texts.acting import ACTING_TEXTS
from console.fraud.texts.cases import CASE_TEXTS
from console.fraud.texts.honey_codes import HONEY_TEXTS
from console.fraud.texts.incidents import INCIDENT_TEXTS
from console.fraud.texts.leaks import LEAK_TEXTS
from console.fraud.texts.lists import LIST_TEXTS
from console.fraud.texts.overview import OVERVIEW_TEXTS
from console.fraud.texts.plots import PLOT_TEXTS
from console.fraud.texts.rules import RULE_TEXTS

FRAUD_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **LEAK_TEXTS,
    **CASE_TEXTS,
    **ACTING_TEXTS,
    **RULE_TEXTS,
    **INCIDENT_TEXTS,
    **HONEY_TEXTS,
    **LIST_TEXTS,
    **PLOT_TEXTS,
    **OVERVIEW_TEXTS,
}
