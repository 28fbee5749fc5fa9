"""Codes and links as they are typed, scanned and printed."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codegen.domain import (
    ALPHABET,
    CODE_SYMBOLS,
    NO_SUCH_GTIN,
    GtinError,
    LinkForm,
    ScannedText,
    cap_link,
    cap_link_prefix,
    group,
    mask,
    normalise,
    parse_scanned,
)
from scan_api.domain.fakes import REFERENCE_SYMBOLS

CODE = "0S7NNXNY6ZT4QM51"
GTIN = "06901234567892"
FULL_WIDTH = "".join(chr(ord(symbol) + 0xFEE0) for symbol in CODE.lower())
ROOT = Path(__file__).parents[2]
code_texts = st.text(ALPHABET, min_size=16, max_size=16)


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        CODE.lower(),
        "0S7N-NXNY-6ZT4-QM51",
        "0s7n nxny 6zt4 qm51",
        "OS7NNXNY6ZT4QM5I",
        "os7nnxny6zt4qm5l",
        "  0S7N\u2011NXNY\u20136ZT4\u3000QM51\r\n",
        FULL_WIDTH,
    ],
)
def test_ways_to_type_a_code_are_one_code(text: str) -> None:
    """Case, spaces, hyphens, look-alikes and full-width forms do not matter."""
    assert normalise(text) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "",
        CODE[:-1],
        CODE + "0",
        "U" + CODE[1:],
        "_" + CODE[1:],
        "é" + CODE[1:],
        "\u0131" + CODE[1:],
        "\ud800" * 16,
        "-" * 16,
        CODE + " " * 300,
    ],
)
def test_what_is_not_sixteen_symbols_is_none(text: str) -> None:
    """A U, a missing or extra symbol, or another alphabet is no code."""
    assert normalise(text) is None


@given(code_texts)
def test_group_and_normalise_undo_each_other(code_text: str) -> None:
    """What is shown to people reads back as itself."""
    grouped = group(code_text)
    assert len(grouped) == 19
    assert grouped[4] == grouped[9] == grouped[14] == "-"
    assert normalise(grouped) == normalise(code_text) == code_text


LINKS = [
    (f"HTTPS://CAP.EXAMPLE/C/{CODE}", None),
    (f"https://cap.example/c/{CODE.lower()}", None),
    (f"http://cap.example:8000/C/{CODE}/", None),
    (f"cap.example/C/{CODE}", None),
    (f"/C/{CODE}", None),
    (f"https://cap.example/C/{CODE}?utm=a/b#top/21/x", None),
    (f"https://cap.example/C/{CODE}#/C/XXXX", None),
    (f"https://cap.example/some/stem/C/{group(CODE)}", None),
    (f"HTTPS://CAP.EXAMPLE/01/{GTIN}/21/{CODE}", GTIN),
    (f"https://cap.example/01/6901234567892/21/{CODE}", GTIN),
    (f"https://cap.example/01/{GTIN}/10/L-7/21/{CODE}//", GTIN),
    (f"https://cap.example/01/{GTIN}/22/2A/10/L%2F7/21/{CODE}?17=270101", GTIN),
    (f"https://cap.example/stem/01/{GTIN}/22/2A/21/{CODE}", GTIN),
    (f"https://cap.example/01/{GTIN}/10/21/21/{CODE}", GTIN),
    (f"https://cap.example/01/{GTIN}/10/01/21/{CODE}", GTIN),
    (f"https://cap.example/01/96385074/21/{CODE}", "00000096385074"),
    (f"https://cap.example/01/{GTIN[:-1]}0/21/{CODE}", NO_SUCH_GTIN),
    (f"https://cap.example/01//21/{CODE}", NO_SUCH_GTIN),
    (f"https://cap.example/01/123/21/{CODE}", NO_SUCH_GTIN),
]


@pytest.mark.parametrize(("link", "gtin"), LINKS)
def test_links_give_code_and_gtin(link: str, gtin: str | None) -> None:
    """Every form of the printed links is read, whatever surrounds it."""
    assert parse_scanned(link) == ScannedText(CODE, gtin)


@pytest.mark.parametrize(("link", "gtin"), LINKS)
def test_links_may_be_percent_encoded_once(link: str, gtin: str | None) -> None:
    """A form field or another link may have encoded the whole of it."""
    once = quote(link, safe="")
    assert parse_scanned(once) == ScannedText(CODE, gtin)
    assert parse_scanned(quote(once, safe="")).code_text is None


@pytest.mark.parametrize(
    "text",
    [
        "https://cap.example/",
        f"https://cap.example/X/{CODE}",
        f"https://cap.example/21/{CODE}",
        f"01/21/{CODE}",
        f"https://cap.example/10/L/21/{CODE}",
        f"https://cap.example/01/{GTIN}/10/L/22/2A/21/{CODE}",
        f"https://cap.example/C/{CODE}/x",
        f"https://cap.example/?C/{CODE}",
        f"https://cap.example/01/{GTIN}",
        "////",
        "%",
    ],
)
def test_other_links_have_no_code(text: str) -> None:
    """Neither another path nor GS1 keys in another order make a cap's link."""
    assert parse_scanned(text) == ScannedText(None, None)


