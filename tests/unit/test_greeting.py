"""The address that `crowncap up` tells is one that others can open."""

import pytest

from core.settings import Settings
from crowncap.greeting import base_url, is_open_demo


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("localhost", "http://localhost:8000"),
        ("192.168.1.7", "http://192.168.1.7:8000"),
    ],
)
def test_a_named_address_is_told_as_it_is(host: str, told: str) -> None:
    """IPv6 in brackets (RFC 3986, section 3.2.2)."""
    assert base_url(host, 8000) == told


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - nothing listens
def test_every_address_is_told_as_one_of_this_machine(host: str) -> None:
    """Nobody can open 0.0.0.0 from elsewhere."""
    told = base_url(host, 8000)
    assert "0.0.0.0" not in told  # noqa: S104 - nothing listens
    assert "[::]" not in told


DEMO = Settings.from_env({"CROWNCAP_DEMO": "1"})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "LOCALHOST"])
def test_a_demo_on_this_machine_alone_is_closed(host: str) -> None:
    """However loopback is written."""
    assert not is_open_demo(DEMO, host)


@pytest.mark.parametrize("host", ["192.168.1.7", "0.0.0.0", "::", "cap.example"])  # noqa: S104
def test_a_demo_that_others_reach_is_open(host: str) -> None:
    """It says so in red; what is no demo is meant to be reached."""
    assert is_open_demo(DEMO, host)
    assert not is_open_demo(Settings.from_env({}), host)
