"""Capture jobs: what came of a document of events, as it is answered and kept; pure."""

import msgspec


class CaptureError(msgspec.Struct, frozen=True):
    """What was wrong with an event, and where in the document."""

    type: str
    title: str
    status: int
    pointer: str
    code: str
    detail: str


class CaptureSkip(msgspec.Struct, frozen=True):
    """Caps that an event left as they were, and why."""

    pointer: str
    reason: str
    quantity: int
    detail: str


class CaptureJob(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of a document (EPCIS 2.0, section 12.6), and of its caps.

    Jobs of before a field was told have its default.
    """

    capture_id: str = msgspec.field(name="captureID")
    created_at: str
    finished_at: str
    running: bool
    success: bool
    capture_error_behaviour: str
    errors: tuple[CaptureError, ...]
    captured: int = 0
    repeated: int = 0
    activated: int = 0
    voided: int = 0
    void_request_ids: tuple[int, ...] = msgspec.field(
        default=(), name="void_request_ids"
    )
    not_activated: str = msgspec.field(default="", name="not_activated")
    skipped: tuple[CaptureSkip, ...] = ()
