"""The staff's side: server-rendered rooms for line, print house and fraud people."""

from console.desk import ConsoleDesk
from console.routes import ROUTER

__all__ = ["ROUTER", "ConsoleDesk"]
