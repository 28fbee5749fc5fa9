"""Who cannot use a directory is told whose it is, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crowncap.data_dir import explain_permission
from tests.fixtures.servers import reachable_directory

SCRIPT = """
import os, sys
sys.path.insert(0, sys.argv[2])
from crowncap.data_dir import explain_permission
os.setgid(65534)
os.setuid(65534)
try:
    os.mkdir(sys.argv[1])
except PermissionError as fault:
    print(explain_permission(fault))
"""


@pytest.mark.parametrize("inside", ["data", "data/keys"])
def test_a_directory_that_root_made_is_named_with_its_owner(inside: str) -> None:
    """Mode 700 on the way, and another user who serves."""
    root = Path(__file__).resolve().parents[2]
    if os.geteuid() != 0:
        with pytest.raises(PermissionError) as refused:
            Path("/etc/crowncap").mkdir()
        assert "belongs to root" in explain_permission(refused.value)
        return
    with reachable_directory() as directory:
        closed = directory / "made-by-root"
        closed.mkdir(mode=0o700)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, closed / inside, root],
            capture_output=True,
            text=True,
            check=True,
        )
    assert f"{closed} belongs to root with mode 700, and you are nobody" in done.stdout
    assert f"chown -R nobody {closed}" in done.stdout
