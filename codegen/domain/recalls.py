"""Taking codes out of use by two persons: recalls, and voids that a line asks for."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from codegen.domain.batches import Batch, Preview
from codegen.domain.ranges import BatchInterval, CodeRange, Interval
from codegen.domain.skips import add_skips


class RecallKind(StrEnum):
    """What becomes of the codes: consumers are warned, or the codes are worthless."""

    RECALL = "recall"
    VOID = "void"


class RecallState(StrEnum):
    """Where a wish stands."""

    REQUESTED = "requested"
    IN_EFFECT = "in_effect"


@dataclass(frozen=True, slots=True)
class RecallScope:
    """What a recall covers: a batch or part of it, a lot wherever it is, or a carton.

    `packed` is what was in the carton (or pallet) when the recall was asked for: who
    unpacks it meanwhile takes nothing out of the recall. A void names its codes the
    same way. `brand` and `line` are what the asking key was narrowed to.
    """

    batch_id: int | None = None
    lot: str | None = None
    from_index: int | None = None
    to_index: int | None = None
    carton: str | None = None
    packed: tuple[BatchInterval, ...] = ()
    brand: str | None = None
    line: str | None = None

    @classmethod
    def read(cls, stored: dict[str, Any]) -> "RecallScope":
        """Read a scope as it was stored."""
        packed = tuple(BatchInterval(*each) for each in stored.get("packed", ()))
        return cls(**stored | {"packed": packed})

    def named(self) -> dict[str, Any]:
        """Give it as it was worded, without what it was found to hold."""
        worded = asdict(self)
        del worded["packed"]
        return {name: value for name, value in worded.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RecallOrder:
    """A wish to recall or void codes; only a recall tells consumers what to do."""

    kind: RecallKind
    scope: RecallScope
    reason: str
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(RecallOrder):
    """A wish that was asked for, and who has agreed to it.

    `shown` is the digest of what was counted when it was asked for, `changed` how many
    codes it took when it was put into effect; wishes of old have neither.
    """

    recall_id: int
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    shown: str | None
    changed: int | None

    @property
    def state(self) -> RecallState:
        """Tell whether somebody has approved it."""
        if self.approved_by is None:
            return RecallState.REQUESTED
        return RecallState.IN_EFFECT


@dataclass(frozen=True, slots=True)
class CoveredBatch:
    """What a recall covers of a batch, as code_ids, and what it would do there now."""

    batch: Batch
    wanted: Sequence[Interval]
    ranges: Sequence[CodeRange]
    preview: Preview

    @property
    def lots(self) -> tuple[str, ...]:
        """Name the lots that it touches."""
        return tuple(sorted({r.binding.lot for r in self.ranges if r.binding.lot}))


def add_previews(previews: Sequence[Preview]) -> Preview:
    """Add up what would happen to several batches."""
    return Preview(
        sum(each.would_change for each in previews),
        sum(each.unchanged for each in previews),
        add_skips(each.skipped for each in previews),
    )


def digest_recall(order: RecallOrder, covered: Sequence[CoveredBatch]) -> str:
    """Name what an approver is shown: text, codes and counts (32 hexadecimal digits).

    Codes that merely become active meanwhile change nothing of what is taken.
    """
    told = [
        order.kind.value,
        order.reason,
        order.instructions,
        [
            [each.batch.batch_id, each.preview.would_change, list(each.wanted)]
            for each in covered
        ],
    ]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()
