"""A rule set in words, and what a version changes of another; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from anti_fraud.domain.facts import KNOWN_FACTS, KnownFact
from anti_fraud.domain.rule_set_json import parse_rule_set
from anti_fraud.domain.verdict import Effect
from console.frame.condition_words import ConditionWords, Texts
from console.frame.lines import Line
from core.conditions import FactKind
from core.errors import InvalidInput

Document = Mapping[str, Any]
_STOPS: Final = ".。"


@dataclass(frozen=True, slots=True)
class ToldRule:
    """A rule as a reader sees it; parts that it does not have are empty."""

    rule_id: str
    sentence: str
    condition: str
    score: str
    effect: str
    kind: str
    group: str
    expires_on: str

    @property
    def terms(self) -> tuple[str, ...]:
        """List what there is beside its condition."""
        parts = (self.score, self.effect, self.kind, self.group, self.expires_on)
        return tuple(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class RuleWords:
    """Puts rule sets into a reader's words; `facts` are those of a document."""

    language: str
    t: Texts
    facts: Mapping[str, KnownFact]

    @property
    def conditions(self) -> ConditionWords:
        """Give what puts conditions into words."""
        return ConditionWords(self.t, self.fact)

    @property
    def kinds(self) -> dict[str, FactKind]:
        """Give the kind of each fact that conditions may read."""
        return {name: known.kind for name, known in self.facts.items()}

    @property
    def choices(self) -> list[tuple[str, str]]:
        """List the facts with their sentences, as people choose from them."""
        return [(name, self._sentence(known)) for name, known in self.facts.items()]

    def fact(self, name: str) -> str:
        """Name a fact by its sentence; one that nobody knows by its own name."""
        known = self.facts.get(name)
        told = name if known is None else self._sentence(known)
        return self.t("quoted").format(inner=told)

    def hint(self, name: str) -> str:
        """Say in what a fact is measured, and what else helps to write its value."""
        known = self.facts.get(name)
        unit = "" if known is None else self.t("unit_of").format(unit=known.unit)
        has_none = known is None or known.unit is None
        return self.t("several") if has_none else unit

    def _sentence(self, known: KnownFact) -> str:
        return known.sentence.say(self.language).rstrip(_STOPS)

    def rule(self, rule: Mapping[str, Any]) -> ToldRule:
        """Tell a rule; what is wrong with it is told as it stands."""
        sentence = rule.get("sentence")
        sentences = sentence if isinstance(sentence, dict) else {}
        effect, kind = rule.get("effect", Effect.SCORE), rule.get("kind")
        group, until = rule.get("group"), rule.get("expires_on")
        return ToldRule(
            str(rule.get("id", "")),
            str(sentences.get(self.language) or sentences.get("en") or ""),
            self._condition(rule.get("when")),
            self.t("rule_scores").format(score=rule.get("score", 0)),
            "" if effect == Effect.SCORE else self.t(f"effect_{effect}"),
            self.t(f"case_kind_{kind}") if kind else "",
            self.t("rule_in_group").format(group=group) if group else "",
            self.t("rule_until").format(day=until) if until else "",
        )

    def _condition(self, tree: Any) -> str:
        return self.t("rule_always") if tree is None else self.conditions.tell(tree)

    def tell(self, document: Document) -> list[Line]:
        """List what a document says, in the order in which people ask."""
        return list(self._lines(document))

    def _lines(self, document: Document) -> Iterator[Line]:
        for name in ("hold", "refuse"):
            at = document.get("thresholds", {}).get(name)
            yield Line(name, self.t(f"threshold_{name}"), str(at))
        if high := document.get("thresholds", {}).get("high_prize"):
            value = self.t("high_prize_told").format(
                hold=high["hold"], points=high["points"], yuan=high["minor"] / 100
            )
            yield Line("high_prize", self.t("threshold_high_prize"), value)
        for rule in document.get("rules", ()):
            told = self.rule(rule)
            value = self.t("rule_told").format(
                condition=told.condition, terms=self.t("listed").join(told.terms)
            )
            yield Line(f"rule/{told.rule_id}", told.rule_id, value)
            yield Line(f"sentence/{told.rule_id}", told.rule_id, told.sentence)
        for counter in document.get("counters", ()):
            name = str(counter.get("fact"))
            yield Line(f"counter/{name}", self.t("rule_counter"), self.fact(name))
        for throttle in document.get("throttles", ()):
            told_as = self.t("throttle_told").format_map(throttle)
            key = f"throttle/{throttle.get('entity')}/{throttle.get('window_s')}"
            yield Line(key, self.t("rule_throttle"), told_as)


def name_rules(document: Document, language: str) -> dict[str, str]:
    """Give the sentence of each rule by its id, the weightiest first."""
    rules = sorted(document["rules"], key=lambda rule: -rule["score"])
    return {
        rule["id"]: rule["sentence"].get(language) or rule["sentence"]["en"]
        for rule in rules
    }


def facts_of(document: Document) -> dict[str, KnownFact]:
    """List what conditions of a document may read: what it counts, and all known."""
    try:
        counted = parse_rule_set({**document, "rules": []}).facts
    except InvalidInput:
        # Its counters can't be read, which whoever checks the document says.
        counted = KNOWN_FACTS
    return {known.name: known for known in counted}
