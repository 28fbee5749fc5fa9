"""The address that `crowncap up` tells is one that others can open."""

import pytest

from crowncap.greeting import base_url


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
