"""What a candidate does on scans that were, laid out for people; pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from anti_fraud.domain.cases import Value
from anti_fraud.domain.trials import Quality, RuleTally, SideTally, Trial, quality_of
from anti_fraud.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Side:
    """What one rule set makes of the scans, by verdict, and how good that is."""

    name: str
    outcomes: Mapping[Verdict, int]
    quality: Quality | None

    @property
    def shares(self) -> list[tuple[Verdict, int, float]]:
        """List verdicts with their counts, and their shares in percent."""
        whole = max(sum(self.outcomes.values()), 1)
        counts = [(verdict, self.outcomes.get(verdict, 0)) for verdict in Verdict]
        return [(verdict, n, 100 * n / whole) for verdict, n in counts]


@dataclass(frozen=True, slots=True)
class ShownTrial:
    """A trial as its page shows it; rules that do most come first."""

    trial: Trial
    sides: tuple[Side, ...]

    @property
    def rules(self) -> list[tuple[str, RuleTally]]:
        """List rules, those on which both sides differ most first."""
        return sorted(
            self.trial.rules.items(),
            key=lambda each: (-abs(each[1].hits - each[1].live_hits), -each[1].hits),
        )

    @property
    def was_decided(self) -> bool:
        """Tell whether people decided any of the scans."""
        return bool(self.trial.decided_fraud or self.trial.decided_good)

    @property
    def fraud_value(self) -> Value:
        """Give what all that was decided as fraud would have earned."""
        return Value(self.trial.points, self.trial.minor)


def show_trial(trial: Trial) -> ShownTrial:
    """Lay a trial out: the candidate, what is live, and what was said then."""
    return ShownTrial(
        trial,
        (
            _side("candidate", trial.candidate, trial),
            _side("live", trial.live, trial),
            Side("recorded", trial.recorded, None),
        ),
    )


def _side(name: str, tally: SideTally, trial: Trial) -> Side:
    return Side(name, tally.outcomes, quality_of(tally, trial))
