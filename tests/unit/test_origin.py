"""Origins: scheme and host as they are printed, and nothing after them."""

import pytest

from core.origin import OriginError, authority_of, read_authority, read_origin


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://cap.cn", "https://cap.cn"),
        ("HTTPS://Cap.CN/", "HTTPS://Cap.CN"),
        ("HTTP://CAP.CN:80", "HTTP://CAP.CN"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://fa\u00df.de", "https://xn--fa-hia.de"),
        ("HTTPS://XN--YUS329C.CN", "HTTPS://XN--YUS329C.CN"),
    ],
)
def test_an_origin_is_scheme_host_and_port(text: str, origin: str) -> None:
    """The usual port goes, a name of the world is punycode; read again it is itself."""
    assert read_origin(text) == origin
    assert read_origin(origin) == origin


@pytest.mark.parametrize(
    "text",
    [
        *("", "cap.cn", "https://", "ftp://cap.cn", "https://cap.cn/a", "//cap.cn"),
        *(
            "https://cap.cn?x=1",
            "https://cap.cn#x",
            "https://ann@cap.cn",
            "https://a b",
        ),
        *(
            "https://cap.cn//",
            "https://cap.cn\n",
            "https://cap.cn\\x",
            "https://a%41.cn",
        ),
        *("https://cap.cn:0", "https://cap.cn:65536", "https://cap.cn:", "https://:80"),
        *("https://a_b.cn", "https://a..cn", "https://-a.cn", "https://cap.cn."),
        *("https://1.2.3", "https://1.2.3.256", "https://0x7f.1", "https://[1]"),
        *("https://xn--zzzzz--.cn", "https://\u202ecap.cn", f"https://{'a.' * 40}cn"),
    ],
)
def test_what_is_more_or_less_is_refused(text: str) -> None:
    """What is printed cannot be changed, so nothing is guessed."""
    with pytest.raises(OriginError):
        read_origin(text)


def test_authorities_are_compared_in_small_letters() -> None:
    """A host as people write it in a list is the host of a printed link."""
    assert read_authority("Cap.CN") == authority_of("HTTPS://CAP.CN") == "cap.cn"
    assert read_authority("cap.cn:8443") == "cap.cn:8443"
