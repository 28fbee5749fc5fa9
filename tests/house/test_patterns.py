"""How patterns of regular expressions end, in every file that ships."""

import ast
import re
from collections.abc import Iterator

from tests.house.test_house_rules import Source, of_packages

# `$` that is not escaped, at the end of a pattern or of a part of one.
_END = re.compile(r"(?<!\\)(?:\\\\)*\$(?=\Z|[)|])")
_TAKES_A_PATTERN = {
    *("compile", "search", "match", "fullmatch", "findall", "finditer", "sub", "split"),
}


def patterns(source: Source) -> Iterator[tuple[int, str]]:
    """Name each pattern that a file writes out: for `re`, and as `pattern=`."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        given = [each.value for each in node.keywords if each.arg == "pattern"]
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id == "re"
            and called.attr in _TAKES_A_PATTERN
        ):
            given += node.args[:1]
        for each in given:
            for part in ast.walk(each):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.lineno, part.value


def test_no_pattern_ends_with_a_dollar() -> None:
    r"""Before a line feed at the end it matches, too; `\Z` is the end."""
    found = [(s.path, line, text) for s in of_packages() for line, text in patterns(s)]
    assert len(found) > 20
    assert [each for each in found if _END.search(each[2])] == []
