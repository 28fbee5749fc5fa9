"""What the OpenAPI document says of the hot route, which the framework cannot see."""

from typing import Any

import msgspec
from litestar.openapi.spec import (
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    PathItem,
    Reference,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.example import Example

from scan_api.answers import Answer
from scan_api.requests import ScanBody

_EXAMPLE_REQUEST = {
    "code": "HTTPS://BRAND.CN/C/0S7NNXNY6ZT4QM5Q",
    "device_id": "b7e0c1",
    "position": {"lat": 31.23, "lon": 121.47, "accuracy_m": 30},
}
_EXAMPLE_ANSWER = {
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


def add_scan_route(document: OpenAPI) -> None:
    """Describe POST /v1/scans, with examples."""
    (request, answer), components = msgspec.json.schema_components(
        [ScanBody, Answer], ref_template="#/components/schemas/{name}"
    )
    schemas: dict[str, Any] = document.components.schemas if document.components else {}
    schemas.update({name: Schema(**_known(s)) for name, s in components.items()})
    paths = document.paths if document.paths is not None else {}
    item = paths.get("/v1/scans") or PathItem()
    item.post = Operation(
        operation_id="ScanCode",
        summary="Scan a cap",
        description="Always answers 200 with an outcome; see docs/architecture.md.",
        tags=["scans"],
        request_body=RequestBody(
            required=True, content=_json(request["$ref"], _EXAMPLE_REQUEST)
        ),
        responses={
            "200": OpenAPIResponse(
                description="The outcome",
                content=_json(answer["$ref"], _EXAMPLE_ANSWER),
            ),
            "422": OpenAPIResponse(description="A field is wrong (RFC 9457 problem)"),
            "429": OpenAPIResponse(description="Too many invalid codes from here"),
            "503": OpenAPIResponse(description="Busy or away; see Retry-After"),
        },
    )
    paths["/v1/scans"] = item


def _json(ref: str, example: dict[str, Any]) -> dict[str, OpenAPIMediaType]:
    return {
        "application/json": OpenAPIMediaType(
            schema=Reference(ref=ref), examples={"example": Example(value=example)}
        )
    }


def _known(schema: dict[str, Any]) -> dict[str, Any]:
    """Rename JSON Schema's keywords to the framework's field names."""
    names = {"anyOf": "any_of", "maxLength": "max_length", "minLength": "min_length"}
    names |= {"$ref": "ref", "prefixItems": "prefix_items"}
    return {names.get(key, key): value for key, value in schema.items()}
