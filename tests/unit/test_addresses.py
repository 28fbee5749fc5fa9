"""Where a caller comes from: addresses, and proxies that may vouch for them."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.auth.addresses import (
    client_address,
    forwarded_for,
    pack_address,
    read_address,
    write_address,
)
from core.networks import Networks

NETWORKS = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
TRUSTED = Networks.of(NETWORKS)


@given(st.ip_addresses())
def test_every_address_is_packed_as_the_standard_library_does(address: object) -> None:
    text = str(address)
    parsed = ip_address(text)
    mapped = getattr(parsed, "ipv4_mapped", None)
    assert pack_address(text) == (mapped or parsed).packed


@pytest.mark.parametrize("text", ["", "unknown", "1.2.3", "1.2.3.4:80", "::g", "\0"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert pack_address(text) is None


@given(st.ip_addresses())
def test_a_proxy_is_trusted_exactly_within_its_networks(address: object) -> None:
    text = str(address)
    parsed = ip_address(text)
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    believed = client_address(text, "203.0.113.9", TRUSTED)
    trusted = any(mapped in network for network in NETWORKS)
    assert believed == ("203.0.113.9" if trusted else text)


def test_only_the_hops_that_proxies_vouch_for_count() -> None:
    chain = "198.51.100.1, 203.0.113.9, 10.1.1.1"
    assert client_address("10.9.9.9", chain, TRUSTED) == "203.0.113.9"
    assert client_address("192.0.2.1", chain, TRUSTED) == "192.0.2.1"
    assert client_address("10.9.9.9", chain, Networks()) == "10.9.9.9"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("1.2.3.4:5678", "1.2.3.4"),
        (" 1.2.3.4 ", "1.2.3.4"),
        ("[::1]:80", "::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
    ],
)
def test_an_address_is_read_as_proxies_write_it(given: str, read: str) -> None:
    packed = read_address(given)
    assert packed is not None
    assert write_address(packed) == read


@pytest.mark.parametrize(
    "given", [None, "", "unknown", "_hidden", "300.1.1.1:5", "[", ":"]
)
def test_what_names_no_address_is_not_read(given: str | None) -> None:
    assert read_address(given) is None


def test_a_trusted_hop_with_a_port_is_still_one_of_our_proxies() -> None:
    chain = "203.0.113.9:41000, 10.1.1.1:443"
    assert client_address("10.9.9.9", chain, TRUSTED) == "203.0.113.9:41000"


def test_every_line_of_forwarded_hops_is_read() -> None:
    lines = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-for", b"10.1.1.1")]
    assert forwarded_for([*lines, (b"host", b"x")]) == "203.0.113.9,10.1.1.1"
    assert forwarded_for([(b"host", b"x")]) is None
