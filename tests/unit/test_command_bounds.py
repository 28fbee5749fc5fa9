"""What the command line refuses by itself: one sentence, exit 2, nobody asked."""

import importlib.metadata
import sys

import pytest

from crowncap.cli import main

MAKE = ("token", "staff", "--role", "admin", "--name")
ADD = ("campaign", "add", "c", "--name", "C", "--points", "5")
RUN = ("print", "run", "p.zip", "--printer", "zpl://h:1", "--journal", "j")
# Each command line, and a word of the sentence that it gets.
WRONG = {
    ("batch", "issue", "--quantity", "1", "--produced-on", "0001-01-01"): "leave it",
    ("batch", "issue", "--quantity", "1", "--produced-on", "9999-12-31"): "leave it",
    ("batch", "issue", "--quantity", "1", "--produced-on", "2200-01-01"): "2199-12-31",
    ("batch", "issue", "--quantity", "1", "--produced-on", "infinity"): "infinity",
    ("batch", "issue", "--quantity", "9" * 30): "quantity is too large",
    ("batch", "issue", "--quantity", "1", "--lot", "a\nb"): "lot has a character",
    ("batch", "issue", "--quantity", "1", "--lot", "a\udcff"): "U+DCFF",
    ("batch", "activate", "9" * 30): "batch_id is too large",
    ("batch", "activate", "1", "--from-index", "9" * 30): "from_index is too large",
    ("batch", "void", "1", "--reason", "x" * 501): "500 are the most",
    ("batch", "void", "1", "--reason", "a\x1bb"): "U+001B",
    ("batch", "recall", "1", "--instructions", "x" * 501): "instructions has 501",
    ("batch", "export", "9" * 30, "--preset", "csv", "--out", "d"): "batch_id is too",
    ("code", "open", "a\udcff"): "U+DCFF",
    (*ADD, "--starts", "0001-01-01"): "starts is 0001-01-01",
    (*ADD, "--ends", "9999-12-31"): "ends is 9999-12-31",
    (*ADD, "--budget", str(10**15 + 1)): "--budget",
    (*ADD, "--daily-cap", "9" * 30): "--daily-cap",
    (*ADD[:-1], "1000001"): "--points",
    (*ADD[:2], "x" * 65, *ADD[3:]): "64 are the most",
    (*MAKE, "a\tb"): "name has a character",
    (*MAKE, ""): "name is blank",
    (*MAKE, "ann", "--brand", ""): "brand is blank",
    (*MAKE, "ann", "--line", " \u200b"): "line is blank",
    (*MAKE, "ann", "--store", "\u3000"): "store is blank",
    ("batch", "issue", "--quantity", "1", "--lot", " "): "lot is blank",
    ("batch", "void", "1", "--reason", " \n"): "reason is blank",
    (*MAKE, "ann", "--expires", "1999-12-31"): "expires is 1999-12-31",
    (*MAKE, "ann", "--expires", "9999-12-31"): "leave it out",
    ("token", "member", "ok", "x" * 129): "1 to 128",
    ("token", "member", "a\udcffb"): "1 to 128",
    ("token", "revoke", "a\udcff"): "U+DCFF",
    (*RUN, "--drain", "nan"): "drain is not a number",
    (*RUN, "--give-up", "inf"): "give_up is not a number",
    (*RUN, "--from-index", "9" * 30): "from_index is too large",
    ("print", "simulate", "zpl", "--speed", "nan"): "speed is not a number",
    ("backup", "--out", "a\udcff"): "characters that a backup can't list",
    ("backup", "--out", "a\nb"): "characters that a backup can't list",
    ("backup", "--out", "x" * 300): "File name too long",
    ("restore", "/usr", "--data-dir", "a\udcff"): "characters that a backup can't list",
    ("restore", "/usr", "--data-dir", "x" * 300): "File name too long",
}


@pytest.mark.parametrize("command", WRONG, ids=lambda each: f"{' '.join(each)!a:.60}")
def test_a_value_out_of_bounds_is_one_sentence(
    command: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before a server is looked for: there is none here."""
    monkeypatch.setattr(sys, "argv", ["crowncap", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert WRONG[command] in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_the_version_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That of the installed package, alone on standard output."""
    monkeypatch.setattr(sys, "argv", ["crowncap", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    installed = importlib.metadata.version("crowncap")
    assert capsys.readouterr().out == f"crowncap {installed}\n"
