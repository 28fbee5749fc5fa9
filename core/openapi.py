"""The API's own document: of each route, all that it reads and all that it answers.

The framework finds routes and parameters. Bodies and answers are described by msgspec,
which reads and writes them; what doors and faults add is told here, once for all. A
handler says in `opt` what no annotation can: `reads` and `answers` by media type, and
`also`, further statuses with their descriptions.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

import msgspec
from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.status_codes import HTTP_204_NO_CONTENT

from core.doors import GUARDS, JSON
from core.errors import Problem

Json = dict[str, Any]
REF: Final = "#/components/schemas/{name}"
PROBLEM: Final = "application/problem+json"
BINARY: Final[Json] = {"type": "string", "format": "binary"}
STAFF: Final = "staffToken"
MEMBER: Final = "memberToken"
SCHEMES: Final = {
    STAFF: "A staff token, as `crowncap token staff` prints it.",
    MEMBER: "A member's token: a JWT from the brand's own sign-in.",
}
REASONS: Final = {
    400: "The request cannot be read",
    401: "Nobody we know",
    403: "Known, but not allowed",
    404: "No such thing, or none that this caller may see",
    408: "The body did not come in time",
    409: "The thing is not in a state that allows this",
    413: "The body is too large",
    415: "The body is of a type or coding that is not read here",
    416: "None of the bytes asked for are there",
    422: "Fields are wrong; `errors` says which",
    429: "Too many; come back later",
    500: "A fault of ours",
    503: "Something that this needs is away; nothing was done",
}
_HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": "The scheme, Bearer"},
    415: {
        "Accept": "Media types that are read here",
        "Accept-Encoding": "Codings that are read here",
    },
    429: {"Retry-After": "Seconds to wait"},
    503: {"Retry-After": "Seconds to wait"},
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body get the same answer, for 48 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
# A scan's caller may be newer than this server, and EPCIS has extensions.
_OPEN: Final = frozenset({"scanCode", "captureEvents"})
_REPLAYED: Final = {"Idempotency-Replayed": "true, if it was answered before"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRoute:
    """A route that the framework does not know."""

    method: str
    path: str
    operation: Json
    reads: type
    answers: type
    statuses: frozenset[int]
    request_example: Json
    answer_example: Json


class DocumentPlugin(JsonRenderPlugin):
    """Serves the document, which is made once."""

    def __init__(self, *plain: PlainRoute) -> None:
        super().__init__()
        self._plain = plain
        self._document: Json | None = None

    def render(
        self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]
    ) -> bytes:
        """Answer /schema/openapi.json."""
        if self._document is None:
            self._document = describe(request.app, openapi_schema, self._plain)
        return super().render(request, self._document)


def name_operation(handler: Any, _method: Any, _path: Any) -> str:
    """Name an operation after the function that does it: `orderPackage`."""
    first, *rest = handler.handler_name.split("_")
    return str(first) + "".join(word.capitalize() for word in rest)


def describe(app: Litestar, framework: Json, plain: Sequence[PlainRoute]) -> Json:
    """Complete what the framework says of an application."""
    document = deepcopy(framework)
    found = list(_operations(app, document))
    media = [each for handler, _ in found for each in (_reads(handler), _says(handler))]
    kinds = [k for each in media for k in each.values() if not isinstance(k, dict)]
    also = [k for handler, _ in found for k in handler.opt.get("also", {}).values()]
    kinds += [kind for kind in also if not isinstance(kind, str)]
    kinds += [kind for route in plain for kind in (route.reads, route.answers)]
    told, components = _schemas_of([*kinds, Problem])
    for handler, operation in found:
        _complete(handler, operation, told)
    for route in plain:
        methods = document["paths"].setdefault(route.path, {})
        methods[route.method] = _write_plain(route, told)
    components = _parameters_of(document) | components
    for body in _bodies_in(document):
        _close(body, components, set())
    document["components"] = {
        "schemas": components,
        "securitySchemes": {
            name: {"type": "http", "scheme": "bearer", "description": description}
            for name, description in SCHEMES.items()
        },
    }
    return document


def _operations(
    app: Litestar, document: Json
) -> Iterator[tuple[HTTPRouteHandler, Json]]:
    handlers = {
        name_operation(handler, None, None): handler
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        # A page's function may have the name of one that the document describes.
        if isinstance(handler, HTTPRouteHandler) and handler.resolve_include_in_schema()
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            if handler := handlers.get(operation["operationId"]):
                yield handler, operation


def _reads(handler: HTTPRouteHandler) -> Mapping[str, Any]:
    """Tell what a handler reads, by media type."""
    data = handler.parsed_data_field
    if data is None:
        told: Mapping[str, Any] = handler.opt.get("reads", {})
        return told
    # What may be left out is left out, and not sent as null.
    kinds = [kind for kind in get_args(data.raw) if kind is not type(None)]
    return {JSON: kinds[0] if len(kinds) == 1 else data.raw}


def _says(handler: HTTPRouteHandler) -> Mapping[str, Any]:
    """Tell what a handler answers when all is well, by media type."""
    kind = handler.parsed_fn_signature.return_type.raw
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Response):
        kind = get_args(kind)[0]
    return handler.opt.get("answers") or {JSON: kind}


def _schemas_of(kinds: list[Any]) -> tuple[dict[Any, Json], Json]:
    """Describe kinds of values: each by itself, and what they refer to."""
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    components = {name: _plain(schema) for name, schema in components.items()}
    told = dict(zip(map(repr, kinds), map(_plain, schemas), strict=True))
    return told, components


def _plain(schema: Any) -> Any:
    r"""Write a schema as JSON Schema does, whose patterns know no `\Z`."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _plain(each) for name, each in schema.items()}
    if isinstance(plain.get("pattern"), str):
        plain["pattern"] = plain["pattern"].replace(r"\Z", "$")
    if plain.get("items") is False and "prefixItems" in plain:
        # Generators of clients know lists; the length says that it is a pair.
        plain["items"], *_ = plain.pop("prefixItems")
    return plain


