"""The consumer's page: server-rendered, phone-first, complete without JavaScript."""

from scan_api.page.desk import PageDesk
from scan_api.page.routes import ROUTER

__all__ = ["ROUTER", "PageDesk"]
