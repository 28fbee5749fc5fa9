"""What chances scans have had, and what their codes' rolls came to, for who counts.

A roll is made again from what the scan was planned on, whatever was paid in the end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.win_rates import Odds, Roll, Rolled
from anti_fraud.store.rule_sets import load_rule_sets
from core.clock import business_day, utc_datetime
from core.conditions import Facts
from rewards.domain.active_campaigns import Campaign
from rewards.store.active_campaigns import load_versions
from scan_api.domain.scans import CLAIMING
from scan_api.pipeline.case_scans import find_place
from scan_api.pipeline.replay import PlanKeys, claim_again
from scan_api.store.rolls import RolledScan, read_rolled


@dataclass(frozen=True, slots=True)
class _Known:
    """By what scans were judged and planned."""

    campaigns: Mapping[tuple[int, int], Campaign]
    rule_sets: Mapping[int, RuleSet]
    keys: PlanKeys
    timezone: ZoneInfo

    def rolls(self, scan: RolledScan) -> Iterator[Roll]:
        """Roll the chances that a scan had; none where nobody knows its region."""
        planned = scan.planned
        asked = [self.campaigns[version] for version in planned.versions]
        if not any(campaign.chances for campaign in asked):
            return
        region = find_place(planned.context, scan.cell, self._judged_by(scan))
        if region is None:
            return
        at = utc_datetime(planned.planned_at_ms)
        day = business_day(planned.planned_at_ms, self.timezone)
        claim = claim_again(planned, asked, self.keys, self.timezone)
        claims = planned.outcome in CLAIMING
        for campaign in asked:
            if not campaign.chances or campaign.hindrance(claim, at) is not None:
                continue
            for chance in campaign.chances:
                won = chance.tier_won(claim)
                # What a limit turned away comes again, and may win then.
                if claims or won is None:
                    table = tuple(Odds(t.tier_id, t.per_million) for t in chance.table)
                    name = campaign.campaign_id, chance.offer_id
                    yield Roll(*name, region, day, table, won)

    def _judged_by(self, scan: RolledScan) -> Facts:
        rule_set = self.rule_sets.get(_version(scan))
        return {} if rule_set is None else rule_set.from_order(scan.judged[1:])


async def read_rolls(
    conn: AsyncConnection, after: int, upto: int, *, keys: PlanKeys, timezone: ZoneInfo
) -> Rolled:
    """Read the chances of some of the scans after one, up to another at most.

    A scan that a full limit turned away claimed nothing. It counts where it lost, as a
    code that lost has perhaps nothing else to be claimed for, while one that won is
    claimed; else those who scan more than they may would be told lucky. So a code that
    lost may count again when it is claimed, which lets luck look smaller, never larger.
    """
    end, scans = await read_rolled(conn, after, upto)
    wanted = {version for scan in scans for version in scan.planned.versions}
    known = _Known(
        await load_versions(conn, wanted),
        await load_rule_sets(conn, {_version(scan) for scan in scans} - {0}),
        keys,
        timezone,
    )
    rolls = [roll for scan in _once(scans) for roll in known.rolls(scan)]
    return Rolled(end, rolls)


def _once(scans: Sequence[RolledScan]) -> Iterator[RolledScan]:
    """Leave out what was turned away if its code is there again, later or claimed."""
    claimed = {s.planned.code_id for s in scans if s.planned.outcome in CLAIMING}
    turned_away = {
        scan.planned.code_id: scan
        for scan in scans
        if scan.planned.code_id not in claimed
    }
    for scan in scans:
        if scan.planned.outcome in CLAIMING:
            yield scan
    yield from turned_away.values()


def _version(scan: RolledScan) -> int:
    """Give the version of the rules that judged a scan; 0 where nobody did."""
    return int(scan.judged[0] or 0) if scan.judged else 0
