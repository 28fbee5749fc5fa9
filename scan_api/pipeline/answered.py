"""Answers on their way out: told to a page, sent, recorded beside a key, replayed."""

from collections.abc import Sequence

import msgspec

from core.auth.idempotency import reused_key
from core.errors import InvalidInput
from scan_api.domain.messages import message
from scan_api.domain.scans import Outcome
from scan_api.pipeline.responses import ScanAnswer, encode_answer
from scan_api.store.scans import Committed, Decided


class Answered(msgspec.Struct, gc=False):
    """What a scan is answered; written as JSON once, when it is recorded or sent.

    `answer` is None for a replay: what was recorded for its key is sent as it is.
    `foreign` is what is invalid only to a caller who is for another brand.
    """

    outcome: Outcome
    answer: ScanAnswer | None
    foreign: bool = False
    written: bytes = b""

    @property
    def replayed(self) -> bool:
        """Whether it was recorded for the key before."""
        return self.answer is None

    def body(self) -> bytes:
        """Give it as JSON."""
        if self.answer is not None and not self.written:
            self.written = encode_answer(self.answer)
        return self.written


def unstorable_member() -> InvalidInput:
    """Say that a member's id cannot be kept."""
    return InvalidInput.field(
        "/member_id",
        "unstorable",
        message("unstorable_member"),
    )


def replay_of(committed: Committed, decided: Decided) -> Answered | InvalidInput | None:
    """Give what was answered to this key before; InvalidInput for another body."""
    if committed.replay_body is None:
        return None
    if committed.replay_body != decided.scan.body_hash or committed.replay is None:
        return reused_key()
    return Answered(committed.outcome, None, written=committed.replay)


def to_record(
    decided: Sequence[Decided], answers: Sequence[Answered | Exception]
) -> list[tuple[bytes, bytes]]:
    """Pair each key that was sent with the answer that a replay will get."""
    return [
        (d.scan.key_hash, answer.body())
        for d, answer in zip(decided, answers, strict=True)
        if d.scan.key_hash and isinstance(answer, Answered) and not answer.replayed
    ]
