"""GS1 Digital Links and the sets of links that they lead to: pure.

Syntax: GS1 Digital Link URI Syntax 1.4, section 4. Link sets: GS1-Conformant resolver
standard 1.2 and RFC 9264. A link set is about a product and its lot, never about a
serial: it must not tell whether a code exists, which is what the page is for, and the
page counts who guesses.
"""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from codegen.domain.gtin import GtinError, normalise_gtin
from codegen.domain.ranges import Product
from core.errors import Unparsable

LINKSET: Final = "linkset"
LINKSET_MEDIA: Final = "application/linkset+json"
VOCABULARY: Final = "https://ref.gs1.org/voc/"
LINKSET_CONTEXT: Final = "https://ref.gs1.org/standards/resolver/linkset-context"

_DEFAULT: Final = "defaultLink"
_PAGE: Final = "pip"
_VERIFICATION: Final = "verificationService"
# Qualifiers of a GTIN in their only order: consumer product variant, lot, serial.
_QUALIFIERS: Final = ("22", "10", "21")
# GS1 AI encodable character set 82 (GS1 General Specifications, figure 7.11-1).
_ENCODABLE: Final = re.compile(r"[!\"%-?A-Z_a-z]{1,20}")


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """What a link names: a product, perhaps of a lot, perhaps one item."""

    gtin: str
    variant: str | None = None
    lot: str | None = None
    serial: str | None = None

    @property
    def path(self) -> str:
        """The link's path, written the one right way."""
        values = (self.variant, self.lot, self.serial)
        qualifiers = "".join(
            f"/{key}/{quote(value, safe='')}"
            for key, value in zip(_QUALIFIERS, values, strict=True)
            if value is not None
        )
        return f"/01/{self.gtin}{qualifiers}"

    @property
    def product_path(self) -> str:
        """The path of the product and its lot, without the item."""
        return DigitalLink(self.gtin, self.variant, self.lot).path


def parse_digital_link(path: str) -> DigitalLink:
    """Read a path `/01/GTIN[/22/V][/10/LOT][/21/SERIAL]`; a last slash is tolerated.

    Raises Unparsable with a sentence that says what is wrong.
    """
    head, _, rest = path.removeprefix("/").rstrip("/").partition("/")
    if head != "01":
        raise Unparsable("A link to a product begins with /01/ and its GTIN.")
    gtin, *pairs = [unquote(segment) for segment in rest.split("/")]
    try:
        gtin = normalise_gtin(gtin)
    except GtinError as fault:
        raise Unparsable(str(fault)) from None
    if len(pairs) % 2:
        raise Unparsable(f"The link ends after /{pairs[-1]}/, without its value.")
    keys, values = pairs[::2], pairs[1::2]
    unknown = [key for key in keys if key not in _QUALIFIERS]
    if unknown:
        raise Unparsable(f"/{unknown[0]}/ cannot qualify a GTIN in a link.")
    if keys != [key for key in _QUALIFIERS if key in keys]:
        raise Unparsable("Qualifiers stand once each, in the order /22/, /10/, /21/.")
    for key, value in zip(keys, values, strict=True):
        if not _ENCODABLE.fullmatch(value):
            raise Unparsable(
                f"The value of /{key}/ has 1 to 20 letters, digits and signs that "
                "GS1 allows."
            )
    by_key = dict(zip(keys, values, strict=True))
    return DigitalLink(gtin, *(by_key.get(key) for key in _QUALIFIERS))


def link_set(link: DigitalLink, product: Product, root: str) -> dict[str, Any]:
    """Word the link set of a product; `root` is scheme and host of this resolver.

    The page that judges a cap keeps the serial of the link; nothing here looks at it.
    """
    links = {
        f"{VOCABULARY}{name}": [
            {
                "href": target,
                "title": product.name,
                "type": "text/html",
                "hreflang": ["zh", "en"],
            }
        ]
        for name, target in _targets(link, product, root).items()
    }
    return {
        "linkset": [
            {
                "anchor": f"{root}{link.product_path}",
                "description": product.name,
                **links,
            }
        ]
    }


def find_target(
    link: DigitalLink, product: Product, root: str, link_type: str
) -> str | None:
    """Give where a type of link leads, such as `gs1:pip`; None when it does not."""
    name = link_type.removeprefix("gs1:").removeprefix(VOCABULARY)
    return _targets(link, product, root).get(name)


def describe_resolver(root: str) -> dict[str, Any]:
    """Word the resolver description file of /.well-known/gs1resolver."""
    return {
        "name": "Crowncap",
        "resolverRoot": root,
        "supportedPrimaryKeys": ["01"],
        "supportedLinkType": [{"namespace": VOCABULARY, "prefix": "gs1:"}],
        "linkTypeDefaultCanBeLinkset": False,
        "jsonLdContextLocation": LINKSET_CONTEXT,
    }


def _targets(link: DigitalLink, product: Product, root: str) -> dict[str, str]:
    page = f"{root}{link.path}"
    targets = {_DEFAULT: page, _VERIFICATION: page}
    if product.page_url is not None:
        targets[_PAGE] = product.page_url
    return targets
