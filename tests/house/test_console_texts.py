"""Every text that the console's pages name is there, once, for its audience."""

import re
from collections import Counter
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import console
from console.frame.navigation import NAVIGATION

Texts = Mapping[str, tuple[str, str]]

ROOT = Path(console.__file__).parent
AUDIENCES = sorted(folder.parent.name for folder in ROOT.glob("*/templates"))
# What a template names by itself; names that it puts together are not read here.
NAMED = re.compile(r"\bt\(\s*'(\w+)'\s*\)")


def texts_of(audience: str) -> list[Texts]:
    """Load the texts of an audience, of each of its pages if they have files."""
    texts = import_module(f"console.{audience}.texts")
    pages = [name for _, name, _ in iter_modules(getattr(texts, "__path__", ()))]
    modules = [import_module(f"{texts.__name__}.{page}") for page in pages] or [texts]
    return [
        value
        for module in modules
        for name, value in vars(module).items()
        if name.endswith("_TEXTS")
    ]


def test_no_text_is_written_twice() -> None:
    """Or the later one would silently stand for both."""
    everyones = [each for audience in AUDIENCES for each in texts_of(audience)]
    names = Counter(name for texts in everyones for name in texts)
    assert [name for name, times in names.items() if times > 1] == []
    assert set(names) == set(console.TEXTS)


def test_every_page_of_the_bar_has_a_name_and_a_word_for_the_home_page() -> None:
    """Home tells of each page what it is for; one without a word would be a fault."""
    pages = NAVIGATION.keys()
    named = pages | {f"about_{name}" for name in pages if name != "page_home"}
    assert named - set(console.TEXTS) == set()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_reads_its_own_texts_and_the_frames(audience: str) -> None:
    """What several audiences read stands in the frame, and not with one of them."""
    readable = [*texts_of("frame"), *texts_of(audience)]
    known = {name for texts in readable for name in texts}
    missing = {
        f"{path.name}: {name}"
        for path in sorted((ROOT / audience / "templates").glob("*.html"))
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if name not in known
    }
    assert missing == set()
