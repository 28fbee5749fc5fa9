"""A request for a page of the console: perhaps by somebody of the staff."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Request

from console.frame.context import ConsoleContext
from core.auth import Role, Staff
from core.auth.sessions import LIFETIME, find_session
from core.pages import PageRequest

COOKIE: Final = "staff"


@dataclass(slots=True, kw_only=True)
class StaffRequest(PageRequest):
    """One request, as the console sees it.

    `switch` leads to the same page in the other language; that of a form's answer to
    the page that the form stood on.
    """

    session: str | None = None
    visitor: Staff | None = None
    switch: str | None = None

    @property
    def other_language(self) -> str:
        """Name the language that the page is not in."""
        return "en" if self.language == "zh" else "zh"

    @property
    def staff(self) -> Staff:
        """Whoever is signed in; pages that need it are entered by nobody else."""
        assert self.visitor is not None
        return self.visitor

    def may(self, *roles: Role) -> bool:
        """Tell whether the visitor has one of these roles, or is an admin."""
        return self.visitor is not None and (
            self.visitor.role is Role.ADMIN or self.visitor.role in roles
        )

    def keep_session(self, secret: str) -> None:
        """Stay signed in for a shift."""
        self.keep(COOKIE, secret, max_age=int(LIFETIME.total_seconds()))

    def end_session(self) -> None:
        """Sign out."""
        self.keep(COOKIE, "", max_age=0)


async def recognise(
    request: Request[Any, Any, Any], context: ConsoleContext, page: StaffRequest
) -> None:
    """Look up whose session a request carries; one that has ended is put away."""
    secret = request.cookies.get(page.name(COOKIE))
    if not secret:
        return
    async with context.engine.connect() as conn:
        page.visitor = await find_session(conn, secret, now=context.now)
    if page.visitor is None:
        page.end_session()
    else:
        page.session = secret
