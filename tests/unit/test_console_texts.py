"""Every text that the console's pages name is there, once, for its audience."""

import re
from collections import Counter
from pathlib import Path

import pytest

import console
from console.codes.texts.codes import CODE_TEXTS
from console.codes.texts.fakes import FAKE_TEXTS
from console.codes.texts.recalls import RECALL_TEXTS
from console.frame.texts import FRAME_TEXTS
from console.fraud.texts import LEAK_TEXTS
from console.line.texts.batches import BATCH_TEXTS
from console.line.texts.home import HOME_TEXTS
from console.line.texts.packages import PACKAGE_TEXTS
from console.line.texts.plants import PLANT_TEXTS
from console.line.texts.reports import REPORT_TEXTS
from console.system.texts import SYSTEM_TEXTS

ROOT = Path(console.__file__).parent
LINE = (HOME_TEXTS, BATCH_TEXTS, PLANT_TEXTS, PACKAGE_TEXTS, REPORT_TEXTS)
CODES = (CODE_TEXTS, FAKE_TEXTS, RECALL_TEXTS)
AUDIENCES = {
    "frame": (),
    "line": LINE,
    "codes": CODES,
    "fraud": (LEAK_TEXTS,),
    "system": (SYSTEM_TEXTS,),
}
# What a template names by itself; names that it puts together are not read here.
NAMED = re.compile(r"\bt\(\s*'(\w+)'\s*\)")


def test_no_text_is_written_twice() -> None:
    """Or the later one would silently stand for both."""
    everyones = (FRAME_TEXTS, *LINE, *CODES, LEAK_TEXTS, SYSTEM_TEXTS)
    names = Counter(name for texts in everyones for name in texts)
    assert [name for name, times in names.items() if times > 1] == []
    assert set(names) == set(console.TEXTS)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_reads_its_own_texts_and_the_frames(audience: str) -> None:
    """What several audiences read stands in the frame, and not with one of them."""
    known = {name for texts in (FRAME_TEXTS, *AUDIENCES[audience]) for name in texts}
    templates = sorted((ROOT / audience / "templates").glob("*.html"))
    assert templates
    missing = {
        f"{path.name}: {name}"
        for path in templates
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if name not in known
    }
    assert missing == set()
