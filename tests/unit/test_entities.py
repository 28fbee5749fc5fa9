"""Entities, and the tags their keys carry."""

from hypothesis import given
from hypothesis import strategies as st

from anti_fraud.domain.entities import (
    Entity,
    app_tag,
    cell_tag,
    code_tag,
    device_tag,
    entity_of,
    linked_tag,
    member_tag,
    network_tag,
    site_tag,
    tally_key,
)
from core.auth.addresses import pack_address


@given(st.text())
def test_a_tag_is_one_hash_tag_whatever_people_call_themselves(name: str) -> None:
    for tag in (member_tag(name), device_tag(name)):
        assert tag[:1] == b"{"
        assert tag.index(b"}") == len(tag) - 1
        assert len(tag) < 20


def packed(address: str) -> bytes:
    found = pack_address(address)
    assert found is not None
    return found


def test_a_tag_says_what_kind_of_entity_it_names() -> None:
    network = network_tag(packed("192.0.2.1"))
    assert network is not None
    site = site_tag(packed("2001:db8::1"))
    assert site is not None
    tags = [member_tag("a"), device_tag("a"), network, code_tag(5), site]
    tags += [linked_tag(packed("192.0.2.1")), app_tag("a"), cell_tag(1 << 59)]
    assert [entity_of(tag) for tag in tags] == list(Entity)
    assert len({tally_key(tag) for tag in tags}) == len(Entity)


def test_an_ipv6_network_is_its_first_64_bits() -> None:
    assert network_tag(packed("2001:db8::1")) == network_tag(
        packed("2001:db8::ffff:0:0:2")
    )
    assert network_tag(packed("2001:db8::1")) != network_tag(packed("2001:db8:0:1::1"))


def test_a_mapped_ipv4_address_is_that_address() -> None:
    assert network_tag(packed("::ffff:192.0.2.1")) == network_tag(packed("192.0.2.1"))
    assert network_tag(packed("192.0.2.1")) != network_tag(packed("192.0.2.2"))


def test_an_ipv6_site_is_its_first_48_bits() -> None:
    site = site_tag(packed("2001:db8:1::1"))
    assert site == site_tag(packed("2001:db8:1:ffff::"))
    assert site != site_tag(packed("2001:db8:2::1"))
    assert site_tag(packed("::ffff:192.0.2.1")) is None
    assert linked_tag(packed("2001:db8:1::1")) == linked_tag(packed("2001:db8:1:2::"))
