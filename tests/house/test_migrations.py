"""Migrations follow each other in one line, in the order of their files."""

import re
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


def test_each_migration_follows_the_one_before() -> None:
    """Two that follow the same one would leave no way to the newest."""
    previous = None
    for path in sorted(VERSIONS.glob("[0-9]*.py")):
        words = path.read_text(encoding="utf-8")
        revision = re.search(r'^revision = "(\w+)"$', words, re.MULTILINE)
        down = re.search(r'^down_revision = "(\w+)"$', words, re.MULTILINE)
        assert revision is not None, path.name
        assert revision[1] == path.name.split("_")[0]
        assert (down[1] if down else None) == previous, path.name
        previous = revision[1]
