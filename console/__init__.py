"""The staff's side: server-rendered pages for line, print house and fraud people."""

from console.frame.context import ConsoleContext
from console.routes import ROUTER
from console.texts import TEXTS

__all__ = ["ROUTER", "TEXTS", "ConsoleContext"]
