"""Damaged packages: whatever is wrong, there is a sentence for it, and no trace."""

import json
import tempfile
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.errors import Conflict
from printer_export.files.checking import Verdict, check_package
from printer_export.files.reading import open_package
from printer_export.files.secrets import Secrets
from tests.fixtures.package_vector import FOLDER, PASSWORD, SIGNING_KEY

SECRETS = Secrets(FOLDER / "age-identity.txt", lambda: PASSWORD)
ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, 0, -1, 2, -5, 2**45, "x", "", [], {}, True, 1.5, "../x", "/etc", "data", [1]]
)
with zipfile.ZipFile(FOLDER / "package.zip") as _vector:
    PLAIN = {name: _vector.read(name) for name in _vector.namelist()}
SAID = {name: json.loads(PLAIN[name]) for name in ("manifest.json", "layout.json")}


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every place within parsed JSON."""
    if isinstance(content, dict):
        inner = list(content.items())
    elif isinstance(content, list):
        inner = list(enumerate(content))
    else:
        inner = []
    return [path, *(p for key, value in inner for p in places(value, (*path, key)))]


PLACES = [(name, path) for name, said in SAID.items() for path in places(said) if path]


def all_is_well(path: Path) -> bool:
    """Check a package; a refusal to open it is an answer too."""
    try:
        with open_package(path, SECRETS) as reader:
            checks = list(check_package(reader, SIGNING_KEY.public_pem()))
    except Conflict:
        return False
    assert all(each.sentence.endswith(".") for each in checks)
    return all(each.verdict is Verdict.OK for each in checks)


@pytest.mark.parametrize(
    "name", ["package.zip", "package.zip.age", "package-password.zip"]
)
def test_a_file_that_was_cut_or_flipped_is_told(name: str) -> None:
    """Single bits, and downloads that broke off."""
    whole = (FOLDER / name).read_bytes()

    @settings(max_examples=150, deadline=None, database=None)
    @given(
        st.integers(1, len(whole)) | st.just(len(whole)),
        st.lists(st.integers(0, 8 * len(whole) - 1), max_size=4),
    )
    def holds(length: int, bits: list[int]) -> None:
        content = bytearray(whole)
        for bit in bits:
            content[bit // 8] ^= 1 << bit % 8
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content[:length])
            if all_is_well(path):
                # Dates and the like may be wrong; what is read is right.
                with open_package(path, SECRETS) as reader:
                    assert {each: reader.read(each) for each in PLAIN} == PLAIN

    holds()


@settings(max_examples=150, deadline=None, database=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD), min_size=1, max_size=3))
def test_a_manifest_or_layout_that_makes_no_sense_is_told(
    changes: list[tuple[tuple[str, tuple[Any, ...]], Any]],
) -> None:
    """Numbers, texts and lists where others belong."""
    said = deepcopy(SAID)
    for (name, path), value in changes:
        place = said[name]
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
        except (LookupError, TypeError):
            pass  # an earlier change took it away
    assume(said != SAID)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in PLAIN.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        for file, parsed in said.items():
            (folder / file).write_text(json.dumps(parsed))
        assert not all_is_well(folder)
