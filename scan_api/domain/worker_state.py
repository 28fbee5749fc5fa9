"""What a worker knows while it judges and plans a batch; pure."""

from dataclasses import dataclass, field
from datetime import datetime

from anti_fraud.domain.clusters import Clusters
from anti_fraud.domain.dealers import DealerWatch
from anti_fraud.domain.early_scans import EarlyWatch
from anti_fraud.domain.lists import Lists
from anti_fraud.domain.rule_sets import RuleSet
from anti_fraud.domain.shadows import Shadow
from codegen.domain.brand_kits import Brands
from codegen.domain.products import Product
from codegen.domain.range_table import RangeTable
from codegen.domain.ranges import EpochState
from codegen.domain.terms import RangeTerms
from rewards.domain.active_campaigns import (
    Basis,
    Campaign,
    Campaigns,
    Offer,
    best_offer,
)
from rewards.domain.programme import NO_PROGRAMME, ProgrammeTerms
from rewards.domain.remaining import Rooms


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a worker knows of ranges, products, epochs and campaigns at a version."""

    version: int
    table: RangeTable
    products: dict[str, Product]
    epochs: dict[int, EpochState]
    campaigns: Campaigns
    rule_set: RuleSet
    # The range version at which the rules in force, or lists, were last changed.
    rules_version: int = 0
    # Campaigns of which nothing is left, and what is left of limits nearly used up.
    spent: frozenset[int] = frozenset()
    brands: Brands = field(default_factory=Brands)
    programme: ProgrammeTerms = NO_PROGRAMME
    # The limit that counts claims of members, while a campaign asks for them.
    claim_counter: int | None = None
    lists: Lists = field(default_factory=Lists)
    # Members who are linked, as a job found them.
    clusters: Clusters = field(default_factory=Clusters)
    # Goods of dealers that turn up where they are not to be sold, as a job found them.
    dealers: DealerWatch = field(default_factory=DealerWatch)
    early: EarlyWatch = field(default_factory=EarlyWatch)
    breaker_is_open: bool = False
    # What runs beside the rule set.
    shadow: Shadow | None = None
    rooms: Rooms = field(default_factory=dict)

    @property
    def counted(self) -> RuleSet:
        """What scans are counted by: the rule set, and its shadow's counters."""
        return self.rule_set if self.shadow is None else self.shadow.counted

    def candidates(self, terms: RangeTerms | None) -> tuple[Campaign, ...]:
        """Find the campaigns that may pay for a code, in order."""
        if terms is None:
            return ()
        return self.campaigns.candidates(
            terms.binding.campaign_id, self._brand_of(terms)
        )

    def planned_by(self, terms: RangeTerms) -> tuple[tuple[Campaign, ...], Basis]:
        """Find the campaigns that may pay for a code, and what its plan is made on."""
        code = terms.binding.campaign_id, self._brand_of(terms)
        return self.campaigns.candidates(*code), self.campaigns.basis(*code)

    def _brand_of(self, terms: RangeTerms) -> str | None:
        product = self.products.get(terms.binding.gtin or terms.printed_gtin or "")
        return terms.brand or (product.brand if product else None)

    def brand_of(self, code_id: int) -> str | None:
        """Name the brand of a code, as far as this worker knows it."""
        terms = self.table.find(code_id)
        bound = terms.binding.gtin or terms.printed_gtin if terms else None
        product = self.products.get(bound or "")
        return product.brand if product else None

    def offer_of(self, terms: RangeTerms | None, now: datetime) -> Offer | None:
        """Tell the best that campaigns have for a claim; None where there is none."""
        return best_offer(
            campaign.offer(now, self.spent) for campaign in self.candidates(terms)
        )
