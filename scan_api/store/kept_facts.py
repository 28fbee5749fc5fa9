"""What is kept of each scan besides its outcome: what it was judged by, and where.

Written with every scan, so fields have short names and what is usual takes no room: a
scan that no rule hits takes 13 bytes, the same MessagePack map as before facts were
kept, so that workers of that time can read it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from anti_fraud.domain.decision import Decision
from anti_fraud.domain.facts import Fact


class KeptFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a scan was judged by, how, and what its app said of it."""

    # The rule set's version and the facts in its order; empty where nobody judged.
    judged: Sequence[Fact] = msgspec.field(name="j", default=())
    score: int = 0
    # The rules that hit; with their values in scans of before facts were kept.
    hits: Sequence[str] | Mapping[str, Any] = ()
    context: Mapping[str, Any] = msgspec.field(default_factory=dict)


_UNJUDGED: Final = KeptFacts()
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(KeptFacts).decode


def pack_facts(decision: Decision | None, context: Mapping[str, Any] | None) -> bytes:
    """Keep what a scan was judged by, and its context; nothing where there is none."""
    if decision is None:
        return _encode(KeptFacts(context=context)) if context else b""
    return _encode(
        KeptFacts(
            (decision.rule_set.version, *decision.rule_set.in_order(decision.facts)),
            decision.score,
            tuple([hit.rule_id for hit in decision.hits]),
            context or {},
        )
    )


def unpack_facts(packed: bytes) -> KeptFacts:
    """Read what was kept of a scan, by this Crowncap or one before."""
    return _decode(packed) if packed else _UNJUDGED
