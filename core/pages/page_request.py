"""Who asks for a page, in which language, and how they came."""

from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import Cookie, UploadFile

from core.auth.addresses import client_address, forwarded_for
from core.bodies import check_names
from core.errors import Forbidden, TooLarge
from core.ids import random_token
from core.pages import guard
from core.pages.languages import DEFAULT_LANGUAGE, LANGUAGES, choose_language
from core.sentences import message
from core.settings import Settings

MAX_FORM: Final = 8_192
MAX_FIELDS: Final = 64
# What every form of ours may have beside its own fields.
_EVERYWHERE: Final = (guard.TOKEN_FIELD, "lang")
_TOKEN_BYTES: Final = 24
_TOKEN_LENGTH: Final = 32
_LANGUAGE_COOKIE: Final = "crowncap_lang"
_LANGUAGE_S: Final = 365 * 86_400


@dataclass(slots=True, kw_only=True)
class PageRequest:
    """One request, as a page sees it; `cookies` go out with the answer."""

    language: str = DEFAULT_LANGUAGE
    secure: bool = False
    own_origins: frozenset[str] = frozenset()
    path: str = "/"
    address: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cookie_token: str | None = None
    form_token: str = ""
    cookies: list[Cookie] = field(default_factory=list)

    @classmethod
    def of(cls, request: Request[Any, Any, Any], settings: Settings) -> Self:
        """Read what a request says of its visitor."""
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
        page = cls(
            secure=secure,
            own_origins=frozenset(o for o in map(guard.origin_of, own) if o),
            # It goes into forms and redirects, where a second slash would name a host.
            path=guard.local_path(raw_path.partition(b"?")[0].decode("latin-1")),
            address=client_address(
                peer,
                forwarded_for(request.scope["headers"]),
                settings.trusted_proxies,
            ),
            headers=headers,
        )
        page._read_language(request)
        page._read_token(request.cookies)
        return page

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
                # Not strict: a camera app or a mail that opens a link is another site.
                samesite="lax",
                secure=self.secure,
                max_age=max_age,
            )
        )

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

    def _read_language(self, request: Request[Any, Any, Any]) -> None:
        chosen = request.query_params.get("lang")
        if chosen in LANGUAGES:
            self.language = chosen
            self.cookies.append(
                Cookie(
                    key=_LANGUAGE_COOKIE,
                    value=chosen,
                    path="/",
                    httponly=True,
                    samesite="lax",
                    secure=self.secure,
                    max_age=_LANGUAGE_S,
                )
            )
            return
        kept = request.cookies.get(_LANGUAGE_COOKIE)
        self.language = (
            kept
            if kept in LANGUAGES
            else choose_language(self.headers.get("accept-language"))
        )

    def _read_token(self, cookies: dict[str, str]) -> None:
        kept = cookies.get(self.name("form"))
        if kept is not None and len(kept) == _TOKEN_LENGTH and kept.isascii():
            self.cookie_token = self.form_token = kept
        else:
            self.form_token = random_token(_TOKEN_BYTES)


async def read_form(
    request: Request[Any, Any, Any],
    page: PageRequest,
    *fields: str,
    max_bytes: int = MAX_FORM,
    max_fields: int = MAX_FIELDS,
) -> dict[str, str]:
    """Read a form with these fields, which this site's own page must have sent.

    Raises TooLarge, Forbidden, and InvalidInput for a field that it does not have or
    that comes twice.
    """
    body = await _read_bounded(request, page, max_bytes)
    try:
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=max_fields,
        )
    except ValueError:
        raise Forbidden(message("strange_form"), code="foreign_form") from None
    form = dict(pairs)
    page.check(form)
    check_names(pairs, (*fields, *_EVERYWHERE))
    if form.get("lang") in LANGUAGES:
        # A visitor without cookies still gets the answer in the page's language.
        page.language = form["lang"]
    return form


async def _read_bounded(
    request: Request[Any, Any, Any], page: PageRequest, max_bytes: int
) -> bytes:
    """Read a body, and no more of it than may be; raises TooLarge."""
    length = page.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > max_bytes:
        raise TooLarge(message("form_too_large", most=max_bytes))
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise TooLarge(message("form_too_large", most=max_bytes))
    return bytes(body)


async def read_parts(
    request: Request[Any, Any, Any], page: PageRequest, *fields: str
) -> tuple[UploadFile | None, dict[str, str]]:
    """Read a form with one file, spooled to the disk; the page limits its size.

    Who sent it is looked at before any of it is read; raises Forbidden.
    """
    guard.check_sender(page.headers, page.own_origins)
    parts = await request.form()
    form = {name: part for name, part in parts.items() if isinstance(part, str)}
    page.check(form)
    check_names(parts.multi_items(), (*fields, "file", *_EVERYWHERE))
    file = parts.get("file")
    return file if isinstance(file, UploadFile) else None, form
