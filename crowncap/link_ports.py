"""What clusters are told of scans and holds, of which anti_fraud knows nothing."""

from collections.abc import Collection
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.clusters import DEVICE, Link, NewLinks, key_of
from anti_fraud.pipeline.clusters import LinkPorts
from rewards.domain.holds import HoldReason, Resolution
from rewards.store.holds import load_hold_states
from rewards.store.members import load_member_ids
from scan_api.domain.scans import Outcome
from scan_api.store.scan_links import find_stopped, read_devices


async def _read_links(conn: AsyncConnection, after: int, upto: int) -> NewLinks:
    read = await read_devices(conn, after, upto)
    links = [Link(key_of(DEVICE, device), no) for device, no in read.devices]
    return NewLinks(read.end, links, read.stopped)


async def _find_flagged(
    conn: AsyncConnection, members: Collection[int], since: int
) -> set[int]:
    """Who was refused, or held by rules and neither released nor approved."""
    stopped = await find_stopped(conn, members, since)
    held = [scan.scan_id for scan in stopped if scan.outcome == Outcome.HELD]
    holds = await load_hold_states(conn, held) if held else {}
    good = {
        scan_id
        for scan_id, hold in holds.items()
        if hold.reason is not HoldReason.RULES or hold.resolution is Resolution.POSTED
    }
    return {scan.member_no for scan in stopped if scan.scan_id not in good}


LINK_PORTS: Final = LinkPorts(_read_links, _find_flagged, load_member_ids)
