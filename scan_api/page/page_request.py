"""A request for the consumer's page: perhaps a member's, and where its signals go."""

from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request

from core.auth import Member
from core.auth.idempotency import hash_body
from core.bounds import read_id
from core.errors import Unauthenticated
from core.ids import random_token
from core.pages import PageRequest, Sender, sender_of
from scan_api.page.context import PageContext
from scan_api.page.sign_in import SESSION_S
from scan_api.pipeline.requests import Origin, follow_link, locate

# Whoever typed a code may have mistyped it; a camera does not.
TYPED: Final = "typed"
JOY_S: Final = 120
# How long signing in may take, from the button to the claim that it was pressed for.
WISH_S: Final = 600
_KEY_BYTES: Final = 18


@dataclass(slots=True, kw_only=True)
class MemberRequest(PageRequest):
    """One request, as the consumer's page sees it."""

    member: Member | None = None
    joy: int | None = None
    wish: str = ""
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

    def keep_wish(self) -> None:
        """Remember that who now signs in asked for this cap, and under which key.

        A form of this site must have asked: the look that follows it claims.
        """
        key = random_token(_KEY_BYTES)
        self.keep("wish", f"{key}.{self._wish_of_path}", max_age=WISH_S)

    @property
    def wished_key(self) -> str | None:
        """The key of a claim that was asked for before signing in, if of this cap."""
        key, _, wished = self.wish.partition(".")
        return key if key and wished == self._wish_of_path else None

    def forget_wish(self) -> None:
        """Let no look after this one claim."""
        if self.wish:
            self.keep("wish", "", max_age=0)

    @property
    def _wish_of_path(self) -> str:
        return hash_body(self.path.encode()).hex()

    def end_session(self) -> None:
        """Sign out."""
        self.keep("session", "", max_age=0)


def read_request(
    request: Request[Any, Any, Any], context: PageContext
) -> MemberRequest:
    """Read what a request says of its visitor."""
    page = MemberRequest.of(request, context.settings)
    _read_member(page, request.cookies, context)
    page.joy = read_id(request.cookies.get(page.name("joy"), ""))
    page.wish = request.cookies.get(page.name("wish"), "")
    if TYPED in request.query_params:
        page.marks = {TYPED: "1"}
    page.origin = locate(
        address=page.address,
        device_id=None,
        member_id=page.member.member_id if page.member else None,
    )
    page.sender = sender_of(request.method, page.headers, page.own_origins)
    if page.sender is Sender.LINK:
        page.origin = follow_link(page.origin)
    return page


def _read_member(
    page: MemberRequest, cookies: dict[str, str], context: PageContext
) -> None:
    session = cookies.get(page.name("session"))
    if not session:
        return
    try:
        page.member = context.members.verify(session, now_ms=context.clock.now_ms())
    except Unauthenticated:
        # An expired session is nobody's fault: the page offers to sign in again.
        page.end_session()
