"""What the OpenAPI document says of the hot route, which the framework cannot see."""

from typing import Final

from core.openapi import MEMBER, STAFF, PlainRoute
from scan_api.pipeline.requests import ScanBody
from scan_api.pipeline.responses import ScanAnswer

_EXAMPLE_REQUEST: Final = {
    "code": "HTTPS://BRAND.CN/C/0S7NNXNY6ZT4QM5Q",
    "device_id": "b7e0c1",
    "position": {"lat": 31.23, "lon": 121.47, "accuracy_m": 30},
}
_EXAMPLE_ANSWER: Final = {
    "scan_id": "119370821376147456",
    "outcome": "rewarded",
    "product": {"gtin": "06901234567892", "name": "Fresh Milk", "brand": "Crowncap"},
    "first_claimed_at": None,
    "by_you": None,
    "scan_count": 1,
    "rewards": [{"kind": "points", "amount": 5, "status": "posted"}],
    "points_available": 35,
    "next": {"kind": "none"},
    "message": "Genuine! You earned 5 points.",
}
SCAN_ROUTE: Final = PlainRoute(
    method="post",
    path="/v1/scans",
    operation={
        "operationId": "scanCode",
        "summary": "Scan a cap",
        "description": "Always answers 200 with an outcome. Unknown fields are passed "
        "over: whoever scans may be newer than this server.",
        "tags": ["scans"],
        "security": [{}, {MEMBER: []}, {STAFF: []}],
    },
    reads=ScanBody,
    answers=ScanAnswer,
    statuses=frozenset({400, 401, 408, 409, 413, 415, 422, 429, 500, 503}),
    request_example=_EXAMPLE_REQUEST,
    answer_example=_EXAMPLE_ANSWER,
)
