"""A campaign's terms in words, and what a version changes of another."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from console.frame.condition_words import ConditionWords, Texts
from console.frame.context import ConsoleContext
from console.frame.lines import Change, Line, compare_lines
from console.frame.page_request import StaffRequest
from console.frame.rendering import tell_moments
from rewards.domain.terms import OfferKind, Terms

Moment = Callable[[datetime | None], str]


@dataclass(frozen=True, slots=True)
class Wording:
    """Puts terms into a reader's words."""

    t: Texts
    moment: Moment

    def tell(self, terms: Terms) -> list[Line]:
        """List what terms say, in the order in which people ask."""
        return list(self._lines(msgspec.to_builtins(terms), terms))

    def compare(self, before: Terms, after: Terms) -> list[Change]:
        """List what differs between two versions."""
        return compare_lines(self.tell(before), self.tell(after))

    def _lines(self, said: Mapping[str, Any], terms: Terms) -> Iterator[Line]:
        t = self.t
        yield Line("zh", t("campaign_name_zh"), terms.name.zh)
        yield Line("en", t("campaign_name_en"), terms.name.en)
        yield Line("starts", t("campaign_begins"), self.moment(terms.starts_at))
        ends = self.moment(terms.ends_at) if terms.ends_at else t("campaign_never")
        yield Line("ends", t("campaign_ends"), ends)
        yield Line("to", t("applies_to"), t("applies_to_" + terms.applies_to.value))
        when = said.get("when")
        yield Line(
            "when", t("conditions"), self.conditions.tell(when) if when else t("any")
        )
        for offer in said["offers"]:
            key = f"offer/{offer['offer_id']}"
            yield Line(key, f"{t('offer')} {offer['offer_id']}", self.offer(offer))
        budget = said.get("budget") or {}
        limits = [
            *([self.count("points", budget["points"])] if "points" in budget else []),
            *([self.count("minor", budget["minor"])] if "minor" in budget else []),
        ]
        told = t("and").join(limits) or t("campaign_unlimited")
        yield Line("budget", t("campaign_budget"), told)
        for cap in said.get("caps", ()):
            label = t("cap_" + cap["per"])
            value = self.count(cap["of"], cap["most"])
            yield Line(f"cap/{cap['per']}/{cap['of']}", label, value)
        yield Line("order", t("campaign_order"), str(terms.order))
        yield Line("exclusive", t("exclusive"), t("yes" if terms.exclusive else "no"))

    def count(self, of: str, number: int) -> str:
        """Tell so many points, claims, or so much money."""
        if of == "minor":
            return f"¥{number // 100:,}.{number % 100:02}"
        return self.t("so_many_" + of).format(number=number)

    def offer(self, offer: Mapping[str, Any]) -> str:
        """Tell what an offer gives, and how many there are."""
        told = self.gift(offer)
        for name in ("stock", "daily_stock"):
            if offer.get(name) is not None:
                part = self.t(f"so_much_{name}").format(number=offer[name])
                told = self.t("joined").format(one=told, other=part)
        return told

    def gift(self, offer: Mapping[str, Any]) -> str:
        """Tell what is given, by its kind."""
        kind = offer["kind"]
        known = {
            "amount": offer.get("amount") or 1,
            "name": offer.get("name") or "",
            "what": offer.get("pool_id")
            or offer.get("draw_id")
            or offer.get("set_id")
            or "",
            "money": self.count("minor", offer.get("minor") or 0),
        }
        told = self.t("gives_" + kind).format_map(known)
        for tier in offer.get("table") or ():
            percent = f"{tier.get('per_million', 0) / 10_000:g}"
            given = tier.get("gives") or {"kind": OfferKind.GIFT}
            part = self.t("tier_gives").format(
                name=tier.get("name", ""),
                percent=percent,
                gift=self.offer({**given, **_stocks(tier)}),
            )
            told = self.t("joined").format(one=told, other=part)
        return told

    @property
    def conditions(self) -> ConditionWords:
        """Give what puts conditions into words."""
        return ConditionWords(self.t, self.fact)

    def fact(self, name: str) -> str:
        """Name a fact; one that has no word by its own name."""
        try:
            return self.t("fact_" + name)
        except KeyError:
            return name


def wording_of(context: ConsoleContext, page: StaffRequest) -> Wording:
    """Give the words of whoever asks for a page."""
    return Wording(
        partial(context.text, page.language), tell_moments(context.settings.timezone)
    )


def _stocks(tier: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tier.get(name) for name in ("stock", "daily_stock")}
