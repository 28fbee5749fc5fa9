"""What is known of the network that an address is of."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from anti_fraud.domain.divisions import find_division


class NetworkKind(StrEnum):
    """Whose network it is; the first that any source says is believed.

    An operator's addresses (`carrier`) may be of thousands at once, and one of
    `broadband` is a home's; where a source can't tell one from the other, it is an
    operator's. What hides whose it is (`tor`, `vpn`) is a data centre's too.
    """

    TOR = "tor"
    VPN = "vpn"
    HOSTING = "hosting"
    BUSINESS = "business"
    CARRIER = "carrier"
    BROADBAND = "broadband"


class KnownNetwork(msgspec.Struct, frozen=True, gc=False):
    """A network; None is what no source tells.

    `country` is a code of ISO 3166-1, `province` one of China's 34 divisions.
    """

    kind: NetworkKind | None = None
    country: str | None = None
    province: str | None = None


UNKNOWN_NETWORK: Final = KnownNetwork()

_SEVERITY: Final = {kind: place for place, kind in enumerate(NetworkKind)}
# What has a code of ISO 3166-1 of its own besides that of ISO 3166-2:CN.
_OWN_CODES: Final = frozenset({"TW", "HK", "MO"})
_HAVE_DIVISIONS: Final = _OWN_CODES | {"CN"}
_ISO_LETTERS: Final = 2
_CHINA: Final = frozenset({"CN", "中国", "CHINA"})
# Of who owns a network: operators and data centres, as sources call them.
_OPERATORS: Final = (
    *("移动", "联通", "电信", "铁通", "广电", "教育网", "鹏博士", "长城宽带"),
    *(
        "CHINA MOBILE",
        "CHINA UNICOM",
        "CHINA TELECOM",
        "CHINANET",
        "CHINA BROADCASTING",
    ),
    *("CHINA169", "CERNET", "CHINA EDUCATION AND RESEARCH"),
)
_DATA_CENTRES: Final = (
    *("阿里", "腾讯", "世纪互联", "网宿", "数据中心", "机房", "IDC"),
    *("CLOUD", "HOSTING", "DATACENTER", "DATA CENTER", "ALIBABA", "TENCENT"),
)
_CLOUD: Final = "云"


def know_network(
    kinds: Iterable[NetworkKind | None], country: str | None, province: str | None
) -> KnownNetwork:
    """Put together what sources say: a country and a division by code or name."""
    told = [kind for kind in kinds if kind is not None]
    kind = min(told, key=_SEVERITY.__getitem__) if told else None
    code = country.strip().upper() if country else None
    code = "CN" if code in _CHINA else code
    named = code if code in _OWN_CODES else province
    found = find_division(named) if named and code in _HAVE_DIVISIONS else None
    return KnownNetwork(
        kind,
        code if code and is_country(code) else None,
        found.code if found else None,
    )


def is_country(told: str) -> bool:
    """Tell whether this has the form of a code of ISO 3166-1."""
    return len(told) == _ISO_LETTERS and told.isascii() and told.isupper()


def kind_of_owner(name: str) -> NetworkKind | None:
    """Tell by its owner's name whose network it is; None for most names."""
    told = name.upper()
    # 移动云 is a cloud, and 云南移动 an operator.
    if told.endswith(_CLOUD) or any(word in told for word in _DATA_CENTRES):
        return NetworkKind.HOSTING
    if any(word in told for word in _OPERATORS):
        return NetworkKind.CARRIER
    return None
