"""Real PostgreSQL and real Valkey from wheels, private to one user of the machine."""

from crowncap.embedded.errors import EmbeddedServerError
from crowncap.embedded.running import (
    RunningServers,
    ServerUrls,
    connection_urls,
    start,
)
from crowncap.embedded.supervise import RestartPolicy, Supervisor

__all__ = [
    "EmbeddedServerError",
    "RestartPolicy",
    "RunningServers",
    "ServerUrls",
    "Supervisor",
    "connection_urls",
    "start",
]
