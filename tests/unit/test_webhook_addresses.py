"""Where webhooks may lead: public addresses over https, and networks that are named."""

from ipaddress import ip_network

import pytest

from core.networks import Networks
from events.domain.webhooks import (
    RETRY_AFTER_S,
    Reach,
    parse_delivery_id,
    read_target,
    retry_after,
)

ANYWHERE = Reach(Networks())
PRIVATE = (
    *("10.0.0.1", "172.16.9.9", "192.168.1.1", "127.0.0.1", "0.0.0.1", "100.64.0.1"),
    *("169.254.169.254", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
    # What only stands for a private address.
    *("::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::10.0.0.1"),
    "2002:0a00:0001::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_reached_however_it_is_written(address: str) -> None:
    assert not ANYWHERE.allows(address, is_encrypted=True)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_take_https(address: str) -> None:
    assert ANYWHERE.allows(address, is_encrypted=True)
    assert not ANYWHERE.allows(address, is_encrypted=False)


def test_a_named_network_is_reached_and_its_neighbour_is_not() -> None:
    reach = Reach(Networks.of([ip_network("10.1.2.0/24")]))
    for encrypted in (True, False):
        assert reach.allows("10.1.2.3", is_encrypted=encrypted)
        assert reach.allows("::ffff:10.1.2.3", is_encrypted=encrypted)
        assert not reach.allows("10.1.3.3", is_encrypted=encrypted)


def test_a_url_names_a_host_and_a_port() -> None:
    target = read_target("https://Shop.example/hooks?x=1")
    assert target is not None
    assert (target.host, target.port) == ("shop.example", 443)
    for wrong in ("", "x", "https://", "https://x:99999/", "https://x/ y", "file:///x"):
        assert read_target(wrong) is None, wrong
    for wrong in ("https://u@x/", "https://u:p@x/", "https://x/#f", "https://x/\u4e2d"):
        assert read_target(wrong) is None, wrong


def test_tries_grow_apart_and_end() -> None:
    for failed, step in enumerate(RETRY_AFTER_S, 1):
        soonest, latest = retry_after(failed, 0), retry_after(failed, 1)
        assert soonest is not None
        assert latest is not None
        assert soonest.total_seconds() == step
        assert latest.total_seconds() == pytest.approx(1.2 * step)
    assert retry_after(len(RETRY_AFTER_S) + 1, 0) is None


def test_a_delivery_is_named_by_its_endpoint_and_event() -> None:
    assert parse_delivery_id("7-" + "0f" * 16) == (7, "0f" * 16)
    for wrong in ("", "7", "7-x", "-" + "0" * 32, "1" * 10 + "-" + "0" * 32):
        assert parse_delivery_id(wrong) is None
