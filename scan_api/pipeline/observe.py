"""What is told to others of a batch once it is durable."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scan_api.domain.scans import CLAIMING
from scan_api.pipeline.metrics import OUTCOMES
from scan_api.pipeline.signals import SignalStore
from scan_api.store.scans import Committed, Decided


@dataclass(frozen=True, slots=True)
class ScanObserver:
    """Tells Redis which codes are claimed, and the metrics what came of the scans."""

    signals: SignalStore
    # Told (scan_id, code_id) of every claim.
    note_claims: Callable[[Sequence[tuple[int, int]]], None]
    note_decided: Callable[[Sequence[Decided]], None]

    def observe(
        self, decided: Sequence[Decided], committed: Sequence[Committed]
    ) -> None:
        """Tell of a batch; returns at once, and Redis hears of it soon."""
        claims = [
            (d.scan.scan_id, d.scan.code_id)
            for d, c in zip(decided, committed, strict=True)
            if c.outcome in CLAIMING
        ]
        for outcome, number in Counter(c.outcome for c in committed).items():
            OUTCOMES[outcome].inc(number)
        self.signals.observe([code_id for _, code_id in claims])
        self.note_claims(claims)
        # What was answered before, and is only told again, was decided then.
        fresh = [
            d for d, c in zip(decided, committed, strict=True) if c.replay_body is None
        ]
        self.note_decided(fresh)
