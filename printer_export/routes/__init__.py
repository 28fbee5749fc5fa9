"""HTTP of printer_export."""

from litestar import Router

from core.auth.requests import require_token

ROUTER = Router(path="/", guards=[require_token], route_handlers=[])
