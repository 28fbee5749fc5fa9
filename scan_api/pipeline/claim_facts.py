"""What campaigns ask of members and places, read for a batch where any of them asks."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from codegen.domain.ranges import SERIAL_BITS
from codegen.domain.regions import find_region
from core.clock import utc_datetime
from core.ids import time_of_id
from rewards.domain.cards import Card, CardSet, pick_card
from rewards.domain.chances import chance_roll
from rewards.store.coupons.pools import load_places, load_store_regions
from scan_api.domain.scans import Scan
from scan_api.domain.worker_state import WorkerState
from scan_api.store import claim_facts as store
from scan_api.store.commit_pool import CommitConnection
from scan_api.store.kept_facts import load_contexts

STORE_CACHE = 100_000


@dataclass(slots=True)
class ClaimFactReader:
    """Reads what claims of a batch are planned by; remembers where stores are."""

    _regions: OrderedDict[str, str] = field(default_factory=OrderedDict)

    async def number_claims(
        self,
        connection: CommitConnection,
        worker_state: WorkerState,
        members: Mapping[str, int],
    ) -> Mapping[int, int]:
        """Tell which of a member's claims the next one is, while a campaign asks."""
        counter = worker_state.claim_counter
        if counter is None or not members:
            return {}
        numbers = frozenset(members.values())
        return await connection.run(
            lambda conn: store.number_claims(conn, counter, numbers)
        )

    async def find_regions(
        self,
        connection: CommitConnection,
        worker_state: WorkerState,
        scans: Sequence[Scan],
    ) -> Mapping[str, str]:
        """Tell where the stores of a batch are, while a campaign asks.

        A store never moves.
        """
        if not worker_state.campaigns.ask_for_regions:
            return {}
        named = {(scan.context or {}).get("store_id") for scan in scans}
        wanted = {str(store_id) for store_id in named - {None}}
        missing = [each for each in wanted if each not in self._regions]
        if missing:
            found = await connection.run(lambda conn: load_store_regions(conn, missing))
            for store_id, told in found.items():
                self._regions[store_id] = _code_of(told)
            while len(self._regions) > STORE_CACHE:
                self._regions.popitem(last=False)
        return {each: self._regions[each] for each in wanted if each in self._regions}


def region_of(context: Mapping[str, Any], stores: Mapping[str, str]) -> str | None:
    """Say where it was scanned: what its app says, else where its store is."""
    told: str | None = context.get("region")
    return told or stores.get(context.get("store_id", ""))


async def find_scan_regions(
    conn: AsyncConnection, scan_ids: Sequence[int]
) -> dict[int, str]:
    """Tell where scans were counted, by scan_id; who was nowhere known is left out.

    As they were planned: a store that came later than a scan was none yet.
    """
    contexts = await load_contexts(conn, scan_ids)
    named = {
        context["store_id"] for context in contexts.values() if "store_id" in context
    }
    places = await load_places(conn, named) if named else {}
    found = {}
    for scan_id, context in contexts.items():
        at = utc_datetime(time_of_id(scan_id))
        there = {
            store_id: _code_of(told)
            for store_id, (told, since) in places.items()
            if store_id == context.get("store_id") and since <= at
        }
        region = region_of(context, there)
        if region is not None:
            found[scan_id] = region
    return found


def _code_of(told: str) -> str:
    """Give the code of the region of a store, as scans tell it."""
    return find_region(told) or told


def roller(
    code_id: int, chance_keys: Mapping[int, bytes]
) -> Callable[[int, int, int], int]:
    """Roll the chances of a code's claim, always alike."""

    def roll(campaign_no: int, version: int, place: int) -> int:
        key = chance_keys[code_id >> SERIAL_BITS]
        return chance_roll(key, campaign_no, version, place, code_id)

    return roll


def picker(code_id: int, card_keys: Mapping[int, bytes]) -> Callable[[CardSet], Card]:
    """Pick the card of a set that a code gives, always the same."""

    def pick(cards: CardSet) -> Card:
        return pick_card(card_keys[code_id >> SERIAL_BITS], cards, code_id)

    return pick


def member_since(member_no: int) -> datetime | None:
    """Tell since when a member is one; a number tells when it was given."""
    return utc_datetime(time_of_id(member_no)) if member_no else None
