"""Who visits, in which language, and how they came: read once for each request."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import Cookie

from core.auth import Member
from core.auth.addresses import client_address
from core.errors import Forbidden, TooLarge, Unauthenticated
from core.ids import random_token
from scan_api.page import guard
from scan_api.page.desk import PageDesk
from scan_api.page.sign_in import SESSION_S
from scan_api.requests import Origin, locate
from scan_api.texts import DEFAULT_LANGUAGE, LANGUAGES, choose_language

MAX_FORM: Final = 8_192
_MAX_FIELDS: Final = 16
_TOKEN_BYTES: Final = 24
_TOKEN_LENGTH: Final = 32
_LANGUAGE_COOKIE: Final = "crowncap_lang"
_LANGUAGE_S: Final = 365 * 86_400


@dataclass(slots=True)
class Visit:
    """One request, as the page sees it; `cookies` go out with the answer."""

    language: str
    secure: bool
    own_origins: frozenset[str]
    path: str
    member: Member | None
    origin: Origin
    headers: dict[str, str]
    cookie_token: str | None
    form_token: str
    cookies: list[Cookie]

    def name(self, cookie: str) -> str:
        """Name a cookie; over https the prefix keeps other hosts from setting it."""
        return f"__Host-crowncap_{cookie}" if self.secure else f"crowncap_{cookie}"

    def keep(self, cookie: str, value: str, *, max_age: int | None = None) -> None:
        """Send a cookie that only this site's own server reads."""
        self.cookies.append(
            Cookie(
                key=self.name(cookie),
                value=value,
                path="/",
                httponly=True,
                # Not strict: a camera app that opens the link is another site.
                samesite="lax",
                secure=self.secure,
                max_age=max_age,
            )
        )

    def keep_session(self, token: str) -> None:
        """Stay signed in."""
        self.keep("session", token, max_age=SESSION_S)

    def end_session(self) -> None:
        """Sign out."""
        self.keep("session", "", max_age=0)

    def use_form_token(self) -> str:
        """Give the token for a form on this page, and see that its cookie is kept."""
        if self.cookie_token is None:
            self.cookie_token = self.form_token
            self.keep("form", self.form_token)
        return self.form_token

    def check(self, form: dict[str, str]) -> None:
        """Refuse a form that another site sent; raises Forbidden."""
        guard.check_form(
            self.headers,
            form,
            cookie_token=self.cookie_token,
            own_origins=self.own_origins,
        )


def read_visit(request: Request[Any, Any, Any], page: PageDesk) -> Visit:
    """Read what a request says of its visitor."""
    settings = page.settings
    headers = dict(request.headers.items())
    peer = request.client.host if request.client else None
    host = headers.get("host", "")
    secure = guard.is_secure(
        scheme=request.scope["scheme"],
        forwarded_proto=headers.get("x-forwarded-proto"),
        peer=peer,
        trusted=settings.trusted_proxies,
        host=host,
        public_url=settings.public_url,
    )
    own = (f"{'https' if secure else 'http'}://{host}", settings.public_url)
    raw_path = request.scope.get("raw_path") or request.scope["path"].encode()
    visit = Visit(
        language=DEFAULT_LANGUAGE,
        secure=secure,
        own_origins=frozenset(o for o in map(guard.origin_of, own) if o),
        # It goes into forms and redirects, where a second slash would name a host.
        path=guard.local_path(raw_path.partition(b"?")[0].decode("latin-1")),
        member=None,
        origin=Origin(None, ()),
        headers=headers,
        cookie_token=None,
        form_token="",
        cookies=[],
    )
    _read_language(visit, request)
    _read_token(visit, request.cookies)
    _read_member(visit, request.cookies, page)
    visit.origin = locate(
        address=client_address(
            peer, headers.get("x-forwarded-for"), settings.trusted_proxies
        ),
        device_id=None,
        member_id=visit.member.member_id if visit.member else None,
    )
    return visit


def _read_language(visit: Visit, request: Request[Any, Any, Any]) -> None:
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        visit.language = chosen
        visit.cookies.append(
            Cookie(
                key=_LANGUAGE_COOKIE,
                value=chosen,
                path="/",
                httponly=True,
                samesite="lax",
                secure=visit.secure,
                max_age=_LANGUAGE_S,
            )
        )
        return
    kept = request.cookies.get(_LANGUAGE_COOKIE)
    visit.language = (
        kept
        if kept in LANGUAGES
        else choose_language(visit.headers.get("accept-language"))
    )


def _read_token(visit: Visit, cookies: dict[str, str]) -> None:
    kept = cookies.get(visit.name("form"))
    if kept is not None and len(kept) == _TOKEN_LENGTH and kept.isascii():
        visit.cookie_token = visit.form_token = kept
    else:
        visit.form_token = random_token(_TOKEN_BYTES)


def _read_member(visit: Visit, cookies: dict[str, str], page: PageDesk) -> None:
    session = cookies.get(visit.name("session"))
    if not session:
        return
    try:
        visit.member = page.members.verify(session, now_ms=page.clock.now_ms())
    except Unauthenticated:
        # An expired session is nobody's fault: the page offers to sign in again.
        visit.end_session()


async def read_form(request: Request[Any, Any, Any], visit: Visit) -> dict[str, str]:
    """Read a small form, which this site's own page must have sent.

    Raises TooLarge and Forbidden.
    """
    length = visit.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_FORM:
        raise TooLarge(f"A form has at most {MAX_FORM:,} bytes.")
    body = await request.body()
    if len(body) > MAX_FORM:
        raise TooLarge(f"A form has at most {MAX_FORM:,} bytes.")
    try:
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError:
        raise Forbidden("The form is not one of ours.", code="foreign_form") from None
    form = dict(pairs)
    visit.check(form)
    if form.get("lang") in LANGUAGES:
        # A visitor without cookies still gets the answer in the page's language.
        visit.language = form["lang"]
    return form
