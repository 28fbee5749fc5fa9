"""The names of caps, goods, cartons and places in EPCIS."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.gtin import check_digit
from printer_export.domain.epcis.names import (
    CapName,
    NameProblem,
    UnitName,
    cap_uri_prefix,
    class_uri,
    place_uri,
    read_name,
    unit_uri,
)

CODE = "06E91P6CY48P6H22"
GTIN = "06901234567892"
DIGITS = st.text("0123456789", min_size=17, max_size=17)


@given(DIGITS)
def test_a_carton_is_read_by_the_name_that_it_is_given(body: str) -> None:
    """Also as the older URN, wherever the company's prefix ends."""
    sscc = body + check_digit(body)
    assert read_name(unit_uri(sscc)) == UnitName(sscc)
    for end in (7, 10, 13):
        urn = f"urn:epc:id:sscc:{body[1:end]}.{body[0]}{body[end:]}"
        assert read_name(urn) == UnitName(sscc)


@given(DIGITS.map(lambda digits: digits[:13]))
def test_a_cap_is_read_by_the_name_that_it_is_given(body: str) -> None:
    """Also as the older URN."""
    gtin = body + check_digit(body)
    assert read_name(cap_uri_prefix(gtin) + CODE) == CapName(CODE, gtin)
    urn = f"urn:epc:id:sgtin:{body[1:8]}.{body[0]}{body[8:]}.{CODE}"
    assert read_name(urn) == CapName(CODE, gtin)


@pytest.mark.parametrize(
    ("urn", "name"),
    [
        # Examples of the Tag Data Standard 2.0, sections 6.3.1 and 6.3.2, the first
        # with a serial of ours.
        (f"urn:epc:id:sgtin:0614141.112345.{CODE}", CapName(CODE, "10614141123459")),
        ("urn:epc:id:sscc:0614141.1234567890", UnitName("106141412345678908")),
    ],
)
def test_published_names_are_read(urn: str, name: CapName | UnitName) -> None:
    assert read_name(urn) == name


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (f"https://id.gs1.org/01/{GTIN}/10/L1/21/{CODE}", "without its lot"),
        (f"https://id.gs1.org/01/{GTIN[:-1]}3/21/{CODE}", "GTIN"),
        (f"https://id.gs1.org/01/{GTIN}", "neither a cap nor"),
        (f"https://id.gs1.org/01/{GTIN}/21/SHORT", "neither a cap nor"),
        ("https://id.gs1.org/00/106141412345678901", "check digit"),
        ("urn:epc:id:sscc:0614141.123", "17 digits"),
        ("urn:epc:id:sgln:0614141.00001.0", "Of URNs"),
        (f"urn:epc:id:sgtin:0614141.1123.{CODE}", "Of URNs"),
        ("http://[", "not a URI"),
        ("", "neither a cap nor"),
    ],
)
def test_what_names_nothing_of_ours_is_told_why(uri: str, said: str) -> None:
    with pytest.raises(NameProblem, match=said):
        read_name(uri)


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_a_problem(text: str) -> None:
    """Never another exception: names come from other people's systems."""
    for uri in (text, f"https://id.gs1.org/{text}", f"urn:epc:id:{text}"):
        with suppress(NameProblem):
            assert read_name(uri)


@pytest.mark.parametrize(
    ("lot", "below"),
    [
        (None, ""),
        ("L77", "/10/L77"),
        ("A/1%", "/10/A%2F1%25"),
        ("x" * 20, "/10/" + "x" * 20),
        ("x" * 21, ""),
        ("two words", ""),
        ("批次一", ""),
    ],
)
def test_goods_are_named_by_a_lot_that_gs1_allows(lot: str | None, below: str) -> None:
    """Other lots stand in words only, so that the name stays valid."""
    assert class_uri(GTIN, lot) == f"https://id.gs1.org/01/{GTIN}{below}"


def test_a_place_is_a_uri() -> None:
    """As it was given, or below the host of the brand's links."""
    gln = "https://id.gs1.org/414/4012345000054"
    assert place_uri("HTTPS://CAP.CN", gln) == gln
    assert place_uri("HTTPS://CAP.CN", "gate 4/北") == (
        "https://cap.cn/places/gate%204%2F%E5%8C%97"
    )
    # What only looks like a URI is words.
    for words in ("line:三", 'a:"<>', "100%: yes", "a:%zz"):
        assert place_uri("HTTPS://CAP.CN", words).startswith("https://cap.cn/places/")
