"""What the environment says, and what is wrong with it, in one sentence."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from core.errors import MisconfiguredError
from core.networks import Networks
from core.settings import Settings


def test_nothing_said_is_a_sound_start() -> None:
    """No secret has a default, and nothing is trusted."""
    settings = Settings.from_env({})
    assert settings.data_dir == Path.cwd() / ".crowncap"
    assert settings.master_keys == settings.data_dir / "keys" / "master-keys"
    assert str(settings.timezone) == "Asia/Shanghai"
    assert settings.database_url is None
    assert settings.redis_url is None
    assert settings.member_jwks is None
    assert settings.trusted_proxies == Networks()
    assert settings.demo is False
    assert settings.demo_week is False


def test_a_demo_has_a_week_only_where_that_is_said() -> None:
    """`crowncap up` says it, and `--no-week` does not."""
    plain = Settings.from_env({"CROWNCAP_DEMO": "1"})
    assert (plain.demo, plain.demo_week) == (True, False)
    whole = Settings.from_env({"CROWNCAP_DEMO": "week"})
    assert (whole.demo, whole.demo_week) == (True, True)


def test_what_is_said_is_taken() -> None:
    """Every variable of the contract."""
    settings = Settings.from_env(
        {
            "CROWNCAP_DATA_DIR": "/srv/cap",
            "CROWNCAP_DATABASE_URL": "postgresql://u:p@db/cap",
            "CROWNCAP_REDIS_URL": "redis://cache",
            "CROWNCAP_MASTER_KEYS": "/keys/masters",
            "CROWNCAP_MEMBER_JWKS": "/keys/jwks",
            "CROWNCAP_PUBLIC_URL": "https://cap.example/",
            "CROWNCAP_LINK_HOSTS": "cap.cn, 牛奶.cn:8443 HTTPS://CAP.EXAMPLE",
            "CROWNCAP_TIMEZONE": "Europe/Zurich",
            "CROWNCAP_TRUSTED_PROXIES": "10.0.0.0/8, ::1 192.168.1.7",
        }
    )
    assert settings.data_dir == Path("/srv/cap")
    assert settings.master_keys == Path("/keys/masters")
    assert settings.member_jwks == Path("/keys/jwks")
    assert settings.public_url == "https://cap.example"
    assert settings.link_hosts == ("cap.cn", "xn--yus329c.cn:8443", "cap.example")
    assert str(settings.timezone) == "Europe/Zurich"
    assert settings.trusted_proxies == Networks.of(
        map(ip_network, ("10.0.0.0/8", "::1/128", "192.168.1.7/32"))
    )


def test_neither_url_is_shown() -> None:
    """Both hold passwords."""
    environ = {
        "CROWNCAP_DATABASE_URL": "postgresql://u:hush-db@db/cap",
        "CROWNCAP_REDIS_URL": "redis://:hush-cache@cache",
    }
    assert "hush" not in repr(Settings.from_env(environ))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CROWNCAP_TIMEZONE", "Mars/Olympus"),
        ("CROWNCAP_TIMEZONE", "../../etc/passwd"),
        ("CROWNCAP_DATABASE_URL", "mysql://db/cap"),
        ("CROWNCAP_PUBLIC_URL", "cap.example"),
        ("CROWNCAP_PUBLIC_URL", "ftp://cap.example"),
        ("CROWNCAP_PUBLIC_URL", "https://cap.example/shop"),
        ("CROWNCAP_LINK_HOSTS", "cap.example/shop"),
        ("CROWNCAP_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("CROWNCAP_TRUSTED_PROXIES", "everyone"),
    ],
)
def test_what_is_wrong_is_named_in_one_sentence(name: str, value: str) -> None:
    """With the variable's name, so that the operator knows where to look."""
    with pytest.raises(MisconfiguredError, match=name) as fault:
        Settings.from_env({name: value})
    assert "\n" not in str(fault.value)
