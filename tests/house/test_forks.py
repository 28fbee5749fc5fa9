"""All forks of tests come from one server of forks, which one list fills."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
LIST = TESTS / "fixtures" / "commands.py"


def test_only_one_list_says_what_forks_have_imported() -> None:
    """Another list replaces it for all tests, since the server is the process's."""
    named = "set_forkserver_" + "preload"
    found = [path for path in TESTS.rglob("*.py") if named in path.read_text()]
    assert found == [LIST]
