"""Who tells, of each kind of numbered rows in the outbox, what happened to them."""

from collections.abc import Mapping
from typing import Final

from events.domain.events import Teller
from rewards.store.ledger import HOLDS, tell_holds

TELLERS: Final[Mapping[str, Teller]] = {HOLDS: tell_holds}
