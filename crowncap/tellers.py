"""How what happened is told: by whom, under which secrets, and how far it may go."""

from collections.abc import Mapping
from functools import partial
from typing import Final

from core.settings import Settings
from crowncap.secret_boxes import BoxInfo, open_box
from events.domain.events import Teller
from events.domain.webhooks import Reach
from events.pipeline.webhooks import WebhookTerms
from rewards.store.coupons import happened as coupons
from rewards.store.hold_events import (
    HOLDS,
    HOLDS_AGAIN,
    REOPENED,
    tell_holds,
    tell_holds_again,
    tell_reopened,
)
from rewards.store.payouts.happened import UNPAID, tell_unpaid
from rewards.store.points.happened import EXPIRED, tell_expired
from rewards.store.reversals import REVERSED, tell_reversed
from scan_api.store.scan_events import SCANS, tell_scans

# Who tells, of each kind of numbered rows in the outbox, what happened to them.
TELLERS: Final[Mapping[str, Teller]] = {
    SCANS: tell_scans,
    HOLDS: tell_holds,
    REOPENED: tell_reopened,
    HOLDS_AGAIN: tell_holds_again,
    coupons.ISSUED: coupons.tell_issued,
    coupons.REDEEMED: coupons.tell_redeemed,
    coupons.RETURNED: coupons.tell_returned,
    EXPIRED: tell_expired,
    REVERSED: tell_reversed,
    UNPAID: tell_unpaid,
}


def webhook_terms(settings: Settings) -> WebhookTerms:
    """Tell what the settings say of webhooks."""
    reach = Reach(settings.webhook_networks)
    return WebhookTerms(reach, partial(open_box, settings, BoxInfo.WEBHOOKS))
