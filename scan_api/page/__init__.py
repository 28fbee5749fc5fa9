"""The consumer's page: server-rendered, phone-first, complete without JavaScript."""

from scan_api.page.desk import PageDesk
from scan_api.page.routes import ROUTER
from scan_api.page.routes.answering import asks_for_page, show_refusal

__all__ = ["ROUTER", "PageDesk", "asks_for_page", "show_refusal"]
