"""GS1's identifiers, element strings, Digital Links and their compressed form."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codegen.domain.gs1 import (
    IDENTIFIERS,
    Gs1Error,
    Gs1Link,
    decompress,
    read_element_string,
    read_gs1_link,
)
from codegen.domain.scanned import ScannedText, parse_scanned
from tests.fixtures.compressing import compress

GTIN = "06901234567892"
CODE = "0S7NNXNY6ZT4QM51"
VECTORS: dict[str, Any] = json.loads(
    Path("tests/vectors/gs1-digital-links.json").read_text()
)


def write(link: Gs1Link) -> str:
    """Write the path of a link, and its attributes as a query."""
    path = [(link.key, link.value), *link.qualifiers]
    written = "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in path)
    query = "&".join(f"{ai}={quote(v, safe='')}" for ai, v in link.attributes)
    return f"{written}?{query}" if query else written


def read(uri: str) -> str:
    """Read a path with its query, and write it the one right way."""
    path, _, query = uri.partition("#")[0].partition("?")
    return write(read_gs1_link(path, query))


@pytest.mark.parametrize(("given", "expected"), VECTORS["read"])
def test_links_are_read_as_gs1_reads_them(given: str, expected: str) -> None:
    """Every primary key, all qualifiers, attributes, escapes."""
    assert read(given) == expected


@pytest.mark.parametrize("given", VECTORS["refused"])
def test_links_are_refused_as_gs1_refuses_them(given: str) -> None:
    """Unknown, doubled, misplaced, too long, with a wrong check digit or date."""
    with pytest.raises(Gs1Error):
        read(given)


@pytest.mark.parametrize(("given", "expected"), VECTORS["compressed"])
def test_compressed_links_are_read_as_the_prototype_reads_them(
    given: str, expected: str
) -> None:
    """Wholly compressed, with codes for several identifiers, or behind the key."""
    assert read(given) == expected


def test_every_identifier_is_in_the_table_once() -> None:
    """Two to four digits, none the beginning of another; 541 of them."""
    assert len(IDENTIFIERS) == 541
    for ai in IDENTIFIERS:
        assert not {ai[:2], ai[:3]} - {ai} & IDENTIFIERS.keys()


SIGNS = st.text("ABCDEFabcdef0123456789-_/.+%&", min_size=1, max_size=20)
VALUES = st.fixed_dictionaries(
    {"01": st.just(GTIN)},
    optional={
        "10": SIGNS,
        "21": SIGNS,
        "22": SIGNS,
        "17": st.sampled_from(["270131", "280200", "000229"]),
        "3103": st.integers(0, 999_999).map("{:06}".format),
        "99": st.text("ABC abc".replace(" ", "_"), min_size=1, max_size=90),
        "30": st.integers(0, 10**8 - 1).map(str),
    },
)


@given(VALUES, st.randoms(use_true_random=False))
def test_what_is_compressed_is_read_back(values: dict[str, str], dice: Any) -> None:
    """In any order, to the last leading zero."""
    elements = list(values.items())
    dice.shuffle(elements)
    text = compress(elements)
    assert decompress(text) == tuple(elements)
    link = read_gs1_link("/" + text)
    assert dict(link.elements) == values
    assert read_gs1_link(*write(link).split("?")) == link


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", max_size=40) | st.text())
@example("A")
@example("_" * 1024)
@example("_" * 2000)
def test_any_text_is_decompressed_or_not(text: str) -> None:
    """Never an exception, and only Gs1Error from a link of it."""
    decompress(text)
    for path in (f"/{text}", f"/01/{GTIN}/{text}"):
        with suppress(Gs1Error):
            read_gs1_link(path, text)


@pytest.mark.parametrize(
    "link",
    [
        "https://cap.example/{}".format(compress([("01", GTIN), ("21", CODE)])),
        "cap.example/some/stem/" + compress([("21", CODE), ("01", GTIN)]) + "?a=b",
        f"https://cap.example/01/{GTIN}/" + compress([("21", CODE), ("10", "L")]),
    ],
)
def test_a_scan_reads_compressed_links(link: str) -> None:
    """A printed link may have been made shorter on its way."""
    assert parse_scanned(link) == ScannedText(CODE, GTIN)


@pytest.mark.parametrize(
    ("ai", "value"),
    [
        ("00", "006141411234567891"),
        ("01", "06901234567893"),
        ("17", "991399"),
        ("17", "270230"),
        ("7003", "2701312460"),
        ("7007", "270101991301"),
        ("8008", "27013124"),
        ("8013", "1987654Ad4X4bL5ttr2310cXX"),
        ("7250", "19990229"),
        ("10", "L" * 21),
        ("10", "批"),
        ("253", "5060917510005"),
        ("3103", "00195"),
        ("8010", "lower"),
    ],
)
def test_wrong_values_are_told(ai: str, value: str) -> None:
    """Lengths, characters, check digits, days and times."""
    with pytest.raises(Gs1Error, match=ai):
        IDENTIFIERS[ai].check(value)


@given(st.text(max_size=60) | st.text("()0123456789ABC\x1d^", max_size=60))
def test_any_text_is_an_element_string_or_not(text: str) -> None:
    """What is read names identifiers that there are, with values that fit."""
    found = read_element_string(text)
    for ai, value in (found or {}).items():
        assert IDENTIFIERS[ai]
        assert value
