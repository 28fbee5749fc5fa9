"""The consumer's page where it is pure: paths, origins, cap views, texts, sign-in."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network
from itertools import pairwise
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.domain.products import Product
from core.clock import utc_datetime
from core.errors import (
    Fault,
    Forbidden,
    InvalidInput,
    MethodNotAllowed,
    Throttled,
)
from core.ids import first_id_at
from core.networks import Networks
from core.pages.guard import check_form, is_secure, local_path, origin_of
from core.settings import Settings
from rewards.domain.active_campaigns import Offer, OfferState
from scan_api.domain.claims import OwnClaim
from scan_api.domain.code_view import CodeView
from scan_api.domain.scans import Outcome
from scan_api.page.cap_view import CapViewName, Tone, view_of_code, view_of_own_claim
from scan_api.page.rendering import FOLDER as TEMPLATES
from scan_api.page.rendering import word_wait
from scan_api.page.routes.responses import notice_of
from scan_api.page.sign_in import SignIn, SignInKind, read_name
from scan_api.page.texts import TEXTS
from scan_api.page.typed import read_typed
from scan_api.pipeline.fakes import TooManyReports
from scan_api.pipeline.guess_throttle import TooManyGuesses, WrongGuess

AT_MS = 1_790_000_000_000
TOMORROW = utc_datetime(AT_MS)
SITE = "https://cap.cn"
TOKEN = "t" * 32


@given(st.text(alphabet="/\\:@.?#%\t\n\r \x00ehttps", max_size=12))
def test_a_way_back_is_always_one_slash_and_printable(target: str) -> None:
    """Whatever is asked for, no host, scheme or control character gets through."""
    path = local_path(target)
    assert path[0] == "/"
    assert path[1:2] not in {"/", "\\"}
    assert path.isprintable()
    assert not set(path) & set("\\ ")


def test_a_way_back_keeps_a_path_with_its_query() -> None:
    """An honest path comes back as it was."""
    for path in ("/C/0S7N?lang=en", "/01/0690/21/X", "/"):
        assert local_path(path) == path
    assert local_path(None) == local_path("/" + "x" * 600) == "/"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://CAP.cn:443/C/1", "https://cap.cn"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/x", "http://[::1]:8000"),
        ("https://cap.cn.evil.example", "https://cap.cn.evil.example"),
        ("https://cap.cn@evil.example", "https://evil.example"),
        ("null", None),
        ("ftp://cap.cn", None),
        ("https://cap.cn:port", None),
        ("", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str | None) -> None:
    """Default ports and letter case do not matter; what has no origin is none."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("headers", "token", "cookie"),
    [
        ({}, TOKEN, TOKEN),
        ({"origin": "https://cap.cn.evil.example"}, TOKEN, TOKEN),
        ({"origin": "http://cap.cn"}, TOKEN, TOKEN),
        ({"origin": "null", "referer": SITE}, TOKEN, TOKEN),
        ({"origin": SITE, "sec-fetch-site": "same-site"}, TOKEN, TOKEN),
        ({"origin": SITE}, "", TOKEN),
        ({"origin": SITE}, "", None),
        ({"origin": SITE}, "", ""),
        ({"origin": SITE}, "ü", TOKEN),
    ],
)
def test_a_form_that_is_not_ours_is_refused(
    headers: dict[str, str], token: str, cookie: str | None
) -> None:
    """One doubt is enough."""
    own = frozenset({SITE})
    with pytest.raises(Forbidden):
        check_form(headers, {"token": token}, cookie_token=cookie, own_origins=own)
    check_form(
        {"referer": SITE + "/C/1"},
        {"token": TOKEN},
        cookie_token=TOKEN,
        own_origins=own,
    )


def test_https_is_believed_from_our_proxies_only() -> None:
    """A stranger's X-Forwarded-Proto changes nothing; the public URL's host does."""
    proxies = Networks.of([ip_network("10.0.0.0/8")])

    def secure(peer: str, proto: str | None, host: str = "x") -> bool:
        return is_secure(
            scheme="http",
            forwarded_proto=proto,
            peer=peer,
            trusted=proxies,
            host=host,
            public_url=SITE,
        )

    assert secure("10.1.1.1", "http, https")
    assert not secure("10.1.1.1", "https, http")
    assert not secure("192.0.2.1", "https")
    assert secure("192.0.2.1", None, "CAP.cn")


def test_only_the_demo_with_its_own_keys_signs_anybody_in() -> None:
    """Elsewhere members come from the brand's address, or from its app."""
    demo = Settings.from_env({"CROWNCAP_DEMO": "1"})
    assert SignIn.of(demo).kind is SignInKind.DEMO
    keys = replace(demo, member_jwks=Path("jwks.json"))
    assert SignIn.of(keys).kind is SignInKind.APP
    real = Settings.from_env({})
    assert SignIn.of(real).kind is SignInKind.APP
    assert SignIn.of(real).link("/C/1") is None
    brand = replace(real, sign_in_url="https://login.cn/in", public_url=SITE)
    assert SignIn.of(brand).kind is SignInKind.BRAND
    link = SignIn.of(brand).link("/C/1")
    assert link == "https://login.cn/in?next=https%3A%2F%2Fcap.cn%2FC%2F1"


