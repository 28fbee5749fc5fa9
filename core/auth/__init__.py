"""Who is asking: staff by opaque tokens, members by JWT; what staff did; replays."""

from core.auth.principal import (
    Anonymous,
    Member,
    Principal,
    Role,
    Staff,
    require_member,
    require_role,
)

__all__ = [
    "Anonymous",
    "Member",
    "Principal",
    "Role",
    "Staff",
    "require_member",
    "require_role",
]
