"""The three kinds of caller, and what a role allows."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import Forbidden, InvalidInput, Unauthenticated
from core.messages import Message
from core.sentences import message


class Role(StrEnum):
    """What a staff token may do; `admin` may do all of it."""

    ADMIN = "admin"
    ISSUER = "issuer"
    LINE = "line"
    PRINTHOUSE = "printhouse"
    MARKETER = "marketer"
    ANALYST = "analyst"
    SUPPORT = "support"
    CASHIER = "cashier"
    APP = "app"


# Which scopes narrow which role: what every route of that role honours. The others are
# refused when a token is made, so that nobody trusts one that narrows nothing.
SCOPES: Final[Mapping[Role, frozenset[str]]] = {
    Role.ADMIN: frozenset(),
    Role.ISSUER: frozenset({"brand", "line"}),
    Role.LINE: frozenset({"brand", "line"}),
    Role.PRINTHOUSE: frozenset({"brand"}),
    Role.MARKETER: frozenset({"brand"}),
    Role.ANALYST: frozenset({"brand"}),
    Role.SUPPORT: frozenset({"brand"}),
    Role.CASHIER: frozenset({"brand", "store"}),
    Role.APP: frozenset({"brand", "store"}),
}


def check_scopes(role: Role, scopes: Mapping[str, str | None]) -> None:
    """Raise InvalidInput for a scope that would narrow nothing for a role."""
    for name, value in scopes.items():
        if value is not None and name not in SCOPES[role]:
            raise InvalidInput.field(
                f"/{name}", "scope_without_meaning", _tell_scopes(name, role)
            )


def _tell_scopes(name: str, role: Role) -> Message:
    known = ", ".join(sorted(SCOPES[role]))
    if not known:
        return message("no_scopes", name=name, role=role.value)
    return message("scope_without_meaning", name=name, role=role.value, known=known)


class Principal:
    """Whoever is asking: one of the three kinds below."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Anonymous(Principal):
    """Nobody signed in."""


@dataclass(frozen=True, slots=True)
class Member(Principal):
    """A consumer, known by the subject of a verified token."""

    member_id: str

    @property
    def caller(self) -> str:
        """Who idempotency keys belong to."""
        return f"member:{self.member_id}"


@dataclass(frozen=True, slots=True)
class Staff(Principal):
    """A person behind a staff token; scopes narrow what the token reaches."""

    token_id: str
    person: str
    role: Role
    brand: str | None = None
    line: str | None = None
    store: str | None = None

    @property
    def caller(self) -> str:
        """Who idempotency keys belong to."""
        return f"staff:{self.token_id}"


# The operator at the machine itself, through the command line.
OPERATOR = Staff("", "operator", Role.ADMIN)
# The program itself, where nobody asked it to do what it does.
SYSTEM = Staff("", "system", Role.ADMIN)


def require_role(principal: Principal, *allowed: Role) -> Staff:
    """Return the staff caller; raises Unauthenticated or Forbidden."""
    if not isinstance(principal, Staff):
        raise Unauthenticated(message("staff_token_needed"))
    if principal.role is not Role.ADMIN and principal.role not in allowed:
        names = ", ".join(allowed) or "admin"
        raise Forbidden(
            message("role_not_allowed", role=principal.role.value, allowed=names)
        )
    return principal


def require_member(principal: Principal) -> Member:
    """Return the member who asks; raises Unauthenticated."""
    if not isinstance(principal, Member):
        raise Unauthenticated(message("member_token_needed"))
    return principal
