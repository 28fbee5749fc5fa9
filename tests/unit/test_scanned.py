"""Codes as scanners, chats, office programs and input methods hand them on."""

import sys
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codegen.domain import (
    ALPHABET,
    NO_SUCH_GTIN,
    ScannedText,
    find_scanned,
    group,
    normalise,
    parse_scanned,
)
from codegen.domain.gs1 import IDENTIFIERS

CODE, OTHER = "0S7NNXNY6ZT4QM51", "9X7NNXNY6ZT4QM52"
GTIN = "06901234567892"
LINK = f"https://cap.example/C/{CODE}"
GS = "\x1d"
code_texts = st.text(ALPHABET, min_size=16, max_size=16)


def full_width(text: str) -> str:
    """Write a text as Chinese and Japanese keyboards may."""
    return "".join(
        chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else {" ": "\u3000"}.get(c, c)
        for c in text
    )


ELEMENTS = [
    f"(01){GTIN}(21){CODE}",
    f"(21){CODE}(01){GTIN}",
    f"(01) {GTIN} (21) {group(CODE)}",
    f"（01）{GTIN}（21）{CODE}",
    f"(01){GTIN}(10)LOT(A)1(17)270100(21){CODE.lower()}",
    f"]Q301{GTIN}21{CODE}",
    f"]d201{GTIN}10LOT-7{GS}21{CODE}",
    f"]C121{CODE}{GS}01{GTIN}",
    f"]e001{GTIN}310300019521{CODE}",
    f"]J101{GTIN}9212{GS}21{CODE}{GS}",
    f"{GS}01{GTIN}21{CODE}",
    f"^01{GTIN}10A^21{CODE}",
    f"^]01{GTIN}10A^]21{CODE}",
    f"{{GS}}01{GTIN}10A{{GS}}21{CODE}",
    f"<FNC1>01{GTIN}10A<GS>21{CODE}",
    f"[FNC1]01{GTIN}10A[GS]21{CODE}",
    rf"01{GTIN}10A\u001d21{CODE}",
    f"01{GTIN}10A\u241d21{CODE}",
    f"01{GTIN}10A&#29;21{CODE}",
    f"]C101{GTIN}10A<0x1D>21{CODE}",
    f"(01){GTIN}\n(10)A\r\n(21){CODE}\n",
    f"]Q3 01{GTIN} 21{CODE}",
    f"01{GTIN}21{CODE}",
    f"[)>\x1e05{GS}01{GTIN}{GS}21{CODE}\x1e\x04",
]


@pytest.mark.parametrize("text", ELEMENTS)
def test_element_strings_give_code_and_gtin(text: str) -> None:
    """In brackets as on labels, or plain with whatever a scanner sends for FNC1."""
    assert parse_scanned(text) == ScannedText(CODE, GTIN)


@pytest.mark.parametrize(
    "text",
    [
        f"(01){GTIN[:-1]}0(21){CODE}",
        f"(01)123(21){CODE}",
        f"]Q301{GTIN[:-1]}021{CODE}",
    ],
)
def test_a_wrong_gtin_of_an_element_string_is_no_products(text: str) -> None:
    """So the code is never passed off as that product's."""
    assert parse_scanned(text) == ScannedText(CODE, NO_SUCH_GTIN)


@pytest.mark.parametrize(
    "text",
    [
        f"(01){GTIN}(21){CODE}(21){OTHER}",
        f"(01){GTIN}(01)00012345678905(21){CODE}",
        f"(01){GTIN}(21)",
        f"(01){GTIN}(21){CODE}0",
        f"]Q301{GTIN}10LOT21{CODE}",
        f"]Q321{CODE}01{GTIN}",
        f"]Q304{GTIN}21{CODE}",
        f"21{CODE}",
        f"01{GTIN}",
        f"X{CODE}",
        f"{CODE} {OTHER}",
        f"{LINK} https://cap.example/C/{OTHER}",
        f"see https://cap.example/X/{CODE}",
        f"see https://cap.example/?c=/C/{CODE}",
    ],
)
def test_what_only_resembles_is_not_our_code(text: str) -> None:
    """An identifier twice, a separator lost, two codes, another path: none is read."""
    assert parse_scanned(text).code_text != CODE


