"""A visit of the consumer's page: perhaps a member's, and where its signals go."""

from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request

from core.auth import Member
from core.bounds import read_id
from core.errors import Unauthenticated
from core.pages import Sender, Visit, sender_of
from scan_api.page.desk import PageDesk
from scan_api.page.sign_in import SESSION_S
from scan_api.pipeline.requests import Origin, follow_link, locate

# Whoever typed a code may have mistyped it; a camera does not.
TYPED: Final = "typed"
JOY_S: Final = 120


@dataclass(slots=True, kw_only=True)
class PageVisit(Visit):
    """One request, as the consumer's page sees it."""

    member: Member | None = None
    joy: int | None = None
    origin: Origin = field(default_factory=lambda: Origin(None, ()))
    sender: Sender = Sender.VISITOR
    # What the address says beside its path, and a change of language keeps.
    marks: dict[str, str] = field(default_factory=dict)

    def keep_session(self, token: str) -> None:
        """Stay signed in."""
        self.keep("session", token, max_age=SESSION_S)

    def promise_joy(self, scan_id: str) -> None:
        """Let the next page celebrate what a scan has earned; none after it will."""
        self.keep("joy", scan_id, max_age=JOY_S)

    def take_joy(self) -> int | None:
        """Give the scan to celebrate, if there is one, and forget it."""
        if self.joy is not None:
            self.keep("joy", "", max_age=0)
        return self.joy

    def end_session(self) -> None:
        """Sign out."""
        self.keep("session", "", max_age=0)


def read_visit(request: Request[Any, Any, Any], page: PageDesk) -> PageVisit:
    """Read what a request says of its visitor."""
    visit = PageVisit.of(request, page.settings)
    _read_member(visit, request.cookies, page)
    visit.joy = read_id(request.cookies.get(visit.name("joy"), ""))
    if TYPED in request.query_params:
        visit.marks = {TYPED: "1"}
    visit.origin = locate(
        address=visit.address,
        device_id=None,
        member_id=visit.member.member_id if visit.member else None,
    )
    visit.sender = sender_of(request.method, visit.headers, visit.own_origins)
    if visit.sender is Sender.LINK:
        visit.origin = follow_link(visit.origin)
    return visit


def _read_member(visit: PageVisit, cookies: dict[str, str], page: PageDesk) -> None:
    session = cookies.get(visit.name("session"))
    if not session:
        return
    try:
        visit.member = page.members.verify(session, now_ms=page.clock.now_ms())
    except Unauthenticated:
        # An expired session is nobody's fault: the page offers to sign in again.
        visit.end_session()