def _complete(
    handler: HTTPRouteHandler, operation: Json, told: dict[Any, Json]
) -> None:
    """Say of one operation all that it reads and answers."""
    reads, takes_key = _reads(handler), "once" in handler.parsed_fn_signature.parameters
    for parameter in operation.setdefault("parameters", []):
        _narrow(parameter)
    if takes_key:
        operation["parameters"].append(IDEMPOTENCY_KEY)
    if reads:
        data = handler.parsed_data_field
        operation["requestBody"] = {
            "content": _content(reads, told),
            "required": data is None or not data.has_default,
        }
    done = operation["responses"].get(str(handler.status_code), {})
    silent = handler.status_code == HTTP_204_NO_CONTENT
    done["content"] = {} if silent else _content(_says(handler), told)
    done["headers"] = _headers(_REPLAYED if takes_key else {})
    operation["responses"] = {str(handler.status_code): done} | {
        str(status): {"description": kind, "content": {}}
        if status == HTTP_204_NO_CONTENT
        else _another(kind, done, told)
        for status, kind in handler.opt.get("also", {}).items()
    }
    operation["responses"] |= problems(_statuses(handler, operation))
    if _is_guarded(handler):
        members = any(path.startswith("/v1/me/") for path in handler.paths)
        operation["security"] = [{MEMBER: []} if members else {STAFF: []}]
        if handler.opt.get("members"):
            operation["security"].append({MEMBER: []})


def _write_plain(route: PlainRoute, told: dict[Any, Json]) -> Json:
    body, answer = (
        _content({JSON: route.reads}, told),
        _content({JSON: route.answers}, told),
    )
    body[JSON]["examples"] = {"example": {"value": route.request_example}}
    answer[JSON]["examples"] = {"example": {"value": route.answer_example}}
    done = {"description": "The outcome", "content": answer}
    return route.operation | {
        "parameters": [IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": body},
        "responses": {"200": done} | problems(set(route.statuses)),
    }


def _another(kind: Any, done: Json, told: dict[Any, Json]) -> Json:
    """Describe another right answer: of another kind, or the same, told in words."""
    if isinstance(kind, str):
        return done | {"description": kind}
    return {"description": kind.__doc__, "content": _content({JSON: kind}, told)}


def _content(media: Mapping[str, Any], told: dict[Any, Json]) -> Json:
    return {
        name: {"schema": kind if isinstance(kind, dict) else told[repr(kind)]}
        for name, kind in media.items()
    }


def _headers(described: Mapping[str, str]) -> Json:
    return {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    }


def _is_guarded(handler: HTTPRouteHandler) -> bool:
    return set(GUARDS) <= set(handler.resolve_guards())


def _statuses(handler: HTTPRouteHandler, operation: Json) -> set[int]:
    """List the statuses of what may go wrong with an operation."""
    found = {422, 429, 500, 503, *handler.opt.get("faults", ())}
    if _is_guarded(handler):
        found |= {401, 403}
    if any(each["in"] == "path" for each in operation["parameters"]) or _reads(handler):
        found.add(404)
    if "batch_id" in handler.parsed_fn_signature.parameters:
        found.add(404)
    if _reads(handler):
        found |= {400, 408, 413, 415}
    if "POST" in handler.http_methods:
        found |= {404, 409}
    return found


def problems(statuses: set[int]) -> Json:
    """Describe the faults that an operation may answer."""
    return {
        str(status): {
            "description": REASONS[status],
            "headers": _headers(_HEADERS.get(status, {})),
            "content": {PROBLEM: {"schema": {"$ref": REF.format(name="Problem")}}},
        }
        for status in sorted(statuses)
    }


def _narrow(parameter: Json) -> None:
    """Say of a parameter what it is if it is given; nobody can give null."""
    schema = parameter.get("schema", {})
    either = [s for s in schema.pop("oneOf", []) if s != {"type": "null"}]
    if len(either) == 1:
        schema |= either[0]
    for name in ("deprecated", "allowEmptyValue", "allowReserved"):
        parameter.pop(name, None)


def _parameters_of(document: Json) -> Json:
    """Keep the framework's schemas that parameters refer to: enums."""
    schemas = document.get("components", {}).get("schemas", {})
    names = {
        parameter["schema"]["$ref"].rpartition("/")[2]
        for methods in document["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if "$ref" in parameter.get("schema", {})
    }
    return {name: schemas[name] for name in sorted(names)}


def _bodies_in(document: Json) -> Iterator[Any]:
    for methods in document["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if operation["operationId"] not in _OPEN:
                yield from (each["schema"] for each in content.values())


def _close(schema: Any, components: Json, seen: set[str]) -> None:
    """Say of the objects of a body that they have no names but these."""
    if isinstance(schema, list):
        for each in schema:
            _close(each, components, seen)
    elif isinstance(schema, dict):
        name = schema.get("$ref", "").rpartition("/")[2]
        if name and name not in seen:
            _close(components[name], components, seen | {name})
        if "properties" in schema:
            schema["additionalProperties"] = False
        for each in schema.values():
            if isinstance(each, dict | list):
                _close(each, components, seen | ({name} if name else set()))