WRAPPINGS: list[Callable[[str], str]] = [
    "\x00{}\x04".format,
    "\x02{}\x03\r\n".format,
    "]Q1{}".format,
    "\u200e{}\u200f".format,
    "\u202a{}\u202e".format,
    "\u2066{}\u2069".format,
    "\u2060{}\ufeff".format,
    "“{}”".format,
    "「{}」。".format,
    "《{}》".format,
    '"{}"'.format,
    "'{}',".format,
    '["{}"]'.format,
    '{{"code": "{}"}}'.format,
    "({}).".format,
    "<{}>".format,
    "**{}**!".format,
    "{}.".format,
    "{}。".format,
    "请扫 {} ，谢谢".format,
    "我的瓶盖是{}。怎么领？".format,
    "cap: {}?".format,
    "Ann: here it is: {} – thanks!".format,
    "1\t{}\t2026-11-28\tok".format,
    '="{}"'.format,
    full_width,
    "\u200b".join,
]
WAYS: list[Callable[[str], tuple[str, str | None]]] = [
    lambda code: (code, None),
    lambda code: (code.lower(), None),
    lambda code: (group(code), None),
    lambda code: (group(code).replace("-", " "), None),
    lambda code: (f"HTTPS://CAP.EXAMPLE/C/{code}", None),
    lambda code: (f"https://cap.example/01/{GTIN}/21/{code}?utm=x", GTIN),
    lambda code: (f"(01){GTIN}(21){code}", GTIN),
    lambda code: (f"01{GTIN}21{code}", GTIN),
]


@given(code_texts, st.sampled_from(WAYS), st.lists(st.sampled_from(WRAPPINGS)))
@example(CODE, WAYS[3], [WRAPPINGS[19]])
@example(CODE, WAYS[0], [WRAPPINGS[2], WRAPPINGS[2]])
@example(CODE, WAYS[6], [WRAPPINGS[7], WRAPPINGS[14]])
def test_any_wrapping_of_any_code_is_read(
    code: str,
    way: Callable[[str], tuple[str, str | None]],
    wrappings: list[Callable[[str], str]],
) -> None:
    """Chats forward what scanners sent; only the length of a scan is bounded."""
    text, gtin = way(code)
    for wrap in wrappings[:2]:
        text = wrap(text)
    if len(text) <= 256:
        assert parse_scanned(text) == ScannedText(code, gtin)


OTHERS = {
    "10": st.text("ABC123-/._", min_size=1, max_size=20),
    "17": st.just("270131"),
    "22": st.text("ABC123", min_size=1, max_size=20),
    "3103": st.just("000195"),
    "410": st.just("5060917510004"),
    "421": st.just("156100000"),
    "7003": st.just("2701310800"),
    "99": st.text("abc123", min_size=1, max_size=30),
}


