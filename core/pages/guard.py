"""What keeps other sites out of the page's forms, and its visitors on this site."""

import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from core.auth.addresses import is_trusted
from core.errors import Forbidden
from core.networks import Networks
from core.sentences import message

MAX_NEXT: Final = 512
HOME: Final = "/"
TOKEN_FIELD: Final = "token"  # noqa: S105 - a field's name

# Printable ASCII without a backslash, which browsers read as a slash; and no second
# slash, after which they would read a host.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def local_path(target: str | None) -> str:
    """Give a path on this site, or the home page for anything that may lead away."""
    if target and len(target) <= MAX_NEXT and _LOCAL.fullmatch(target):
        return target
    return HOME


def check_sender(headers: Mapping[str, str], own_origins: frozenset[str]) -> None:
    """Let a form pass only if a page of this site sent it; raises Forbidden.

    Browsers name the sender in Origin, or in Referer where they hide the other.
    """
    sender = headers.get("origin") or headers.get("referer")
    if sender is None or origin_of(sender) not in own_origins:
        raise Forbidden(message("foreign_form"), code="foreign_form")
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden(message("foreign_form"), code="foreign_form")


def check_form(
    headers: Mapping[str, str],
    form: Mapping[str, str],
    *,
    cookie_token: str | None,
    own_origins: frozenset[str],
) -> None:
    """Let a form pass only if this site's own page made it; raises Forbidden.

    Beside its sender there is a token, in the form and in a cookie that other sites
    can neither read nor set.
    """
    check_sender(headers, own_origins)
    given = form.get(TOKEN_FIELD, "")
    if not cookie_token or not hmac.compare_digest(
        given.encode(), cookie_token.encode()
    ):
        raise Forbidden(message("stale_form"), code="stale_form")


def origin_of(url: str) -> str | None:
    """Reduce a URL to scheme, host and port; None for what has no origin."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port is None or port == _DEFAULT_PORTS[parts.scheme]:
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{port}"


def is_secure(
    *,
    scheme: str,
    forwarded_proto: str | None,
    peer: str | None,
    trusted: Networks,
    host: str,
    public_url: str,
) -> bool:
    """Tell whether the visitor came by https, perhaps as far as our proxy only."""
    if scheme == "https":
        return True
    if forwarded_proto and is_trusted(peer, trusted):
        return forwarded_proto.rpartition(",")[2].strip().lower() == "https"
    public = urlsplit(public_url)
    return public.scheme == "https" and host.lower() == public.netloc.lower()
