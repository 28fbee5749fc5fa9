"""An answer is a value until it leaves, and then is written once."""

from scan_api.domain.scans import Outcome
from scan_api.pipeline.answered import Answered
from scan_api.pipeline.responses import answer_invalid


def test_an_answer_that_was_recorded_is_not_written_again_to_be_sent() -> None:
    """Who asks twice gets the very bytes that stand beside the key."""
    answered = Answered(Outcome.INVALID, answer_invalid(7, "en"))
    assert b'"scan_id":"7"' in answered.body()
    assert answered.body() is answered.body()


def test_a_replay_is_sent_as_it_was_recorded() -> None:
    """Also when this version would write it otherwise."""
    replay = Answered(Outcome.REWARDED, None, written=b'{"old":1}')
    assert replay.replayed
    assert replay.body() == b'{"old":1}'
    assert not Answered(Outcome.INVALID, answer_invalid(7, "en")).replayed