def test_a_members_name_is_trimmed_and_bounded() -> None:
    """Blanks are joined; emptiness, length and control characters are refused."""
    assert read_name("  李 \t 雷 ") == "李 雷"
    assert read_name(" \n ") is None
    assert read_name("x" * 65) is None
    assert read_name("a\x00b") is None


def test_only_an_unclaimed_code_has_the_green_face_of_a_stranger() -> None:
    """Whatever else a look finds is never dressed as plainly genuine."""
    for outcome in Outcome:
        view = view_of_code(CodeView(outcome), signed_in=False, tomorrow=TOMORROW)
        assert (view.tone is Tone.GENUINE) == (outcome is Outcome.VERIFIED)
    invalid = CodeView(Outcome.INVALID, Product("1", "Milk", "Brand"))
    view = view_of_code(invalid, signed_in=True, tomorrow=TOMORROW)
    assert view.product is None


@pytest.mark.parametrize(
    ("state", "ends_at", "name"),
    [
        (OfferState.OPEN, None, CapViewName.GENUINE),
        (OfferState.NOT_BEGUN, None, CapViewName.NOT_BEGUN),
        (OfferState.FULL_TODAY, None, CapViewName.FULL_TODAY),
        (
            OfferState.FULL_TODAY,
            TOMORROW + timedelta(seconds=1),
            CapViewName.FULL_TODAY,
        ),
        (OfferState.FULL_TODAY, TOMORROW, CapViewName.FULL_AT_LAST),
        (OfferState.ENDED, TOMORROW, CapViewName.ENDED),
        (OfferState.SPENT, None, CapViewName.SPENT),
        (OfferState.FULL, None, CapViewName.FULL),
        (OfferState.PAUSED, None, CapViewName.PAUSED),
    ],
)
def test_a_look_tells_before_the_button_what_there_is(
    state: OfferState, ends_at: datetime | None, name: CapViewName
) -> None:
    """Each reason has its own view; only what pays now has the one with the button."""
    found = CodeView(Outcome.VERIFIED, offer=Offer(state, TOMORROW, ends_at))
    view = view_of_code(found, signed_in=True, tomorrow=TOMORROW)
    assert view.name is name
    outside = replace(found, pays=False)
    assert view_of_code(outside, signed_in=True, tomorrow=TOMORROW).name == "outside"
    nothing = replace(found, offer=None)
    view = view_of_code(nothing, signed_in=True, tomorrow=TOMORROW)
    assert view.name is CapViewName.NO_CAMPAIGN


@pytest.mark.parametrize(
    ("outcome", "resolution", "name"),
    [
        (Outcome.REWARDED, None, CapViewName.YOURS),
        (Outcome.NO_REWARD, None, CapViewName.NO_REWARD),
        (Outcome.HELD, None, CapViewName.HELD),
        (Outcome.HELD, "posted", CapViewName.YOURS),
        (Outcome.HELD, "voided", CapViewName.DENIED),
    ],
)
def test_members_see_how_their_claim_stands_today(
    outcome: Outcome, resolution: str | None, name: CapViewName
) -> None:
    """A hold shows how it ended; joy is for the reward that was just earned."""
    own = OwnClaim(first_id_at(AT_MS), outcome, 5, resolution)
    found = CodeView(Outcome.ALREADY_CLAIMED)
    for joy_for in (None, own.scan_id + 1):
        late = view_of_own_claim(found, own, balance=5, joy_for=joy_for)
        assert late.name is name
    fresh = view_of_own_claim(found, own, balance=5, joy_for=own.scan_id)
    assert (fresh.name is CapViewName.REWARDED) == (outcome is Outcome.REWARDED)


def test_who_claimed_of_a_spent_campaign_reads_so() -> None:
    """Its scan is bound to the campaign; that of an ended one is bound to none."""
    own = OwnClaim(first_id_at(AT_MS), Outcome.NO_REWARD, 0, None, campaign_no=7)
    view = view_of_own_claim(CodeView(Outcome.ALREADY_CLAIMED), own, balance=0)
    assert view.name is CapViewName.CAME_LATE