def test_a_plain_code_names_no_product() -> None:
    """Typed or scanned bare, in any spelling, encoded or not."""
    for text in (CODE, group(CODE).lower(), f" {CODE}\n", "0S7N%20NXNY%206ZT4%20QM51"):
        assert parse_scanned(text) == ScannedText(CODE, None)


@given(st.text(max_size=256) | st.text("/%#?21C01-:" + ALPHABET, max_size=256))
@example("\ud800/C/\udfff")
@example("%ff%fe/C/%80")
def test_any_text_is_judged_without_an_exception(text: str) -> None:
    """The answer is a canonical code or None."""
    code_text, gtin = parse_scanned(text)
    assert code_text is None or normalise(code_text) == code_text
    assert gtin is None or gtin == NO_SUCH_GTIN or len(gtin) == 14


def test_texts_past_256_characters_are_not_read() -> None:
    """The 257th character makes it no code; the 256th does not."""
    link = f"https://cap.example/C/{CODE}?"
    assert parse_scanned(link + "x" * (256 - len(link))).code_text == CODE
    assert parse_scanned(link + "x" * (257 - len(link))) == ScannedText(None, None)


def test_logs_see_four_symbols() -> None:
    """A masked code keeps its length and 20 bits."""
    assert mask(CODE) == "0S7N............"


@given(code_texts, st.sampled_from(list(LinkForm)))
def test_what_is_printed_is_read(code_text: str, link_form: LinkForm) -> None:
    """Each printed link reads back as its own code and GTIN."""
    link = cap_link("HTTPS://CAP.EXAMPLE", link_form, "6901234567892", code_text)
    gtin = GTIN if link_form is LinkForm.GS1 else None
    assert parse_scanned(link) == ScannedText(code_text, gtin)


def test_links_fit_their_qr_versions() -> None:
    """Version 2-M holds 38 alphanumeric characters and 3-M holds 61."""
    short = cap_link("HTTPS://" + "H" * 11, LinkForm.SHORT, None, CODE)
    gs1 = cap_link("HTTPS://" + "H" * 15, LinkForm.GS1, GTIN, CODE)
    assert short == f"HTTPS://HHHHHHHHHHH/C/{CODE}"
    assert gs1 == f"HTTPS://HHHHHHHHHHHHHHH/01/{GTIN}/21/{CODE}"
    assert (len(short), len(gs1)) == (38, 61)


def test_a_closing_slash_of_the_base_is_not_doubled() -> None:
    """Settings often end in a slash."""
    prefix = cap_link_prefix("https://cap.example/", LinkForm.SHORT, None)
    assert prefix == "https://cap.example/C/"


@pytest.mark.parametrize(
    "link_base",
    [
        "",
        "CAP.EXAMPLE",
        "HTTPS://",
        "ftp://x",
        "https://a b",
        "https://ä",
        "https://x?y",
    ],
)
def test_bases_that_no_link_starts_with_are_refused(link_base: str) -> None:
    """A batch with such a base would be printed for nothing."""
    with pytest.raises(ValueError, match="link"):
        cap_link_prefix(link_base, LinkForm.SHORT, None)


def test_a_digital_link_needs_a_right_gtin() -> None:
    """Without one, or with a wrong check digit, there is no link."""
    with pytest.raises(ValueError, match="needs the GTIN"):
        cap_link_prefix("HTTPS://X.EXAMPLE", LinkForm.GS1, None)
    with pytest.raises(GtinError, match="check digit"):
        cap_link_prefix("HTTPS://X.EXAMPLE", LinkForm.GS1, GTIN[:-1] + "0")


def test_what_cannot_import_the_symbols_of_codes_has_the_same() -> None:
    """Templates show a code's groups, and a constraint knows its alphabet."""
    for template in (
        "scan_api/page/templates/parts.html",
        "console/codes/templates/codes.html",
    ):
        placeholders = re.findall(
            r'placeholder="(X[X-]*)"', (ROOT / template).read_text()
        )
        assert placeholders == [group("X" * CODE_SYMBOLS)], template
    schema = (ROOT / "migrations/schema.sql").read_text()
    (pattern,) = re.findall(r"reference ~ '\^(\[.+\])\{(\d+)\}\$'", schema)
    assert "".join(filter(re.compile(pattern[0]).match, map(chr, range(128)))) == (
        ALPHABET
    )
    assert int(pattern[1]) == REFERENCE_SYMBOLS
