"""Says in a sentence why a file or directory cannot be used, and whose it is.

A data directory that root made with mode 700, once, is closed to the user who serves.
"""

import os
import pwd
import stat
from pathlib import Path


def explain_permission(fault: PermissionError) -> str:
    """Tell whose the path is, which mode it has, and what to do."""
    if fault.filename is None or os.geteuid() == 0:
        return f"The operating system refuses: {fault}."
    path = Path(os.fsdecode(fault.filename)).absolute()
    closed = _closed_by(path)
    try:
        found = closed.stat()
    except OSError:
        return f"{path} cannot be used: {fault.strerror}."
    owner, me = _name_of(found.st_uid), _name_of(os.geteuid())
    return (
        f"{path} cannot be used: {closed} belongs to {owner} with mode "
        f"{stat.S_IMODE(found.st_mode):03o}, and you are {me}. Run this as {owner}, or "
        f"hand the data directory over, as root: chown -R {me} {closed}"
    )


def _closed_by(path: Path) -> Path:
    """Find the highest directory on the way that this user cannot pass."""
    for above in reversed(path.parents):
        if not os.access(above, os.X_OK):
            return above if above.exists() else above.parent
    return path if path.exists() else path.parent


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user number {uid}"