@pytest.mark.parametrize(
    ("text", "symbols", "wrong", "meant"),
    [
        (
            "06ch-mgb7-u59m-eu00",
            16,
            ((9, "u"), (14, "u")),
            "06CH-MGB7-V59M-EV00",
        ),
        ("０６ＣＨＭＧＢ７Ｕ５９ＭＥ０００", 16, ((9, "Ｕ"),), "06CH-MGB7-V59M-E000"),
        ("06CHMGB7!59ME000", 16, ((9, "!"),), None),
        ("06CHMGB7", 8, (), None),
        ("U" * 300, 300, tuple((n, "U") for n in range(1, 41)), None),
        ("", 0, (), None),
    ],
)
def test_a_wrong_character_is_shown_with_its_place(
    text: str, symbols: int, wrong: tuple[tuple[int, str], ...], meant: str | None
) -> None:
    """Counted as people count, without blanks; U is offered as V, and nothing else."""
    typed = read_typed(text)
    assert (typed.symbols, typed.wrong, typed.meant) == (symbols, wrong, meant)


@given(st.text(max_size=60))
def test_what_was_typed_is_marked_and_kept(text: str) -> None:
    """The marks are the text, cut; no two neighbours are alike."""
    typed = read_typed(text)
    assert "".join(mark.text for mark in typed.marks) == typed.text
    fits = [mark.fits for mark in typed.marks]
    assert all(one != other for one, other in pairwise(fits))


@pytest.mark.parametrize("name", [*CapViewName, "home", "sign_in", "notice_404"])
def test_a_chinese_heading_breaks_only_where_a_clause_ends(name: str) -> None:
    """Lines break at its marks alone, so no clause is longer than a line of 320 px."""
    for text, most in ((name, 10), (f"{name}_lead", 17)):
        clauses = re.split(r"[，。！？；：、 ]|\{\w+\}", _chinese(text))
        assert max(map(len, clauses)) <= most, clauses


def _chinese(name: str) -> str:
    """Give the Chinese text with its places for values."""
    return TEXTS.text("zh", name)


def test_every_view_and_every_text_of_a_template_is_written() -> None:
    """Each exists in both languages, with the same values in both."""
    for name in CapViewName:
        assert TEXTS.text("zh", name) != TEXTS.text("en", name)
        assert TEXTS.sentences[f"{name}_lead"]
    for template in TEMPLATES.glob("*.html"):
        for name in re.findall(r"\bt\('(\w+)'[,)]", template.read_text()):
            assert name in TEXTS.sentences, f"{template.name}: {name}"
    for zh, en in TEXTS.sentences.values():
        fields = [{f for _, f, _, _ in Formatter().parse(s) if f} for s in (zh, en)]
        assert zh
        assert en
        assert fields[0] == fields[1]


def _faults(kind: type[Fault]) -> Iterator[type[Fault]]:
    """List a kind of fault and all that are of it."""
    yield kind
    for narrower in kind.__subclasses__():
        yield from _faults(narrower)


def test_every_fault_is_told_to_a_reader_of_chinese_in_chinese() -> None:
    """Whatever is wrong: a heading and what to do, without a word of English."""
    for kind in _faults(Fault):
        name = notice_of(kind("anything"))
        for text in (name, f"{name}_lead"):
            assert re.search("[\u4e00-\u9fff]", _chinese(text)), kind
            assert not re.search("[A-Za-z]", _chinese(text)), kind


@pytest.mark.parametrize(
    ("kind", "notice"),
    [
        (WrongGuess, "notice_wrong"),
        (TooManyGuesses, "notice_429"),
        (TooManyReports, "notice_reports"),
        (Throttled, "notice_503"),
        (MethodNotAllowed, "notice_404"),
        (InvalidInput, "notice_400"),
    ],
)
def test_nobody_is_told_of_guesses_who_made_none(
    kind: type[Fault], notice: str
) -> None:
    """Whoever sent too much of something else reads that we are busy."""
    assert notice_of(kind("anything")) == notice


@pytest.mark.parametrize(
    ("language", "said", "seconds", "worded"),
    [
        # AT_MS is 22:13:20 in Shanghai; a moment is never told a minute too early.
        ("en", "wait", 1, "Try again in about 1 minute (22:14)."),
        ("en", "wait", 60, "Try again in about 1 minute (22:15)."),
        ("zh", "wait", 120, "请大约 2 分钟后（22:16）再试。"),
        (
            "en",
            "wrong",
            86_400,
            (
                "Codes you are unsure of can be tried again in about 24 hours "
                "(22 Sep 2026, 22:14)."
            ),
        ),
        (
            "zh",
            "wrong",
            9_000,
            "大约 2 小时后（2026年9月22日 00:44）可以再试不确定的码。",
        ),
    ],
)
def test_a_wait_is_told_with_its_end(
    language: str, said: str, seconds: int, worded: str
) -> None:
    """How long, and until when on the brand's clock; with the day if it is another."""
    timezone = ZoneInfo("Asia/Shanghai")
    assert word_wait(language, timezone, said, seconds, now_ms=AT_MS) == worded
