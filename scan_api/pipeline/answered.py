"""Answers as bytes: to be sent, recorded beside a key, or replayed from there."""

from collections.abc import Sequence

import msgspec

from core.auth.idempotency import reused_key
from core.errors import InvalidInput
from scan_api.domain.scans import Outcome
from scan_api.store.scans import Committed, Decided


class Answered(msgspec.Struct, frozen=True, gc=False):
    """An answer as bytes; `replayed` when it was recorded for the key before.

    `foreign` is what is invalid only to a caller who is for another brand.
    """

    outcome: Outcome
    body: bytes
    replayed: bool = False
    foreign: bool = False


def unstorable_member() -> InvalidInput:
    """Say that a member's id cannot be kept."""
    return InvalidInput.field(
        "/member_id",
        "unstorable",
        "This member id holds a character that cannot be stored.",
    )


def replay_of(committed: Committed, decided: Decided) -> Answered | InvalidInput | None:
    """Give what was answered to this key before; InvalidInput for another body."""
    if committed.replay_body is None:
        return None
    if committed.replay_body != decided.scan.body_hash or committed.replay is None:
        return reused_key()
    return Answered(committed.outcome, committed.replay, replayed=True)


def to_record(
    decided: Sequence[Decided], answers: Sequence[Answered | Exception]
) -> list[tuple[bytes, bytes]]:
    """Pair each key that was sent with the answer that a replay will get."""
    return [
        (d.scan.key_hash, answer.body)
        for d, answer in zip(decided, answers, strict=True)
        if d.scan.key_hash and isinstance(answer, Answered) and not answer.replayed
    ]