@st.composite
def element_strings(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a code, and two element strings of it with identifiers in any order."""
    code = draw(code_texts)
    chosen = draw(st.lists(st.sampled_from(sorted(OTHERS)), unique=True, max_size=4))
    values = {ai: draw(OTHERS[ai]) for ai in chosen} | {"01": GTIN, "21": code}
    order = draw(st.permutations(sorted(values)))
    bracketed = "".join(f"({ai}){values[ai]}" for ai in order)
    ends = {ai: "" if IDENTIFIERS[ai].predefined else GS for ai in order}
    plain = "".join(f"{ai}{values[ai]}{ends[ai]}" for ai in order)
    return code, bracketed, draw(st.sampled_from(["]Q3", "]d2", "", GS])) + plain


@given(element_strings())
def test_identifiers_come_in_any_order(strings: tuple[str, str, str]) -> None:
    """Predefined lengths need no separator, all others have one."""
    code, bracketed, plain = strings
    assert parse_scanned(bracketed) == ScannedText(code, GTIN)
    assert parse_scanned(plain) == ScannedText(code, GTIN)


@given(
    st.text(max_size=256)
    | st.text("/%#?21C01-:()[]]Q3d\x1d^{}<>GS\u3002\uff0f" + ALPHABET, max_size=256)
)
@example("]")
@example("]Q3")
@example("(")
@example("()(01)")
@example("\ud800(01)")
@example("%ed%a0%80/%00")
def test_any_text_is_judged(text: str) -> None:
    """The answer is a canonical code or None, here and for pasted texts."""
    code_text, gtin = parse_scanned(text)
    assert code_text is None or normalise(code_text) == code_text
    assert gtin is None or gtin == NO_SUCH_GTIN or len(gtin) == 14
    assert all(found.given for found in find_scanned(text))


HOSTILE = ["(", "(01)", "(01)(21)", "/", "%2F", "0S7N ", "<gs", "https://", "é", "]Q3"]


def count_calls(text: str) -> int:
    """Count the functions that reading a text calls, built-in ones too."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        parse_scanned(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_costs_little(piece: str) -> None:
    """Twice the text costs about twice as much: no pass goes back."""
    half, whole = (count_calls((piece * 256)[:length]) for length in (128, 256))
    assert whole < 2 * half + 100
    assert whole < 4_000


PASTED = [
    (f'{{\n  "codes": [\n    "{CODE}",\n    "{OTHER}"\n  ]\n}}', []),
    (f"{CODE},{OTHER}", []),
    (f"{CODE}；{OTHER}。", []),
    (f"{CODE}、{OTHER}", []),
    (f"「{CODE}」和「{OTHER}」都被发到群里了", []),
    (f"张三 12:30\n这些码：{CODE} {group(OTHER)}\n李四 12:31\n收到", []),
    (f"No\tCode\tState\n1\t{CODE}\tactive\n2\t{OTHER}\tvoid\n", []),
    (f'"{CODE}","2026-11-28"\r\n"{OTHER}","2026/11/28"\r\n', []),
    (f'="{CODE}"\n\'{OTHER}', []),
    (full_width(f"{CODE} {OTHER}"), []),
    (f"{group(CODE).replace('-', ' ')} {group(OTHER).replace('-', ' ')}", []),
    (f"https://cap.example/C/{CODE},https://cap.example/C/{OTHER}", []),
    (f"https://cap.example/C/{CODE}\nhttps%3A%2F%2Fcap.example%2FC%2F{OTHER}", []),
    (rf'["https:\/\/cap.example\/C\/{CODE}","{OTHER}"]', []),
    (f"(01){GTIN}(21){CODE}\t(01){GTIN}(21){OTHER}", []),
    (f"]Q301{GTIN}21{CODE}\r\n]Q301{GTIN}21{OTHER}\x04", []),
    (f"[cap]({LINK}), [cap](https://cap.example/C/{OTHER})", []),
    (f"{CODE[:-1]} {CODE}\n{OTHER}\nZZZ", [CODE[:-1], "ZZZ"]),
]


@pytest.mark.parametrize(("text", "unread"), PASTED)
def test_codes_are_found_as_people_paste_them(text: str, unread: list[str]) -> None:
    """JSON, lists, chats, tables, links, in any punctuation; what is wrong is told."""
    found = list(find_scanned(text))
    read = [each.scanned.code_text for each in found if each.scanned.code_text]
    assert read == [CODE, OTHER]
    assert [e.given for e in found if e.scanned.code_text is None][-2:] == unread[-2:]
    for each in found:
        if each.scanned.code_text is not None:
            assert parse_scanned(each.given) == each.scanned
