"""A service's staff: whoever a bench's own calls are made by."""

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.serving import StoreUrls
from core.auth.principal import OPERATOR, Role
from core.auth.staff_tokens import NewStaffToken, give_staff_token
from core.clock import SystemClock, utc_datetime
from core.db import create_engine

# Marketers and analysts have each a colleague, who approves.
ROLES: Final = {
    "issuer": Role.ISSUER,
    "line": Role.LINE,
    "marketer": Role.MARKETER,
    "another-marketer": Role.MARKETER,
    "analyst": Role.ANALYST,
    "another-analyst": Role.ANALYST,
    "app": Role.APP,
}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Staff:
    """Makes calls to the service of a port; `tokens` are by what people are."""

    port: int
    tokens: dict[str, str]

    @classmethod
    def hire(cls, data: Path, port: int) -> "Staff":
        """Give everybody a token of the installation in a directory."""
        return cls(port, asyncio.run(_give_tokens(data)))

    def call(self, path: str, body: Json | None, who: str, method: str = "") -> Json:
        """Send one request as somebody; raises RuntimeError with what was answered."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.tokens[who]}",
                "Content-Type": "application/json",
            },
            method=method or ("GET" if body is None else "POST"),
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - our own service
                found: Json = json.loads(answer.read() or b"{}")
                return found
        except urllib.error.HTTPError as fault:
            said = fault.read().decode()[:1000]
            raise RuntimeError(f"{path}: {fault.code} {said}") from None

    def commit_rules(self, rules: Json) -> int:
        """Keep rules as a version that can be activated; gives its number."""
        document = {k: v for k, v in rules.items() if k != "version"}
        draft = {"document": document, "note": "bench"}
        version: int = self.call("/v1/rule-sets", draft, "analyst")["version"]
        self.call(f"/v1/rule-sets/{version}/commits", {}, "analyst")
        return version

    def activate_rules(self, version: int) -> int:
        """Let a version judge; gives the one that did until now."""
        versions = self.call("/v1/rule-sets", None, "analyst")["items"]
        active: int = next(v["version"] for v in versions if v["state"] == "active")
        path = f"/v1/rule-sets/{version}/activations"
        self.call(path, {"expected_active": active}, "another-analyst")
        return active


async def _give_tokens(data: Path) -> dict[str, str]:
    """Make tokens as `crowncap token staff` does, but all in this process."""
    engine = create_engine(StoreUrls.of(data, "crowncap").database_url)
    try:
        async with engine.begin() as conn:
            now = utc_datetime(SystemClock().now_ms())
            return {
                name: await give_staff_token(
                    conn, NewStaffToken(person=name, role=role), OPERATOR, now=now
                )
                for name, role in ROLES.items()
            }
    finally:
        await engine.dispose()
