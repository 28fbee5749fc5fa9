"""What admins read of jobs and webhooks."""

from collections.abc import Mapping
from typing import Final

from console.system.texts.jobs import JOB_TEXTS
from console.system.texts.webhooks import WEBHOOK_TEXTS

SYSTEM_TEXTS: Final[Mapping[str, tuple[str, str]]] = {**JOB_TEXTS, **WEBHOOK_TEXTS}
