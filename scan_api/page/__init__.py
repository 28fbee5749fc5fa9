"""The consumer's page: server-rendered, phone-first, complete without JavaScript."""

from scan_api.page.context import PageContext, WalletPorts
from scan_api.page.routes import ROUTER
from scan_api.page.routes.responses import asks_for_page, show_refusal

__all__ = ["ROUTER", "PageContext", "WalletPorts", "asks_for_page", "show_refusal"]
