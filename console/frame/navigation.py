"""Which pages the bar leads to, and whom they let in."""

from collections.abc import Mapping
from typing import Final

from core.auth import Role

HOME: Final = "/console"
CAMPAIGNS: Final = f"{HOME}/campaigns"
FIND: Final = f"{HOME}/find"
MEMBER: Final = f"{HOME}/member"
# Who sees batches and their caps; who sees how plants stand; who traces leaks; who sees
# sets of cards; who sees campaigns.
VIEWERS: Final = (Role.LINE, Role.ISSUER, Role.ANALYST, Role.SUPPORT)
ACCOUNTANTS: Final = (Role.LINE, Role.ISSUER, Role.ANALYST)
TRACERS: Final = (Role.ANALYST, Role.ISSUER, Role.LINE)
COLLECTORS: Final = (Role.MARKETER, Role.ANALYST)
CAMPAIGNERS: Final = (Role.MARKETER, Role.ANALYST, Role.SUPPORT)
# Who sees draws and who won in them.
DRAWERS: Final = (Role.MARKETER, Role.SUPPORT)
_ELSEWHERE: Final = frozenset({Role.CASHIER})

# By the names of their texts: (path, roles).
NAVIGATION: Final[Mapping[str, tuple[str, tuple[Role, ...]]]] = {
    # A cashier's home is the till.
    "page_home": (HOME, tuple(role for role in Role if role not in _ELSEWHERE)),
    "page_till": (f"{HOME}/till", (Role.CASHIER,)),
    "page_find": (FIND, (Role.SUPPORT,)),
    "page_plants": (f"{HOME}/plants", ACCOUNTANTS),
    "page_codes": (f"{HOME}/codes", VIEWERS),
    "page_recalls": (f"{HOME}/recalls", VIEWERS),
    "page_fraud": (f"{HOME}/fraud", (Role.ANALYST,)),
    "page_cases": (f"{HOME}/cases", (Role.ANALYST,)),
    "page_rules": (f"{HOME}/rules", (Role.ANALYST,)),
    "page_incidents": (f"{HOME}/incidents", (Role.ANALYST,)),
    "page_lists": (f"{HOME}/lists", (Role.ANALYST,)),
    "page_leaks": (f"{HOME}/leaks", TRACERS),
    "page_campaigns": (CAMPAIGNS, CAMPAIGNERS),
    "page_draws": (f"{HOME}/draws", DRAWERS),
    "page_card_sets": (f"{HOME}/card-sets", COLLECTORS),
    "page_gifts": (f"{HOME}/gifts", (Role.MARKETER,)),
    "page_programme": (f"{HOME}/programme", (Role.MARKETER,)),
    "page_coupons": (f"{HOME}/coupons", (Role.MARKETER,)),
    "page_adjustments": (f"{HOME}/adjustments", (Role.SUPPORT,)),
    "page_parcels": (f"{HOME}/parcels", (Role.SUPPORT,)),
    "page_payouts": (f"{HOME}/payouts", (Role.SUPPORT,)),
    "page_webhooks": (f"{HOME}/webhooks", (Role.ADMIN,)),
    "page_jobs": (f"{HOME}/jobs", (Role.ADMIN,)),
}
