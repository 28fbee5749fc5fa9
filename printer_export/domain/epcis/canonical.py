"""The one spelling of each GS1 name and each namespace, as the event hash needs it.

A GS1 key is a Digital Link on id.gs1.org with its finest qualifier and nothing else
(CBV 2.0, section 8.9; GS1 Digital Link 1.2, section 4.11). URNs are those of the Tag
Data Standard 2.0, section 6.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from codegen.domain.gtin import check_digit

# What the context of EPCIS itself abbreviates.
NAMESPACES: Final[Mapping[str, str]] = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
}
_HOST: Final = "https://id.gs1.org"
_GTIN_BODY: Final = 13
_SSCC_BODY: Final = 17
# What most events name, by the hundred thousand.
_CANONICAL: Final = re.compile(
    r"https://id\.gs1\.org/(?:00/\d{18}|01/\d{14}/21/[A-Za-z0-9_.-]+)", re.ASCII
)
_DIGITS: Final = re.compile(r"\d*", re.ASCII)
_COMPANY: Final = re.compile(r"\d{6,12}", re.ASCII)
# Keys that stand alone, by scheme: application identifier, digits before the check
# digit, and what precedes them.
_NUMBERED: Final = {
    "sgln": ("414", 12, ""),
    "pgln": ("417", 12, ""),
    "grai": ("8003", 12, "0"),
    "gdti": ("253", 12, ""),
    "sgcn": ("255", 12, ""),
    "gsrn": ("8018", 17, ""),
    "gsrnp": ("8017", 17, ""),
    "gsin": ("402", 16, ""),
}
_LETTERED: Final = {"giai": "8004", "ginc": "401", "cpi": "8010"}
# The primary keys of links, and of their qualifiers the finest first.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "00": (),
    "01": ("21", "235", "10"),
    "253": (),
    "255": (),
    "401": (),
    "402": (),
    "414": ("254",),
    "417": (),
    "8003": (),
    "8004": (),
    "8006": ("21", "10"),
    "8010": ("8011",),
    "8017": (),
    "8018": (),
}
# Before Digital Link 1.2 keys had names.
_NAMED: Final = {
    "sscc": "00",
    "gtin": "01",
    "gdti": "253",
    "gcn": "255",
    "ginc": "401",
    "gsin": "402",
    "gln": "414",
    "party": "417",
    "grai": "8003",
    "giai": "8004",
    "itip": "8006",
    "cpid": "8010",
    "gsrnp": "8017",
    "gsrn": "8018",
    "lot": "10",
    "ser": "21",
    "cpv": "22",
}


def canonical_uri(uri: str) -> str:
    """Write a URI that names a GS1 key in its one spelling; leave others alone."""
    if _CANONICAL.fullmatch(uri):
        return uri
    found = _of_urn(uri) if uri.lower().startswith("urn:epc:") else _of_link(uri)
    return uri if found is None else found


def namespaces_of(context: Any) -> dict[str, str]:
    """Collect the prefixes that a JSON-LD context declares."""
    parts = context if isinstance(context, list) else [context]
    found: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, dict):
            continue
        for prefix, meant in part.items():
            uri = meant.get("@id") if isinstance(meant, dict) else meant
            if isinstance(uri, str) and not prefix.startswith("@"):
                found[prefix] = uri
    return found


def expand(name: str, namespaces: Mapping[str, str]) -> tuple[str, str]:
    """Split a compact name into its namespace and the rest; ("", name) for others."""
    prefix, colon, rest = name.partition(":")
    if colon and prefix in namespaces and not rest.startswith("//"):
        return namespaces[prefix], rest
    return "", name


def _of_urn(urn: str) -> str | None:
    _, _, kind, scheme, rest = [*urn.split(":", 4), "", "", "", ""][:5]
    company, *parts = rest.split(".")
    if kind == "idpat" and parts[-1:] == ["*"]:
        parts.pop()
    elif kind not in {"id", "class"}:
        parts.clear()
    if not parts or not _COMPANY.fullmatch(company):
        return None
    if scheme in _LETTERED:
        return _lettered(scheme, company, parts)
    reference, more = parts[0], parts[1:]
    if not _DIGITS.fullmatch(reference):
        return None
    if scheme in _NUMBERED:
        return _numbered(scheme, company + reference, unquote(".".join(more)))
    # The first digit, indicator or extension, stands after the company's prefix.
    return _moved(scheme, reference[:1] + company + reference[1:], more)


def _lettered(scheme: str, company: str, parts: list[str]) -> str:
    if scheme == "cpi":
        path = [_LETTERED[scheme], company + unquote(parts[0])]
        return _link([*path, *(("8011", parts[1]) if parts[1:] else ())])
    return _link([_LETTERED[scheme], company + unquote(".".join(parts))])


def _numbered(scheme: str, digits: str, rest: str) -> str | None:
    ai, length, before = _NUMBERED[scheme]
    if len(digits) != length:
        return None
    key = before + digits + check_digit(before + digits)
    if scheme == "sgln":
        return _link([ai, key, *(("254", rest) if rest not in {"", "0"} else ())])
    return _link([ai, key + rest])


def _moved(scheme: str, body: str, more: list[str]) -> str | None:
    if scheme == "sscc":
        alone = len(body) == _SSCC_BODY and not more
        return _link(["00", body + check_digit(body)]) if alone else None
    if len(body) != _GTIN_BODY:
        return None
    gtin = body + check_digit(body)
    if scheme == "itip" and len(more) >= 2:  # noqa: PLR2004 - piece and total
        path, more = ["8006", gtin + more[0] + more[1]], more[2:]
    elif scheme in {"sgtin", "lgtin", "upui"}:
        path = ["01", gtin]
    else:
        return None
    qualifier = {"lgtin": "10", "upui": "235"}.get(scheme, "21")
    return _link([*path, *((qualifier, unquote(".".join(more))) if more else ())])


def _of_link(uri: str) -> str | None:
    if not uri.lower().startswith(("http://", "https://")):
        return None
    segments = urlsplit(uri).path.strip("/").split("/")
    for place, (name, value) in enumerate(pairwise(segments)):
        key = _NAMED.get(name, name)
        if key not in _KEYS or not re.match(r"\d{4}", value, re.ASCII):
            continue
        rest = segments[place + 2 :]
        told = {
            _NAMED.get(qualifier, qualifier): unquote(given)
            for qualifier, given in zip(rest[::2], rest[1::2], strict=False)
        }
        if len(rest) % 2 or not told.keys() <= {*_KEYS[key], "22"}:
            return None
        whole = value.rjust(14, "0") if key == "01" else unquote(value)
        finest = next((each for each in _KEYS[key] if each in told), None)
        return _link([key, whole, *((finest, told[finest]) if finest else ())])
    return None


def _link(path: Iterable[str]) -> str:
    """Write a link; these signs need no escape (Digital Link 1.2, section 4.2)."""
    return "/".join([_HOST, *(quote(part, safe="';=") for part in path)])
